"""The ledger: read, continued by one process at a time, and written so that a crash loses nothing."""

from __future__ import annotations

import json
import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from hmac import new as keyed_hash
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from quartiersatlas.base.checks import bytes_of, count_noun, existing_file, expects, usable_path
from quartiersatlas.base.files import write_durably
from quartiersatlas.base.lock import WAIT, locked
from quartiersatlas.catalogue import Message, MessageWarning
from quartiersatlas.disclosure.ledger.first_edition import from_first_edition
from quartiersatlas.disclosure.ledger.key import new_key, read_key, write_key
from quartiersatlas.disclosure.ledger.layers import layers_as_json, layers_from_json, write_layer
from quartiersatlas.disclosure.ledger.records import (
    LedgerEntry,
    as_json,
    canonical,
    cells_in_need,
    entry_from_json,
    fits_key,
    table,
)
from quartiersatlas.errors import InputError, SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import geopandas as gpd

    from quartiersatlas.disclosure.ledger.layers import LedgerLayer

FORMAT = 2
PARTS = {"format", "sha256", "layers", "releases"}


@dataclass
class Ledger:
    """What was released before.

    Parameters
    ----------
    entries : list of LedgerEntry
        One per release: what it showed and which cells it withheld. No value that was protected.
    key : str
        A secret of the house, kept in a file of its own: :meth:`fingerprint` mixes it in, and without it nobody can
        tell which withheld cells were small. The ledger stays inside.
    layers : dict of str to LedgerLayer
        The areas of the releases, by their hash.
    accept : tuple of str
        Ids of earlier releases whose counts may be withheld now although they were shown then.

    Examples
    --------
    >>> ledger = Ledger()
    >>> ledger
    Ledger of 0 releases
    """

    entries: list[LedgerEntry] = field(default_factory=list)
    key: str = field(default_factory=new_key, repr=False)
    layers: dict[str, LedgerLayer] = field(default_factory=dict, repr=False)
    accept: tuple[str, ...] = ()
    as_read: tuple[LedgerEntry, ...] = field(default=(), init=False, repr=False, compare=False)  # under the lock
    entered: set[str] = field(default_factory=set, init=False, repr=False, compare=False)  # ids added since

    @classmethod
    def read(cls, path: str | Path, key_file: str | Path | None = None, *, accept: Sequence[str] = ()) -> Self:
        """Read a ledger, or begin one where there is no file yet.

        Parameters
        ----------
        path : str or Path
            The JSON file.
        key_file : str or Path, optional
            The file of the key; ``<name>.key`` beside the ledger, if not given.
        accept : list of str
            Ids of earlier releases whose counts may be withheld now although they were shown then.

        Raises
        ------
        InputError
            The file is no ledger or is damaged; or the key file is none, or others may read it.
        SpecError
            ``accept`` names no release of the ledger.

        Warns
        -----
        UserWarning
            The key is not there, or not the one the ledger was written with: all withheld cells count as small.
        """
        expects(path, (str, Path), "Ledger.read", 'qa.Ledger.read("ledger.json")')
        path = usable_path(path, "ledger")
        entries, layers, old_key = _read_content(path)
        key = old_key or read_key(key_path(path, key_file)) or new_key()
        ledger = cls(entries, key, layers, tuple(accept))
        unknown = [entry for entry in accept if entry not in {known.id for known in entries}]
        if unknown:
            raise SpecError(f"accept: {path.name} has no release {list_some(unknown)}. {_ids(entries)}")
        sealed_otherwise = [entry for entry in entries if not fits_key(entry, key)]
        if sealed_otherwise:
            values = {"count": len(sealed_otherwise), "file": key_path(path, key_file).name}
            warnings.warn(MessageWarning(Message("warning_ledger_key", values)), stacklevel=2)
        return ledger

    def add(self, entry: LedgerEntry, layer: LedgerLayer | None = None) -> None:
        """Enter a release, once; :func:`release` makes the entry and the layer of its areas.

        A release that is there stays as it is, with its files; one that was withdrawn is there again.
        """
        expects(entry, LedgerEntry, "Ledger.add", "qa.release(data, ..., ledger=ledger) makes and adds the entry")
        if layer is not None:
            self.layers[layer.id] = layer
        self.entered.add(entry.id)
        for n, known in enumerate(self.entries):
            if known.id == entry.id:
                done = known.state == "done"
                self.entries[n] = replace(entry, state=known.state, files=known.files) if done else entry
                return
        self.entries.append(entry)

    def save(self, path: str | Path, key_file: str | Path | None = None) -> Path:
        """Write the ledger whole or not at all, with what others have entered into the file meanwhile.

        Releases that others have entered are kept but not compared with those of this ledger: for that, give
        :func:`release` the path instead.

        Raises
        ------
        InputError
            The folder is not there, or the file there is no ledger.
        ReleaseError
            Somebody else is using the ledger.
        """
        expects(path, (str, Path), "Ledger.save", 'ledger.save("ledger.json")')
        path = usable_path(path, "ledger")
        _refuse_no_place(path)
        with locked(path):
            entries, layers, _ = _read_content(path)
            there = {entry.id: entry for entry in entries}
            kept = [_published_one(entry, there.pop(entry.id, entry)) for entry in self.entries]
            self.entries = [*kept, *there.values()]
            self.layers = {**layers, **self.layers}
            write_ledger(self, path, key_file)
        return path

    def fingerprint(self, content: bytes) -> str:
        """Return a keyed hash (HMAC-SHA-256) of an input.

        The plain hash of a small file would answer guesses: who knows all of it but one count tries the few values
        that count can have. Without the key, no guess can be checked.
        """
        expects(content, bytes, "Ledger.fingerprint", "ledger.fingerprint(path.read_bytes())")
        return keyed_hash(bytes.fromhex(self.key), content, "sha256").hexdigest()

    def published(self) -> list[LedgerEntry]:
        """Return the releases that count as published: all but those a person has withdrawn."""
        return [entry for entry in self.entries if entry.counts_as_published]

    def needed(self, entry: LedgerEntry, column: str) -> frozenset[str]:
        """Return the withheld cells of a column that needed protection then; all of them where that is not known."""
        return cells_in_need(entry, column, self.key)

    def areas(self, entry: LedgerEntry) -> gpd.GeoDataFrame | None:
        """Return the areas of a release with their outlines; None where a first edition never stored them.

        Raises
        ------
        InputError
            Their file is gone or not what it was.
        """
        return self.layers[entry.layer].read()

    def __repr__(self) -> str:
        return f"Ledger of {count_noun(len(self.entries), 'release')}"


def key_path(path: Path, key_file: str | Path | None) -> Path:
    """Return the file of the key: the one that is named, or the one beside the ledger."""
    key = Path(key_file) if key_file else path.with_suffix(".key")
    if key == path:
        raise InputError(f"The key of the ledger {path.name!r} cannot be in the same file. Name another key_file.")
    return key


def layers_folder(path: Path) -> Path:
    """Return the folder beside a ledger that holds the areas of its releases."""
    return path.with_name(f"{path.stem}.layers")


@contextmanager
def locked_ledger(
    path: str | Path, key_file: str | Path | None = None, *, accept: Sequence[str] = (), wait: float = WAIT
) -> Iterator[Ledger]:
    """Hold the lock of a ledger and give it as it is now; nobody else can enter a release meanwhile.

    Releases that a crash left pending are done where their files are there. What is given is written by
    :func:`write_ledger` only.

    Raises
    ------
    ReleaseError
        Somebody else is using the ledger.
    """
    path = usable_path(path, "ledger")
    _refuse_no_place(path)
    with locked(path, wait):
        ledger = Ledger.read(path, key_file, accept=accept)
        ledger.entries = [_settled(entry, path.parent) for entry in ledger.entries]
        ledger.as_read = tuple(ledger.entries)
        yield ledger


@contextmanager
def publishing(
    ledger: Ledger, path: Path, key_file: str | Path | None, files: Sequence[Path], target: Path
) -> Iterator[None]:
    """Announce the releases that were entered, let their files be moved into place, and note that it is done.

    Whenever the process dies, the ledger knows of every release one of whose files may be in its place.

    Parameters
    ----------
    ledger : Ledger
        What :func:`locked_ledger` gave, with the new entries.
    path, key_file : Path
        Where it is written.
    files : sequence of Path
        The finished files.
    target : Path
        The folder that they are going to be moved into.

    Raises
    ------
    InputError
        The files could not be moved and all are as they were; so is the ledger.
    """
    digests = {_seen_from(path.parent, target / file.name): _digest(file) for file in files}
    done = {entry.id for entry in ledger.as_read if entry.state == "done"}
    ledger.entries = [
        replace(entry, state="pending", files=digests) if entry.id in ledger.entered - done else entry
        for entry in ledger.entries
    ]
    write_ledger(ledger, path, key_file)
    try:
        yield
    except InputError:
        ledger.entries = list(ledger.as_read)
        write_ledger(ledger, path, key_file)
        raise
    ledger.entries = [
        replace(entry, state="done", files=digests) if entry.id in ledger.entered else entry for entry in ledger.entries
    ]
    write_ledger(ledger, path, key_file)


def write_ledger(ledger: Ledger, path: Path, key_file: str | Path | None = None) -> None:
    """Write areas, key and ledger, in this order; only under the lock."""
    for name, layer in ledger.layers.items():
        ledger.layers[name] = replace(layer, file=write_layer(layer, layers_folder(path)))
    write_key(key_path(path, key_file), ledger.key)
    _write_content(path, ledger.entries, ledger.layers)


def withdraw_release(path: str | Path, release: str) -> LedgerEntry:
    """Note that a release never left the house; it is compared with no later one any more.

    Parameters
    ----------
    path : str or Path
        The ledger.
    release : str
        Its id.

    Returns
    -------
    LedgerEntry
        The entry as it was before.

    Raises
    ------
    InputError
        There is no such file.
    SpecError
        The ledger has no such release.
    """
    path = existing_file(path, "ledger")
    with locked(path):
        entries, layers, old_key = _read_content(path)
        found = next((n for n, entry in enumerate(entries) if entry.id == release), None)
        if found is None:
            raise SpecError(f"{path.name} has no release {release!r}. {_ids(entries)}")
        before = entries[found]
        entries[found] = replace(before, state="withdrawn")
        if old_key is not None:
            write_key(key_path(path, None), old_key)
        _write_content(path, entries, layers)
    return before


def listed_releases(path: str | Path) -> list[LedgerEntry]:
    """Return the releases of a ledger as they stand in its file."""
    return _read_content(existing_file(path, "ledger"))[0]


def _read_content(path: Path) -> tuple[list[LedgerEntry], dict[str, LedgerLayer], str | None]:
    """Return entries, areas, and the key that a ledger of the first edition held; nothing where there is no file."""
    if not path.exists():
        return [], {}, None
    if not path.is_file():
        raise InputError(f"The ledger {str(path)!r} is no file. Name the file of the ledger.")
    try:
        return _parsed(table(json.loads(bytes_of(path).decode("utf-8"), parse_constant=_refuse_constant), "it"), path)
    except (InputError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path.name} is no release ledger, or it is damaged: {error}. Restore it from a backup; if it never was a "
            f"ledger, name another file."
        ) from error


def _parsed(content: dict[str, Any], path: Path) -> tuple[list[LedgerEntry], dict[str, LedgerLayer], str | None]:
    """Read either format, strictly."""
    if content.get("format") == 1:
        return from_first_edition(content)
    if content.get("format") != FORMAT:
        raise InputError(
            f"its format is {content.get('format')!r}, and this version reads 1 and {FORMAT}: read it with the version "
            f"that wrote it"
        )
    if set(content) != PARTS:
        raise InputError(f"it has {list_some(sorted(content))} instead of {list_some(sorted(PARTS))}")
    if _checksum(content) != content["sha256"]:
        raise InputError("its content does not fit its checksum: somebody or something has changed it")
    layers = layers_from_json(content["layers"], layers_folder(path))
    if not isinstance(content["releases"], list):
        raise InputError("releases is no list")
    entries = [entry_from_json(entry, f"releases[{n}]") for n, entry in enumerate(content["releases"])]
    if len({entry.id for entry in entries}) < len(entries):
        raise InputError("releases has an id twice")
    _check_areas(entries, layers)
    return entries, layers, None


def _check_areas(entries: Sequence[LedgerEntry], layers: dict[str, LedgerLayer]) -> None:
    """Refuse releases of areas that the ledger does not have."""
    for n, entry in enumerate(entries):
        if entry.layer not in layers:
            raise InputError(f"releases[{n}].layer is {entry.layer!r}, which layers does not have")
        areas = layers[entry.layer].outlines
        for name, column in entry.columns.items():
            other = [key for key in (*column.shown, *column.withheld, *column.absent) if key not in areas]
            if other:
                raise InputError(
                    f"releases[{n}].columns[{name!r}] has areas that its layer does not: {list_some(other)}"
                )


def _write_content(path: Path, entries: Sequence[LedgerEntry], layers: dict[str, LedgerLayer]) -> None:
    """Write the file of the ledger."""
    named = {entry.layer for entry in entries}
    content = {
        "format": FORMAT,
        "layers": layers_as_json({name: layer for name, layer in layers.items() if name in named}),
        "releases": [as_json(entry) for entry in entries],
    }
    content["sha256"] = _checksum(content)
    write_durably(path, (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode())


def _checksum(content: dict[str, Any]) -> str:
    return sha256(canonical({name: part for name, part in content.items() if name != "sha256"})).hexdigest()


def _refuse_constant(name: str) -> float:
    raise InputError(f"{name} is no number")


def _refuse_no_place(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"The ledger {str(path)!r} is no file. Name the file of the ledger.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {str(path.parent)!r} to write the ledger {path.name!r} into.")


def _settled(entry: LedgerEntry, folder: Path) -> LedgerEntry:
    """Return a pending release as done where all its files are in their places; otherwise a person has to judge."""
    if entry.state != "pending" or not entry.files:
        return entry
    places = {folder / name: digest for name, digest in entry.files.items()}
    there = all(file.is_file() and _digest(file) == digest for file, digest in places.items())
    return replace(entry, state="done") if there else entry


def _published_one(one: LedgerEntry, other: LedgerEntry) -> LedgerEntry:
    """Return the one of two records of a release that is further on its way out; the first of equal ones."""
    order = ("withdrawn", "pending", "done")
    return max(one, other, key=lambda entry: order.index(entry.state))


def _seen_from(folder: Path, file: Path) -> str:
    """Return where a file is, seen from the folder of the ledger; in full from another drive."""
    try:
        return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return file.resolve().as_posix()


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def _ids(entries: Sequence[LedgerEntry]) -> str:
    return f"There are: {list_some([entry.id for entry in entries], 20)}." if entries else "It is empty."
