"""Checks at the door of every public function: objects, names, choices, files, names of the first edition."""

from __future__ import annotations

from functools import wraps
from os.path import isdir, isfile
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from quartiersatlas.errors import ArgumentError, InputError, SpecError, list_some

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
    if value not in known:
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


def existing_file(path: str | Path, what: str) -> Path:
    """Return the path of an existing file, or say which files of the folder have a similar name."""
    path = Path(path)
    if isfile(path):  # noqa: PTH113 - unlike the method, this answers for names that no system takes
        return path
    if not isdir(path.parent):  # noqa: PTH112 - as above
        raise InputError(f"The {what} file {str(path)!r} is missing: there is no folder {str(path.parent)!r}.")
    from rapidfuzz.process import extract

    names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    close = [name for name, score, _ in extract(path.name, names, limit=3) if score > 60]  # noqa: PLR2004 - percent alike
    hint = f" Did you mean {list_some(close)}?" if close else ""
    raise InputError(f"The {what} file {str(path)!r} is missing.{hint}")


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
