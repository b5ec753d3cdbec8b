"""What a ledger keeps of a release, as records, and these as JSON: whatever is not exactly that is refused."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from hmac import new as keyed_hash
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Record = TypeVar("Record")
State = Literal["pending", "done", "withdrawn"]
STATES: tuple[State, ...] = ("pending", "done", "withdrawn")
ID = re.compile(r"[0-9a-f]{12}")
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class LedgerColumn:
    """One count column of a release.

    Parameters
    ----------
    definition : str
        Fingerprint of what the count means.
    shown : mapping of str to float
        Key -> the value as it was shown.
    withheld : tuple of str
        Keys of the areas whose value was there and not shown, sorted.
    absent : tuple of str
        Keys of the areas for which there was no value, sorted.
    round_base : int, optional
        What the shown values were rounded to a multiple of.
    need : tuple of str, optional
        For each withheld cell a keyed hash that says whether it needed protection or only kept others company (see
        :func:`cells_in_need`). None where that is not known.
    """

    definition: str
    shown: Mapping[str, float]
    withheld: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    round_base: int | None = None
    need: tuple[str, ...] | None = None

    @property
    def exact(self) -> Mapping[str, float]:
        """The values that were shown as they are; none where they were rounded."""
        return self.shown if self.round_base is None else {}


@dataclass(frozen=True, kw_only=True)
class LedgerCandidate:
    """A candidate area of a release.

    Parameters
    ----------
    members : tuple of str
        Keys of its areas, sorted.
    sums : mapping of str to float
        Count column -> its sum over the members, where all of them are shown.
    """

    members: tuple[str, ...]
    sums: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """One release in a ledger: what it showed, and no value that it withheld.

    Parameters
    ----------
    id : str
        Fingerprint of the content: the same release has the same id.
    state : {"pending", "done", "withdrawn"}
        Its files are about to be written, or are; or a person has said that it never left the house. All but
        ``"withdrawn"`` count as published.
    title, date : str
        Title of the release and date of its data.
    min_count : float
        The smallest count that was shown.
    rules : mapping
        All options of the protection.
    layer : str
        Hash of the areas, in :attr:`Ledger.layers`.
    columns : mapping of str to LedgerColumn
        The count columns that were shown.
    plan : mapping of str to tuple of str
        Every count column of the data -> keys withheld in it, whether the column was shown or not.
    totals : mapping of str to mapping
        Count column -> unit -> total that came with the data: who has it has it for later releases too. The city is the
        unit ``""``, and so far the only one.
    sums : tuple of tuple of str
        Columns that add up: the whole, then its parts.
    parts : tuple of tuple of str
        Part and whole.
    wholes : mapping of str to tuple of str
        Every column among which relations were looked for -> the columns that it is nowhere more than: later releases
        of the date take them from here. Empty where none were looked for, and in ledgers that are older than this.
    candidates : mapping of str to LedgerCandidate
        Candidate areas by their names.
    files : mapping of str to str
        Files made of the release, seen from the folder of the ledger -> SHA-256.
    """

    id: str = ""
    state: State = "done"
    title: str
    date: str
    min_count: float
    rules: Mapping[str, Any] = field(default_factory=dict)
    layer: str
    columns: Mapping[str, LedgerColumn]
    plan: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    totals: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    sums: tuple[tuple[str, ...], ...] = ()
    parts: tuple[tuple[str, ...], ...] = ()
    wholes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    candidates: Mapping[str, LedgerCandidate] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def counts_as_published(self) -> bool:
        """False only where a person has withdrawn it."""
        return self.state != "withdrawn"

    @property
    def label(self) -> str:
        """Title and date, as messages call it."""
        return f"{self.title} ({self.date})"


def identified(entry: LedgerEntry) -> LedgerEntry:
    """Return an entry with its id: the hash of everything but state, files and what only the house can read."""
    columns = {name: replace(column, need=None) for name, column in entry.columns.items()}
    content = as_json(replace(entry, id="", state="done", files={}, columns=columns))
    return replace(entry, id=sha256(canonical(content)).hexdigest()[:12])


def canonical(content: object) -> bytes:
    """Return JSON in the one form that equal content has."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


# which withheld cells needed protection


def sealed_need(entry: LedgerEntry, needed: Mapping[str, frozenset[str]], key: str) -> LedgerEntry:
    """Return an entry that says, to who has the key only, which withheld cells of each column needed protection.

    Every withheld cell gets a hash, so that not even their number can be read without the key.
    """
    columns = {
        name: replace(
            column, need=tuple(_tag(key, entry.id, name, cell, needs=cell in needed[name]) for cell in column.withheld)
        )
        for name, column in entry.columns.items()
    }
    return replace(entry, columns=columns)


def cells_in_need(entry: LedgerEntry, name: str, key: str) -> frozenset[str]:
    """Return the withheld cells of a column that needed protection: all but those proved to have kept others company.

    Without the key, or with another one, nothing is proved.
    """
    column = entry.columns[name]
    if column.need is None:
        return frozenset(column.withheld)
    return frozenset(
        cell
        for cell, tag in zip(column.withheld, column.need, strict=True)
        if tag != _tag(key, entry.id, name, cell, needs=False)
    )


def fits_key(entry: LedgerEntry, key: str) -> bool:
    """Return True unless the entry was sealed with another key."""
    return all(
        tag in {_tag(key, entry.id, name, cell, needs=needs) for needs in (False, True)}
        for name, column in entry.columns.items()
        for cell, tag in zip(column.withheld, column.need or (), strict=column.need is not None)
    )


def _tag(key: str, entry: str, column: str, cell: str, *, needs: bool) -> str:
    return keyed_hash(bytes.fromhex(key), canonical([entry, column, cell, needs]), "sha256").hexdigest()[:16]


# as JSON, and back


def as_json(record: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a record as JSON holds it."""
    match record:
        case LedgerEntry() | LedgerColumn() | LedgerCandidate():
            return {part.name: as_json(getattr(record, part.name)) for part in fields(record)}
        case dict():
            return {name: as_json(value) for name, value in record.items()}
        case tuple() | list():
            return [as_json(value) for value in record]
    return record


def entry_from_json(content: object, place: str) -> LedgerEntry:
    """Return an entry; ``place`` is where in the file it stands.

    Raises
    ------
    InputError
        Something is missing, unknown or of another kind; the message names the place.
    """
    entry = _record(LedgerEntry, ENTRY, content, place)
    if not ID.fullmatch(entry.id):
        raise InputError(f"{place}.id is {entry.id!r}, which is no id of a release")
    if entry.state not in STATES:
        raise InputError(f"{place}.state is {entry.state!r}, not one of {', '.join(map(repr, STATES))}")
    for name, digest in entry.files.items():
        if not DIGEST.fullmatch(digest):
            raise InputError(f"{place}.files[{name!r}] is {digest!r}, which is no SHA-256")
    return entry


def table(content: object, place: str) -> dict[str, Any]:
    """Return an object of JSON."""
    if not isinstance(content, dict):
        raise InputError(f"{place} is no object")
    return content


def text(content: object, place: str) -> str:
    """Return text."""
    if not isinstance(content, str):
        raise InputError(f"{place} is no text")
    return content


def number(content: object, place: str) -> float:
    """Return a finite number."""
    if isinstance(content, bool) or not isinstance(content, int | float) or not isfinite(content):
        raise InputError(f"{place} is no number")
    return content


def texts(content: object, place: str) -> tuple[str, ...]:
    """Return a list of texts."""
    return tuple(text(value, f"{place}[{n}]") for n, value in enumerate(_list(content, place)))


def mapped(read: Callable[[object, str], Record]) -> Callable[[object, str], dict[str, Record]]:
    """Return a reader of objects all of whose values the given one reads."""

    def read_all(content: object, place: str) -> dict[str, Record]:
        return {name: read(value, f"{place}[{name!r}]") for name, value in table(content, place).items()}

    return read_all


def _base(content: object, place: str) -> int | None:
    if content is not None and (isinstance(content, bool) or not isinstance(content, int) or content < 1):
        raise InputError(f"{place} is neither a whole number from 1 nor null")
    return content


def _tags(content: object, place: str) -> tuple[str, ...] | None:
    return None if content is None else texts(content, place)


def _rows(content: object, place: str) -> tuple[tuple[str, ...], ...]:
    return tuple(texts(value, f"{place}[{n}]") for n, value in enumerate(_list(content, place)))


def _list(content: object, place: str) -> list[Any]:
    if not isinstance(content, list):
        raise InputError(f"{place} is no list")
    return content


def _record(
    kind: type[Record], readers: Mapping[str, Callable[[object, str], Any]], content: object, place: str
) -> Record:
    """Build a record; every part must be there, but those that came later, and nothing else."""
    found = table(content, place)
    for name in found:
        if name not in readers:
            raise InputError(f"{place} has {name!r}, which is not known")
    for name in readers:
        if name not in found and name not in CAME_LATER:
            raise InputError(f"{place} has no {name!r}")
    return kind(**{name: read(found[name], f"{place}.{name}") for name, read in readers.items() if name in found})


def _column(content: object, place: str) -> LedgerColumn:
    column = _record(LedgerColumn, COLUMN, content, place)
    keys = [*column.shown, *column.withheld, *column.absent]
    if len(set(keys)) < len(keys):
        raise InputError(f"{place} has an area twice: shown, withheld or absent")
    if column.need is not None and len(column.need) != len(column.withheld):
        raise InputError(f"{place}.need does not fit {place}.withheld")
    return column


def _candidate(content: object, place: str) -> LedgerCandidate:
    return _record(LedgerCandidate, CANDIDATE, content, place)


def _state(content: object, place: str) -> State:
    return cast("State", text(content, place))


COLUMN: dict[str, Callable[[object, str], Any]] = {
    "definition": text,
    "shown": mapped(number),
    "withheld": texts,
    "absent": texts,
    "round_base": _base,
    "need": _tags,
}
CAME_LATER = {"wholes"}  # ledgers of this format that were written before do not have it
CANDIDATE: dict[str, Callable[[object, str], Any]] = {"members": texts, "sums": mapped(number)}
ENTRY: dict[str, Callable[[object, str], Any]] = {
    "id": text,
    "state": _state,
    "title": text,
    "date": text,
    "min_count": number,
    "rules": table,
    "layer": text,
    "columns": mapped(_column),
    "plan": mapped(texts),
    "totals": mapped(mapped(number)),
    "sums": _rows,
    "parts": _rows,
    "wholes": mapped(texts),
    "candidates": mapped(_candidate),
    "files": mapped(text),
}
