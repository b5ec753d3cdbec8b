"""What must hold however a call ends: a result, or an error of ours in our words; no other warning, nothing printed."""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quartiersatlas.errors import QuartiersatlasError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# words of the libraries below, of their languages and of the interpreter: no user of a table knows them
FOREIGN = re.compile(
    r"\b(?:gdal|ogr\w*|pyogrio|geos|shapely|calamine|openpyxl|xlsxwriter|pandas|geopandas|numpy|pyproj|pyarrow"
    r"|arrowinvalid|apache arrow|python-docx|typst|jinja2?|folium|tomllib|sqlite3|zlib|traceback"
    r"|nonetype|dtype|ndarray|codec"
    r"|topologyexception|illegalargumentexception|parseexception|invaliddata\w*"
    r"|sql logic|ole2?|cfb|vba|utf8error|keyerror|valueerror|typeerror|unicodedecodeerror)\b"
    r"|has no attribute|object is not|not subscriptable|unhashable|unsupported operand|positional argument"
    r"|<class |object at 0x|\[errno|/vsi|\bPROJ:|out of bounds for axis|could not convert|invalid literal"
    r"|must be real number|string indices|list index|thread '|panicked",
    re.IGNORECASE,
)
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class BrokenPromiseError(AssertionError):
    """A call ended as none may end."""


@dataclass(frozen=True)
class Ending:
    """How a call ended.

    Parameters
    ----------
    how : str
        The name of our error, or ``done``.
    message : str
        What the error says.
    value : object
        What the call returned.
    """

    how: str
    message: str = ""
    value: Any = None


def ending(call: Callable[[], Any], allowed: str = "") -> Ending:
    """Make a call and return how it ended.

    Parameters
    ----------
    call : callable
        The call, without arguments.
    allowed : str
        Text of the file itself, which a message may quote: foreign words in it are not foreign.

    Raises
    ------
    BrokenPromiseError
        Another exception than ours, another warning than ours, foreign words, several lines, or something printed.
    """
    with warnings.catch_warnings(record=True) as caught, _printed() as printed:
        warnings.simplefilter("always")
        try:
            end = Ending("done", value=call())
        except QuartiersatlasError as error:
            end = Ending(type(error).__name__, str(error))
        except Exception as error:
            raise BrokenPromiseError(f"{type(error).__name__}: {error}") from error
    for warning in caught:
        if warning.category is not UserWarning:
            raise BrokenPromiseError(
                f"{warning.category.__name__}: {warning.message} ({warning.filename}:{warning.lineno})"
            )
        _refuse_foreign(f"warning: {warning.message}", allowed)
    if text := b"".join(printed).decode("utf-8", "replace").strip():
        raise BrokenPromiseError(f"printed: {text[:300]}")
    if end.how != "done":
        refuse_message(end.message, end.how, allowed)
    return end


def refuse_message(message: str, how: str, allowed: str = "") -> None:
    """Refuse what an error may not say: nothing, foreign words, more than one line, control characters."""
    if not message.strip():
        raise BrokenPromiseError(f"{how} says nothing")
    _refuse_foreign(f"{how}: {message}", allowed)
    if CONTROLS.search(message):
        raise BrokenPromiseError(f"{how} has a line end or a control character: {message!r}")


def _refuse_foreign(message: str, allowed: str) -> None:
    words = [word for word in FOREIGN.findall(message) if word.lower() not in allowed.lower()]
    if words:
        raise BrokenPromiseError(f"foreign {words[0]!r} in {message[:700]!r}")


@contextmanager
def _printed() -> Iterator[list[bytes]]:
    """Catch what is printed on the channel of errors, by libraries below the interpreter too."""
    found: list[bytes] = []
    before = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield found
        finally:
            os.dup2(before, 2)
            os.close(before)
            file.seek(0)
            found.append(file.read())
