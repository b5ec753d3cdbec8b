"""Checks at the door of every public function: objects, names, choices, parameters, files."""

from __future__ import annotations

from difflib import get_close_matches
from functools import wraps
from inspect import signature
from os.path import exists, isdir, isfile, islink
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from quartiersatlas.errors import NOT_IN_A_LINE, ArgumentError, InputError, SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Options = ParamSpec("Options")
Result = TypeVar("Result")

# types that stand for several, as messages call them
ABSTRACT = {
    "NoneType": "None",
    "Mapping": "mapping",
    "Iterable": "list",
    "Sequence": "list",
    "Number": "number",
    "Real": "number",
}


def expects(value: object, kind: type | tuple[type, ...], call: str, how: str) -> None:
    """Refuse an object that a public function cannot work with.

    Parameters
    ----------
    value : object
        What was handed over.
    kind : type or tuple of type
        What the function takes.
    call : str
        The function, and the parameter where it is not the first: ``"screen"``, ``"release: shortlist"``.
    how : str
        How to get such an object, as code: ``"data = qa.join(areas, table)"``.

    Raises
    ------
    ArgumentError
        The value is of another type; the message names what the function takes and how to get it.

    Examples
    --------
    >>> expects(3, str, "read_table", 'qa.read_table("table.csv", key="id")')
    Traceback (most recent call last):
    quartiersatlas.errors.ArgumentError: read_table takes a str, not an int: qa.read_table("table.csv", key="id").
    """
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds):
        wanted = " or ".join(_with_article(one) for one in kinds)
        raise ArgumentError(f"{call} takes {wanted}, not {_with_article(type(value))}: {how}.")


def _with_article(kind: type) -> str:
    """Return the name of a type with its article, in the words that messages use."""
    noun = ABSTRACT.get(kind.__name__, kind.__name__)
    return noun if noun == "None" else f"{'an' if noun[0].lower() in 'aeio' else 'a'} {noun}"


def names(value: str | Iterable[str], what: str) -> tuple[str, ...]:
    """Return names of columns as a tuple without repetitions; one name alone is one name, not its letters.

    Raises
    ------
    ArgumentError
        The value is no name and no list of names.
    SpecError
        The list is empty.

    Examples
    --------
    >>> names("rate", "columns")
    ('rate',)
    >>> names(["a", "b", "a"], "columns")
    ('a', 'b')
    """
    if isinstance(value, str):
        return (value,)
    try:
        found = tuple(dict.fromkeys(value))
    except TypeError as error:
        raise ArgumentError(f"{what} takes a name or a list of names, not {_with_article(type(value))}.") from error
    if not found:
        raise SpecError(f"{what} is empty; name at least one column.")
    wrong = [name for name in found if not isinstance(name, str)]
    if wrong:
        raise ArgumentError(f"{what}: names are text, but {list_some(wrong)} are not; write them in quotation marks.")
    return found


def choice(value: object, known: Iterable[object], what: str) -> None:
    """Refuse a value that is none of the known ones.

    Examples
    --------
    >>> choice("fr", ("de", "en"), "lang")
    Traceback (most recent call last):
    quartiersatlas.errors.SpecError: lang must be one of 'de', 'en', not 'fr'.
    """
    known = tuple(known)
    try:
        is_known = value in known
    except (TypeError, ValueError):  # arrays and frames are equal or not cell by cell
        is_known = False
    if not is_known:
        raise SpecError(f"{what} must be one of {', '.join(map(repr, known))}, not {value!r}.")


def renamed(**new_names: str) -> Callable[[Callable[Options, Result]], Callable[Options, Result]]:
    """Let a function answer a parameter name of the first edition with the one that replaced it.

    Raises
    ------
    ArgumentError
        When the function is called with an old name.

    Examples
    --------
    >>> @renamed(total="population")
    ... def count(population: str) -> str:
    ...     return population
    >>> count(total="residents")
    Traceback (most recent call last):
    quartiersatlas.errors.ArgumentError: count: the parameter 'total' is called 'population' now.
    """

    def with_answer(function: Callable[Options, Result]) -> Callable[Options, Result]:
        call = function.__qualname__.removesuffix(".__init__")

        @wraps(function)
        def called(*args: Options.args, **kwargs: Options.kwargs) -> Result:
            for old in new_names.keys() & kwargs.keys():
                raise ArgumentError(f"{call}: the parameter {old!r} is called {new_names[old]!r} now.")
            return function(*args, **kwargs)

        return called

    return with_answer


def known_parameters(function: Callable[Options, Result]) -> Callable[Options, Result]:
    """Let a function answer a parameter that it does not have with those that are called nearly so.

    Raises
    ------
    ArgumentError
        When the function is called with such a name.

    Examples
    --------
    >>> @known_parameters
    ... def count(population: str = "") -> str:
    ...     return population
    >>> count(popluation="residents")
    Traceback (most recent call last):
    quartiersatlas.errors.ArgumentError: count has no parameter 'popluation'. Did you mean 'population'?
    """
    parameters = tuple(signature(function).parameters)

    @wraps(function)
    def called(*args: Options.args, **kwargs: Options.kwargs) -> Result:
        for name in (name for name in kwargs if name not in parameters):
            near = get_close_matches(name, parameters, cutoff=0.5)
            advice = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"It takes {', '.join(parameters)}."
            raise ArgumentError(f"{function.__name__} has no parameter {name!r}. {advice}")
        return function(*args, **kwargs)

    return called


LONGEST_NAME, LONGEST_PATH = 255, 4000  # bytes: what the usual systems take
SHOWN_LETTERS = 40  # of a name that is too long


def usable_path(path: str | Path, what: str = "file") -> Path:
    """Return a path whose name a file can have.

    Raises
    ------
    InputError
        It is empty, too long, or holds a control character or half of a pair.

    Examples
    --------
    >>> usable_path("a" * 300)
    Traceback (most recent call last):
    quartiersatlas.errors.InputError: The file 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' has a name that is too \
long: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' takes 300 bytes, of 255. Choose a shorter one.
    """
    path = Path(path)
    size = [len(step.encode("utf-8", "surrogatepass")) for step in path.parts]
    if NOT_IN_A_LINE.search(path.name):  # folders are there already, whatever they are called
        raise InputError(
            f"The {what} {_shortened(path)} has a name that no file should have: it holds a control character or "
            f"one that is no letter. Choose another name."
        )
    if path.parts and max(size) > LONGEST_NAME:
        longest = path.parts[size.index(max(size))]
        raise InputError(
            f"The {what} {_shortened(path)} has a name that is too long: {_shortened(longest)} takes {max(size)} "
            f"bytes, of {LONGEST_NAME}. Choose a shorter one."
        )
    if sum(size) + len(size) > LONGEST_PATH:
        raise InputError(f"The {what} {_shortened(path)} lies too deep: its path has {sum(size):,} bytes. Move it up.")
    return path


def _shortened(path: object) -> str:
    return repr(str(path) if len(str(path)) <= SHOWN_LETTERS else f"{str(path)[:SHOWN_LETTERS]}...")


def is_folder(path: str | Path) -> bool:
    """Return whether a path is a folder; unlike the method, this answers for names that no system takes too."""
    return isdir(path)  # noqa: PTH112 - see above


def existing_file(path: str | Path, what: str) -> Path:
    """Return the path of an existing file, or say which files of the folder have a similar name.

    Raises
    ------
    InputError
        There is no such file, or a folder, a device or a pipe in its place.
    """
    path = Path(path)
    if isfile(path):  # noqa: PTH113 - unlike the method, this answers for names that no system takes
        return path
    if is_folder(path):
        raise InputError(f"The {what} file {str(path)!r} is a folder. Name the file inside.")
    if exists(path):  # noqa: PTH110 - as above
        raise InputError(f"The {what} file {str(path)!r} is a device or a pipe. Save its content as a file first.")
    if islink(path):  # noqa: PTH114 - as above
        raise InputError(f"The {what} file {str(path)!r} is missing: the link leads to a file that is not there.")
    if not is_folder(path.parent):
        raise InputError(f"The {what} file {str(path)!r} is missing: there is no folder {str(path.parent)!r}.")
    from rapidfuzz.process import extract

    names = _files_of(path.parent)
    found = extract(path.name, names, processor=str.casefold, limit=3)
    close = [name for name, score, _ in found if score > 60]  # noqa: PLR2004 - percent alike
    hint = f" Did you mean {list_some(close)}?" if close else ""
    raise InputError(f"The {what} file {str(path)!r} is missing.{hint}")


def bytes_of(path: Path) -> bytes:
    """Return what a file holds.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be read ({error.strerror}). May you read it, and is it open in another program?"
        ) from error


def _files_of(folder: Path) -> list[str]:
    """Return the names of the files of a folder; none where nobody may list it."""
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError:
        return []


def count_noun(n: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun, singular or plural.

    Parameters
    ----------
    n : int
        The number; thousands are separated by commas.
    one, many : str
        The noun, with a verb where one follows; the plural adds an s, if not given.

    Examples
    --------
    >>> count_noun(1, "area has", "areas have")
    '1 area has'
    >>> count_noun(1200, "key")
    '1,200 keys'
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
