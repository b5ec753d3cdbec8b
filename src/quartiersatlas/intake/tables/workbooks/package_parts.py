"""The parts that a workbook is packed of, read carefully: no part is larger than it says, none has entities."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from xml.parsers import expat

from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST_BYTES = 1 << 30  # of one part, unpacked: a sheet of a million rows and thirty columns
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how old workbooks begin, and all that are protected with a password
PROTECTED = "EncryptedPackage".encode("utf-16-le")
CHUNK = 1 << 16
Attributes = dict[str, str]


class _Damaged(Exception):  # noqa: N818 - it never leaves this file
    """A part cannot be read."""


@dataclass(frozen=True)
class Package:
    """An open package: the names of its parts, and the file's name for messages."""

    file: zipfile.ZipFile
    source: str

    @property
    def names(self) -> set[str]:
        """The names of all parts."""
        return set(self.file.namelist())

    def has(self, part: str) -> bool:
        """Return True if there is such a part."""
        return part in self.names

    def parse(self, part: str, start: Callable[[str, Attributes], None], parser: expat.XMLParserType | None = None,
              end: Callable[[str], None] | None = None) -> None:  # fmt: skip
        """Go through a part, element by element; names come without their prefix.

        Raises
        ------
        InputError
            The part is damaged, too large, or declares entities.
        """
        parser = parser or new_parser()

        def first(name: str, attributes: Attributes) -> None:
            """Look at the first element: only where it has a prefix do the others have one to be cut off."""
            if ":" in name:
                parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
            else:
                parser.StartElementHandler = start
            start(name.rpartition(":")[2], attributes)

        parser.StartElementHandler = first
        if end is not None:
            parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        parser.StartDoctypeDeclHandler = self._refuse_declaration
        parser.EntityDeclHandler = self._refuse_declaration
        try:
            self._feed(part, parser)
        except (_Damaged, expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError,
                NotImplementedError, RuntimeError, OSError) as error:  # fmt: skip
            raise InputError(
                f"{self.source} cannot be read as a workbook: its part {part!r} is damaged. Open the file in the "
                f"spreadsheet program, let it be repaired, and save it again."
            ) from error

    def _feed(self, part: str, parser: expat.XMLParserType) -> None:
        unpacked = 0
        with self.file.open(part) as content:
            while chunk := content.read(CHUNK):
                unpacked += len(chunk)
                if unpacked > MOST_BYTES:
                    self._refuse_size(part, unpacked)
                parser.Parse(chunk, False)  # noqa: FBT003 - takes it by position only
        parser.Parse(b"", True)  # noqa: FBT003

    def refuse_large_parts(self) -> None:
        """Refuse a package that says itself that a part of it is too large."""
        for entry in self.file.infolist():
            if entry.file_size > MOST_BYTES and entry.filename.endswith((".xml", ".bin", ".rels")):
                self._refuse_size(entry.filename, entry.file_size)

    def _refuse_size(self, part: str, size: int) -> NoReturn:
        raise InputError(
            f"{self.source}: its part {part!r} unpacks to {size / 1e9:.1f} GB or more, and at most "
            f"{MOST_BYTES / 1e9:.1f} GB are read. Save the sheet that is needed alone, or as CSV."
        )

    def _refuse_declaration(self, *_: Any) -> NoReturn:  # noqa: ANN401 - whatever the declaration holds
        raise InputError(
            f"{self.source} declares entities, which no spreadsheet program writes. Open it in the spreadsheet program "
            f"and save it again."
        )

    def related(self, part: str) -> dict[str, str]:
        """Return which part each relation of a part leads to."""
        folder, name = posixpath.split(part)
        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, str] = {}

        def start(name: str, attributes: Attributes) -> None:
            if name == "Relationship":
                target = attributes.get("Target", "")
                outside = attributes.get("TargetMode") == "External"
                path = target if outside else posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[attributes.get("Id", "")] = path

        if self.has(relations):
            self.parse(relations, start)
        return found


def new_parser() -> expat.XMLParserType:
    """Return a parser of the parts of a workbook."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    return parser


def open_package(path: Path) -> Package | None:
    """Open a workbook that is a package of parts; None if it is another kind of file."""
    try:
        file = zipfile.ZipFile(io.BytesIO(path.read_bytes()))  # no file is left open
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
        return None
    package = Package(file, path.name)
    package.refuse_large_parts()
    return package


def no_workbook(path: Path) -> str:
    """Say why a file cannot be read as a workbook."""
    if not path.is_file():
        return f"{path.name} cannot be read as a workbook: there is no such file."
    content = path.read_bytes()
    if content.startswith(COMPOUND) and PROTECTED in content:
        return f"{path.name} cannot be read as a workbook: it is protected with a password. Save it without one."
    return (
        f"{path.name} cannot be read as a workbook: it is damaged, incomplete, or another kind of file with this "
        f"ending. Open it in the spreadsheet program and save it again as .xlsx."
    )


def value_of(attributes: Attributes, name: str) -> str | None:
    """Return an attribute, whatever its prefix."""
    if name in attributes:
        return attributes[name]
    return next((value for key, value in attributes.items() if key.rpartition(":")[2] == name), None)
