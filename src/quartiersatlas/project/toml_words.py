"""What an error advises, in the words of the project file: options of functions become lines of TOML."""

from __future__ import annotations

import ast
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from quartiersatlas.base.toml import toml_value
from quartiersatlas.errors import QuartiersatlasError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

OPENING, CLOSING, QUOTES = "{[(", "}])", "'\""
REPORTED = re.compile(r"err\.report\.(\w+)")
PLAIN = re.compile(r"-?\d+(\.\d+)?|True|False")
MERGE = "merge_areas(areas, "
BY_NAME = "areas.set_index(areas['name'].rename('key'))"
SECTIONS = {  # calls that a section of the file makes
    "Protection: ": "[protection] ",
    **{f"add_relations: {kind}: ": f"[{kind}] " for kind in ("sums", "parts", "shares")},
}
OF_PROTECTION = re.compile(r"Protection\((\w+)=")


class Option(NamedTuple):
    """An option in a message: where it begins and ends, and what it is set to."""

    start: int
    end: int
    value: object


@contextmanager
def toml_advice(
    place: str, options: Collection[str], name: str | None = None, *, project: str | None = None
) -> Iterator[None]:
    """Let errors raised inside speak the language of the project file.

    Parameters
    ----------
    place : str
        Where the options stand in the file, such as ``"[areas]"``.
    options : collection of str
        What may be set there; anything else in a message stays as it is.
    name : str, optional
        The column of the areas' names, where the project names one.
    project : str, optional
        The project file, where a command gives the whole list that a message speaks of.

    Raises
    ------
    QuartiersatlasError
        What was raised inside, with lines such as ``rename = { "old" = "new" }`` in the place of parameters.
    """
    try:
        yield
    except QuartiersatlasError as error:
        said = in_toml(str(error), place, options, name=name, report=getattr(error, "report", None))
        if project is not None:
            said = said.replace("All of them: err.report", f"All of them: quartiersatlas audit {project}")
        error.args = (said, *error.args[1:])
        raise


def in_toml(
    message: str, place: str, options: Collection[str], *, name: str | None = None, report: object = None
) -> str:
    """Return a message with the options that a project file has as lines of TOML, and where they belong.

    Examples
    --------
    >>> in_toml("No area. Pass rename={'1': '01'}.", "[[tables]]", ["rename"])
    'No area. Pass rename = { "1" = "01" }. Such lines belong to [[tables]].'
    """
    translated = _protection_lines(message)
    for call, section in SECTIONS.items():
        translated = translated.replace(call, section)
    said = translated
    for option in options:
        translated = _option_lines(translated, option, report)
    changed = translated != said
    merged = _merge_lines(translated, report)
    if name is not None:
        merged = merged.replace(BY_NAME, f"key = {toml_value(name)} in [areas]")
    if not changed or merged.startswith(place):
        return merged
    return f"{merged}{'' if merged.endswith('.') else '.'} Such lines belong to {place}."


def _option_lines(message: str, option: str, report: object) -> str:
    """Replace every ``option=value`` outside of calls by ``option = value`` in TOML."""
    pieces, done = [], 0
    for found in re.finditer(rf"(?<![\w.(]){re.escape(option)}=", message):
        value = _value_at(message, found.end(), report) if found.start() >= done else None
        if value is not None and not _inside_call(message, found.start()):
            pieces += [message[done : found.start()], f"{option} = {toml_value(value.value)}"]
            done = value.end
    return "".join([*pieces, message[done:]])


def _protection_lines(message: str) -> str:
    """Replace every ``Protection(option=value)`` by the line of its section, or by its name where no value is said."""
    while found := OF_PROTECTION.search(message):
        value = _value_at(message, found.end(), None)
        end = message.index(")", found.end()) if value is None else value.end
        line = found[1] if value is None else f"{found[1]} = {toml_value(value.value)}"
        message = f"{message[: found.start()]}{line} in [protection]{message[end + 1 :]}"
    return message


def _merge_lines(message: str, report: object) -> str:
    start = message.find(MERGE)
    value = _value_at(message, start + len(MERGE), report) if start >= 0 else None
    if value is None:
        return message
    return f"{message[:start]}merge = {toml_value(value.value)} in [areas]{message[value.end + 1 :]}"


def _inside_call(message: str, position: int) -> bool:
    """Return True if a position is between the brackets of a call such as ``join(areas, ...)``."""
    depth = 0
    for i in range(position - 1, -1, -1):
        if message[i] == ")":
            depth += 1
        elif message[i] == "(":
            if depth == 0:
                return i > 0 and (message[i - 1].isalnum() or message[i - 1] == "_")
            depth -= 1
    return False


def _value_at(message: str, start: int, report: object) -> Option | None:
    """Return the value that is written at a position: one of the report, or a literal; None where it is neither."""
    reported = REPORTED.match(message, start)
    if reported:
        value = getattr(report, reported[1], None)
        value = list(value) if isinstance(value, tuple) else value
        return None if value is None else Option(start, reported.end(), value)
    end = _end_of_literal(message, start)
    try:
        value = ast.literal_eval(message[start:end])
    except (ValueError, SyntaxError):
        return None
    return None if value is Ellipsis or _holds_ellipsis(value) else Option(start, end, value)


def _holds_ellipsis(value: object) -> bool:
    items = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list | tuple) else []
    return any(item is Ellipsis for item in items)


def _end_of_literal(message: str, start: int) -> int:
    """Return where a literal ends: after its closing quotation mark or bracket, or after a plain word."""
    if message[start : start + 1] not in tuple(OPENING + QUOTES):
        plain = PLAIN.match(message, start)
        return plain.end() if plain else start
    depth, quote, i = 0, "", start
    while i < len(message):
        letter = message[i]
        if quote:
            i += letter == "\\"
            quote = "" if letter == quote else quote
        elif letter in QUOTES:
            quote = letter
        else:
            depth += (letter in OPENING) - (letter in CLOSING)
        i += 1
        if not quote and depth == 0:
            return i
    return start
