"""Files of a folder that holds unprotected counts: their owner's alone, written whole, with the version of its form."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.stores import MARKER, OWNER_FOLDER, OWNER_ONLY, marker_of
from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

CELLS, RUN = "cells", "cell-run"  # kinds of stores
FORMATS = {CELLS: 1, RUN: 1}  # versions of their forms
WHAT = {CELLS: "a folder of cells", RUN: "a folder of a run"}
HOW = {CELLS: "qa.write_cells(...)", RUN: "qa.screen_cells(..., out='run/')"}


def make_store(folder: Path, kind: str) -> None:
    """Make a folder for unprotected counts, or take one of the same kind that is there.

    Raises
    ------
    InputError
        There is something else in its place, or a later version of the library wrote it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        check_store(folder, kind)
        return
    try:
        folder.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
        folder.chmod(OWNER_FOLDER)
    except OSError as error:
        raise InputError(f"{str(folder)!r} cannot be made: {error.strerror}.") from error
    put(folder / MARKER, marker_of(kind, FORMATS[kind]))


def check_store(folder: Path, kind: str) -> None:
    """Refuse a folder that is no store of a kind, or of a later form than is known here.

    Raises
    ------
    InputError
        The message says what it is and what to do.
    """
    try:
        found: Any = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        is_kind = found["kind"] == kind
        version = int(found["format"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        there = "is no folder" if not folder.is_dir() else f"is not {WHAT[kind]}"
        raise InputError(f"{str(folder)!r} {there}: name a new one, or one that {HOW[kind]} has written.") from error
    if not is_kind:
        raise InputError(f"{str(folder)!r} is {WHAT.get(found['kind'], 'another store')}, not {WHAT[kind]}.")
    if version > FORMATS[kind]:
        raise InputError(
            f"{str(folder)!r} has version {version} of its form; this version of quartiersatlas knows up to "
            f"{FORMATS[kind]}: install a later one."
        )


def put(path: Path, content: bytes) -> str:
    """Write a file whole, readable by its owner alone, and return the hash of its content."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY), "wb") as file:
            file.write(content)
        unfinished.replace(path)
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return hash_of(content)


def put_json(path: Path, content: object) -> str:
    """Write a record as JSON, always with the same bytes."""
    return put(path, (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())


def put_table(path: Path, table: pa.Table) -> str:
    """Write a table as Parquet, always with the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_statistics=False)
    return put(path, sink.getvalue().to_pybytes())


def hash_of(content: bytes) -> str:
    """Return the SHA-256 of a content."""
    return hashlib.sha256(content).hexdigest()


def hash_of_file(path: Path) -> str:
    """Return the SHA-256 of a file; empty if it is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def hash_of_record(record: object) -> str:
    """Return the SHA-256 of a record that JSON can hold."""
    return hash_of(json.dumps(record, sort_keys=True, ensure_ascii=False).encode())
