"""An office's own font: what its files are called and how wide their letters are, so that charts and maps fit it."""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import error as StructError  # noqa: N812 - a class
from struct import unpack_from
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FAMILY, WHOLE_FAMILY = 1, 16  # numbers of names in a font: its family, and the one above faces such as "Light"
REGULAR, BOLD = 400, 700
CODINGS = {0: "utf-16-be", 1: "mac_roman", 3: "utf-16-be"}  # of names, by platform
IS_ITALIC, IS_BOLD = 2, 1  # bits of head.macStyle


@dataclass(frozen=True)
class FontFace:
    """One file of a font.

    Parameters
    ----------
    family : str
        What it is called, without the words for its face; empty where the file does not say it.
    weight : int
        400 is regular, 700 bold.
    italic : bool
        Whether it is.
    widths : mapping of int to float
        Code of a letter -> its advance width, in parts of the size.
    """

    family: str
    weight: int
    italic: bool
    widths: Mapping[int, float] = field(repr=False)

    @property
    def bold(self) -> bool:
        """Whether it serves where bold is asked for."""
        return self.weight > (REGULAR + BOLD) / 2


@dataclass(frozen=True)
class Typeface:
    """The faces of a font."""

    faces: tuple[FontFace, ...]

    def face(self, *, bold: bool, italic: bool) -> FontFace:
        """Return the face that is set where this one is asked for: slant before weight, as typst chooses."""
        wanted = BOLD if bold else REGULAR
        return min(self.faces, key=lambda one: (one.italic != italic, abs(one.weight - wanted)))

    @property
    def family(self) -> str:
        """What the first face is called."""
        return self.faces[0].family


def read_typeface(files: Iterable[bytes]) -> Typeface:
    """Return a font from the files of its faces.

    Raises
    ------
    ValueError
        A file is no font whose letters can be measured; the argument is its place among the files.
    """
    faces = []
    for place, content in enumerate(files):
        try:
            faces.append(_face(content))
        except (StructError, KeyError, IndexError, ZeroDivisionError, OverflowError) as error:
            raise ValueError(place) from error
    return Typeface(tuple(faces))


def _face(content: bytes) -> FontFace:
    """Read the tables of a TTF or OTF file (OpenType 1.9): head, hhea, hmtx, cmap, OS/2, name."""
    entries = (unpack_from(">4s4x2I", content, 12 + 16 * n) for n in range(unpack_from(">H", content, 4)[0]))
    tables = {tag: content[start : start + length] for tag, start, length in entries}
    head = tables[b"head"]
    per_em, style = unpack_from(">H", head, 18)[0], unpack_from(">H", head, 44)[0]
    n_widths = unpack_from(">H", tables[b"hhea"], 34)[0]
    widths = [advance / per_em for advance in unpack_from(">" + "H2x" * n_widths, tables[b"hmtx"], 0)]
    letters = _letters(tables[b"cmap"])
    weight = unpack_from(">H", tables[b"OS/2"], 4)[0] if b"OS/2" in tables else BOLD if style & IS_BOLD else REGULAR
    found = {code: widths[min(glyph, n_widths - 1)] for code, glyph in letters.items() if glyph}
    if not found:
        raise KeyError(b"cmap")
    return FontFace(_family(tables.get(b"name", b"")), weight, bool(style & IS_ITALIC), found)


def _letters(cmap: bytes) -> dict[int, int]:
    """Return the glyph of each letter, from the tables of formats 4 and 12, which nearly every font has."""
    found: dict[int, int] = {}
    for n in range(unpack_from(">H", cmap, 2)[0]):
        platform, coding, start = unpack_from(">2HI", cmap, 4 + 8 * n)
        if platform == 0 or (platform, coding) in ((3, 1), (3, 10)):
            read = {4: _of_segments, 12: _of_groups}.get(unpack_from(">H", cmap, start)[0])
            found |= read(cmap[start:]) if read else {}
    return found


def _of_segments(table: bytes) -> dict[int, int]:
    n = unpack_from(">H", table, 6)[0] // 2
    last = unpack_from(f">{n}H", table, 14)
    first, delta = unpack_from(f">{n}H", table, 16 + 2 * n), unpack_from(f">{n}H", table, 16 + 4 * n)
    far = unpack_from(f">{n}H", table, 16 + 6 * n)
    found = {}
    for segment, (low, high, shift, away) in enumerate(zip(first, last, delta, far, strict=True)):
        for code in range(low, min(high, 0xFFFE) + 1):
            glyph = code
            if away:
                glyph = unpack_from(">H", table, 16 + 6 * n + 2 * segment + away + 2 * (code - low))[0]
            found[code] = (glyph + shift) % 0x10000 if glyph or not away else 0
    return found


def _of_groups(table: bytes) -> dict[int, int]:
    groups = (unpack_from(">3I", table, 16 + 12 * n) for n in range(unpack_from(">I", table, 12)[0]))
    return {code: glyph + code - low for low, high, glyph in groups for code in range(low, min(high, 0x10FFFF) + 1)}


def _family(names: bytes) -> str:
    """Return the family from the table of names; empty where there is none."""
    if not names:
        return ""
    count, texts = unpack_from(">2H", names, 2)
    found = {}
    for n in range(count):
        platform, _, _, meaning, length, offset = unpack_from(">6H", names, 6 + 12 * n)
        if platform in CODINGS and meaning in (FAMILY, WHOLE_FAMILY):
            raw = names[texts + offset :][:length]
            found[meaning, platform] = raw.decode(CODINGS[platform], "replace").replace("\x00", "").strip()
    return next((found[one] for one in sorted(found, reverse=True) if found[one]), "")
