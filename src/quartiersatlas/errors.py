"""One family of exceptions: each says what, where, how many, the likely cause and the repair."""

from __future__ import annotations

import re
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "ArgumentError",
    "BreakError",
    "ColumnError",
    "CountError",
    "DependencyError",
    "GeometryError",
    "InputError",
    "JoinError",
    "KeyColumnError",
    "NumberError",
    "PartitionsFailedError",
    "QuartiersatlasError",
    "RegisterError",
    "ReleaseError",
    "RunCancelledError",
    "SpecError",
    "inside",
    "list_some",
    "one_line",
]

SHOWN = 5


# line ends, other control characters, marks that turn the direction of writing, halves of pairs
NOT_IN_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class QuartiersatlasError(Exception):
    r"""Base of every error this library raises on purpose; its message is one line, whatever it quotes.

    Examples
    --------
    >>> print(QuartiersatlasError("'Nord\nSüd' is no key."))
    'Nord\nSüd' is no key.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(one_line(arg) if isinstance(arg, str) else arg for arg in args))


class ArgumentError(QuartiersatlasError, TypeError):
    """A public function was handed an object that it does not take, or a parameter it does not have."""


class InputError(QuartiersatlasError):
    """A file is missing, unreadable or empty."""


class ColumnError(InputError):
    """A named column is not there, or is there twice."""

    @classmethod
    def not_found(cls, name: str, available: Iterable[object], where: str) -> ColumnError:
        """Build the message with the closest names that do exist."""
        names = [str(column) for column in available]
        close = near_names(str(name), names)
        hint = f" Did you mean {list_some(close)}?" if close else ""
        return cls(f"{where} has no column {name!r}.{hint} There are: {list_some(names, 20)}.")


# beginnings that turn a measure into another one: employed and unemployed, male and female
OTHER_MEASURE = ("un", "non", "nicht", "in", "dis", "fe", "wo")
ALIKE = 0.6  # of two words, as difflib measures it


def near_names(name: str, names: Iterable[str], cutoff: float = 0.5) -> list[str]:
    """Return up to three names that may be meant, without those of another measure.

    Another measure has another number in its name, another word, one word more, or one that says the opposite: who
    asks for ``child_poverty_u15`` and has ``child_poverty_u18`` must not be led to take it.

    Examples
    --------
    >>> near_names("child_povrty_u15", ["child_poverty_u15", "child_poverty_u18", "poverty_u15"])
    ['child_poverty_u15']
    """
    by_lower = {one.lower(): one for one in names}
    close = get_close_matches(name.lower(), by_lower, n=12, cutoff=cutoff)
    return [by_lower[one] for one in close if _is_same_measure(name.lower(), one)][:3]


def _is_same_measure(name: str, other: str) -> bool:
    if re.findall(r"\d+", name) != re.findall(r"\d+", other):
        return False
    if name.replace("_", "") == other.replace("_", ""):
        return True
    words, others = name.split("_"), other.split("_")
    return len(words) == len(others) and all(map(_is_same_word, words, others))


def _is_same_word(word: str, other: str) -> bool:
    if any(f"{start}{a}" == b for start in OTHER_MEASURE for a, b in ((word, other), (other, word)) if a):
        return False
    return word == other or bool(get_close_matches(word, [other], cutoff=ALIKE))


class KeyColumnError(InputError):
    """Keys are empty or not unique."""

    def __init__(self, message: str, keys: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.keys = tuple(keys)


class NumberError(InputError):
    """Cells of a numeric column are neither numbers nor known symbols; ``problems`` lists them all."""

    def __init__(self, message: str, problems: Any = None) -> None:  # noqa: ANN401 - a DataFrame, not imported here
        super().__init__(message)
        self.problems = problems


class RegisterError(InputError):
    """Cells of a register cannot be read as what they should be; ``problems`` lists each with sheet, cell and value."""

    def __init__(self, message: str, problems: Any = None) -> None:  # noqa: ANN401 - a DataFrame, not imported here
        super().__init__(message)
        self.problems = problems


class GeometryError(InputError):
    """The geometry has no usable coordinate reference system, or shapes that cannot be used."""


class JoinError(QuartiersatlasError):
    """Areas and table do not fit together; ``report`` holds the whole lists."""

    def __init__(self, message: str, report: Any = None) -> None:  # noqa: ANN401 - a JoinReport, defined above this room
        super().__init__(message)
        self.report = report


class CountError(QuartiersatlasError):
    """Counts are negative, not finite, not numbers, or do not fit each other."""


class SpecError(QuartiersatlasError):
    """A need spec, a rule or a project file asks for something impossible; ``place`` is where in the file."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.place: tuple[str | int, ...] = (key,) if key else ()
        self.located = False  # whether the message names file and line


@contextmanager
def inside(*steps: str | int) -> Iterator[None]:
    """Tell a spec error raised inside which part of the file it is about."""
    try:
        yield
    except SpecError as error:
        error.place = (*steps, *error.place)
        raise


class BreakError(SpecError):
    """Two dates measure an indicator in different ways; ``report`` says how, and how far apart they are."""

    def __init__(self, message: str, report: Any = None) -> None:  # noqa: ANN401 - a BreakReport, defined above this room
        super().__init__(message)
        self.report = report


class FewAreasError(SpecError):
    """Too few areas remain for a comparison; ``n_funded`` and ``n_others`` say how many."""

    def __init__(self, message: str, n_funded: int = 0, n_others: int = 0) -> None:
        super().__init__(message)
        self.n_funded, self.n_others = n_funded, n_others


class ReleaseError(QuartiersatlasError):
    """Something that is not released was asked for, or may not leave; ``report`` holds the whole list."""

    def __init__(self, message: str, report: Any = None) -> None:  # noqa: ANN401 - a DataFrame, not imported here
        super().__init__(message)
        self.report = report


class PartitionsFailedError(QuartiersatlasError):
    """Parts of a run failed; ``failures`` maps each to the reason. The others are finished and stay."""

    def __init__(self, message: str, failures: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.failures = dict(failures or {})


class RunCancelledError(QuartiersatlasError):
    """A run was stopped before its end; the parts that were finished stay."""


class DependencyError(QuartiersatlasError):
    """An optional dependency is missing; the message names the install command."""


def one_line(text: str) -> str:
    r"""Return a text with line ends and other control characters written out, as names in files may hold them.

    Examples
    --------
    >>> print(one_line("Nord\nSüd"))
    Nord\nSüd
    """
    return NOT_IN_A_LINE.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


def list_some(items: Iterable[object], shown: int = SHOWN) -> str:
    """List the first items quoted, and how many more there are.

    Examples
    --------
    >>> list_some(["a", "b", "c"], shown=2)
    "'a', 'b' and 1 more"
    """
    quoted = [repr(str(item)) for item in items]
    more = f" and {len(quoted) - shown} more" if len(quoted) > shown else ""
    return ", ".join(quoted[:shown]) + more
