"""Archives: the one file inside that is meant, taken out with care, or a list of what there is to choose from."""

from __future__ import annotations

import gzip
import zipfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GEOMETRY = (
    ".shp",
    ".gpkg",
    ".geojson",
    ".fgb",
    ".gml",
    ".kml",
    ".topojson",
    ".parquet",
    ".geoparquet",
    ".tab",
    ".mif",
    ".gdb",
)
TABLES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".parquet", ".json", ".dbf")
LAST_RESORT = (".json", ".xml", ".dbf", ".txt")  # often descriptions beside the data
ARCHIVES = (".zip", ".gz", ".7z", ".rar", ".tar", ".tgz")
# what lies beside a shapefile, a MapInfo file, or GML
COMPANIONS = {".shx", ".dbf", ".prj", ".cpg", ".qpj", ".qix", ".dat", ".map", ".id", ".mid", ".xsd", ".gfs"}
PACKED = 1 << 28  # bytes: what is larger and packed a hundred times smaller is no honest file
PACKED_RATIO = 100
LARGEST = 1 << 33  # bytes that are taken out of an archive
BLOCK = 1 << 20


class Member(NamedTuple):
    """One file (or geodatabase folder) of an archive: its path inside, and the entries it consists of."""

    path: str
    parts: tuple[zipfile.ZipInfo, ...]

    @property
    def name(self) -> str:
        """Its name without folders."""
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        """The ending of its name."""
        return PurePosixPath(self.path).suffix.lower()


@contextmanager
def unpacked(path: Path, endings: Sequence[str], layer: str | None, parameter: str) -> Iterator[tuple[Path, bool]]:
    """Give the one file of an archive that can be read, in a temporary folder, and whether ``layer`` named it.

    Parameters
    ----------
    path : Path
        The archive.
    endings : sequence of str
        Endings of the files that can be read.
    layer : str, optional
        Which file of several: its name, with or without folders and ending.
    parameter : str
        The parameter that names one of several, as the message calls it.

    Raises
    ------
    InputError
        Nothing in it can be read, several files can, or it is protected, broken or suspiciously large.
    """
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory(prefix="quartiersatlas-") as folder:
            member, named = _chosen(_members(archive, path.name), endings, layer, parameter, path.name)
            _refuse_incomplete(member, path.name)
            yield _taken_out(archive, member, Path(folder), path.name), named
    except (zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"{path.name} is a damaged zip archive: fetch it again.") from error
    except NotImplementedError as error:
        raise InputError(f"{path.name} is packed in a way that is not read here: unpack it first.") from error


@contextmanager
def decompressed(path: Path) -> Iterator[Path]:
    """Give the content of a file that was compressed with gzip, in a temporary folder."""
    name = path.name[:-3] if path.suffix.lower() == ".gz" else path.name
    with TemporaryDirectory(prefix="quartiersatlas-") as folder:
        target = Path(folder) / name
        limit = max(PACKED, PACKED_RATIO * path.stat().st_size)
        try:
            with gzip.open(path) as packed, target.open("wb") as plain:
                for block in iter(lambda: packed.read(BLOCK), b""):
                    plain.write(block)
                    if plain.tell() > limit:
                        raise _too_large(path.name, plain.tell())
        except (OSError, EOFError) as error:
            raise InputError(f"{path.name} is a damaged gzip file: fetch it again.") from error
        yield target


def _members(archive: zipfile.ZipFile, where: str) -> list[Member]:
    """Return the files of an archive with their companions; a geodatabase is one, whatever it consists of."""
    groups: dict[str, list[zipfile.ZipInfo]] = {}
    by_stem: dict[tuple[str, str], list[zipfile.ZipInfo]] = {}
    for entry in archive.infolist():
        inside = PurePosixPath(entry.filename.replace("\\", "/"))
        if entry.is_dir() or "__MACOSX" in inside.parts or inside.name.startswith((".", "Thumbs.db")):
            continue
        base = next((n for n, part in enumerate(inside.parts) if part.lower().endswith(".gdb")), None)
        whole = str(PurePosixPath(*inside.parts[: base + 1])) if base is not None else str(inside)
        groups.setdefault(whole, []).append(entry)
        by_stem.setdefault((str(inside.parent), _stem(inside.name)), []).append(entry)
    if not groups:
        raise InputError(f"{where} is an archive without files. Fetch it again.")
    members = []
    for whole, entries in groups.items():
        inside = PurePosixPath(whole)
        beside = by_stem.get((str(inside.parent), _stem(inside.name)), [])
        more = [e for e in beside if e not in entries and PurePosixPath(e.filename).suffix.lower() in COMPANIONS]
        members.append(Member(whole, (*entries, *more)))
    return members


def _stem(name: str) -> str:
    return PurePosixPath(name).stem.lower()


def _chosen(
    members: list[Member], endings: Sequence[str], layer: str | None, parameter: str, where: str
) -> tuple[Member, bool]:
    """Return the one member that is meant, and whether it was named."""
    found = [member for member in members if member.suffix in endings]
    shapes = {str(PurePosixPath(m.path).with_suffix("")) for m in found if m.suffix == ".shp"}
    found = [m for m in found if m.suffix != ".dbf" or str(PurePosixPath(m.path).with_suffix("")) not in shapes]
    likely = [member for member in found if member.suffix not in LAST_RESORT]
    found = likely or found
    if not found:
        raise _nothing(members, endings, where)
    if layer is not None:
        own = [m for m in members if m.suffix in endings and layer in _names(m)]
        if len(own) == 1:
            return own[0], True
    if len(found) > 1:
        absent = "" if layer is None else f" None of them, or several, are called {layer!r}."
        raise InputError(
            f"{where} is an archive with {count_noun(len(found), 'file')} that can be read: "
            f"{list_some((m.path for m in found), 20)}.{absent} Name one, such as {parameter}={found[0].path!r}."
        )
    return found[0], False


def _names(member: Member) -> set[str]:
    path = PurePosixPath(member.path)
    return {member.path, str(path.with_suffix("")), path.name, path.stem}


def _nothing(members: list[Member], endings: Sequence[str], where: str) -> InputError:
    inner = [member.path for member in members if member.suffix in ARCHIVES]
    listed = list_some(sorted(member.path for member in members), 10)
    if inner:
        which = "another archive" if len(inner) == 1 else "other archives"
        return InputError(f"{where} holds {which}: {list_some(inner, 10)}. Unpack it and pass the one that is meant.")
    return InputError(
        f"{where} is an archive with nothing that is read here ({', '.join(endings)}). It holds: {listed}."
    )


def _refuse_incomplete(member: Member, where: str) -> None:
    """Refuse a shapefile of which parts were not packed."""
    if member.suffix == ".shp":
        there = {PurePosixPath(part.filename).suffix.lower() for part in member.parts}
        refuse_incomplete_shapefile(f"{member.name} in {where}", there)


def refuse_incomplete_shapefile(name: str, there: set[str]) -> None:
    """Refuse a shapefile without the parts that hold its index and its columns."""
    absent = [ending for ending in (".shx", ".dbf") if ending not in there]
    if absent:
        missing = " and ".join(f"the {ending}" for ending in absent)
        raise InputError(
            f"{name} is a shapefile without {missing} file: its parts (.shp, .shx, .dbf, .prj) "
            f"belong together under one name. Get the missing {'one' if len(absent) == 1 else 'ones'} from the source."
        )


def _taken_out(archive: zipfile.ZipFile, member: Member, folder: Path, where: str) -> Path:
    """Write the entries of a member under their bare names: no path of the archive leads out of the folder."""
    total = sum(part.file_size for part in member.parts)
    packed = sum(part.compress_size for part in member.parts)
    if total > LARGEST or (total > PACKED and total > PACKED_RATIO * packed):
        raise _too_large(where, total)
    target = folder / member.name
    if member.suffix == ".gdb":
        target.mkdir()
    for part in member.parts:
        if part.flag_bits & 1:
            raise InputError(f"{where} is protected with a password: unpack it and pass the file inside.")
        name = PurePosixPath(part.filename.replace("\\", "/")).name
        file = target / name if member.suffix == ".gdb" else folder / _like(member, name)
        try:
            with archive.open(part) as source, file.open("wb") as plain:
                for block in iter(lambda source=source: source.read(BLOCK), b""):  # type: ignore[misc]
                    plain.write(block)
        except Exception as error:  # a damaged archive may fail anywhere in the reader
            raise InputError(
                f"{where} is a damaged zip archive: {part.filename} in it cannot be unpacked. Fetch it again."
            ) from error
    return target


def _like(member: Member, name: str) -> str:
    """Return the name of a companion in the letters of the file it belongs to."""
    return member.name if name == member.name else PurePosixPath(member.name).stem + PurePosixPath(name).suffix.lower()


def _too_large(where: str, size: int) -> InputError:
    return InputError(
        f"{where} would unpack to more than {size / 1e9:.1f} GB, many times what it holds: that is no ordinary file. "
        f"If it is meant, unpack it by hand and pass the file inside."
    )
