"""How the outputs of an office look: accent, fonts, logo, who publishes; the colours of classes stay what they are."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from math import floor
from os import PathLike, fspath
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from quartiersatlas.base.checks import expects
from quartiersatlas.charts.typeface import Typeface, read_typeface
from quartiersatlas.charts.widths import set_in
from quartiersatlas.errors import InputError, SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

ACCENT = "#b3005e"
CHOSEN = "#ffd400"  # the ring around the chosen area
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
LEAST_CONTRAST = 4.5  # of text, Web Content Accessibility Guidelines 2.2, 1.4.3
LEAST_DISTANCE = 15.0  # CIEDE2000
MOST_LOGO, MOST_FONTS = 100_000, 400_000  # bytes
MOST_WORDS = 300  # letters of a line of the look
PNG = b"\x89PNG\r\n\x1a\n"
FONT_STARTS = (b"\x00\x01\x00\x00", b"OTTO", b"true")
CARRIED = (".pdf", ".docx")  # files whose pictures are drawn in the office's font, whoever reads them
SVG = "{http://www.w3.org/2000/svg}"
SHAPES = ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan")
AROUND_SHAPES = ("svg", "g", "defs", "symbol", "use", "clipPath", "mask", "linearGradient", "radialGradient", "stop")
WORDS = ("title", "desc", "style", "metadata")
DRAWN = frozenset((*SHAPES, *AROUND_SHAPES, *WORDS))
NO_NAME = re.compile(r"[^\w .+-]")  # what could end the name of a family in a style sheet or a script
OUTSIDE = re.compile(r"url\s*\(\s*['\"]?\s*(?!#)|@import|\\", re.IGNORECASE)


def check_look(look: object, call: str) -> None:
    """Refuse what is no look, where there is one."""
    if look is not None:
        expects(look, Look, f"{call}: look", 'look=qa.Look(office="Stadt Beispiel")')


@dataclass(frozen=True)
class Look:
    """The look of an office's outputs: map, report, profile, sheet and workbook.

    Parameters
    ----------
    accent : str
        Colour of what is chosen, of candidate areas and of lines beside text, as ``"#rrggbb"``. It is readable on white
        (contrast at least 4.5 : 1) and no class of a map looks like it (CIEDE2000 distance at least 15 [1]_).
    font : path or list of path, optional
        TTF or OTF files, 400 KB in all; the first is the regular face. PDF and sheets carry it, in words, charts and
        maps; DOCX, workbooks, HTML and the page of a map name it and do not carry it. A face that has no file (bold,
        italic) is set in the nearest one, letters that it lacks in the fonts of the library; the method box of a PDF
        says which. Without it the fonts of the library.
    logo : path, optional
        An SVG that only draws, or a PNG; at most 100 KB.
    logo_alt : str
        What the logo shows, for who does not see it; needed with a logo.
    office, contact, footer : str
        Who publishes, where to ask, and what stands at the foot; at most 300 letters each.

    Raises
    ------
    SpecError
        The accent is no colour, or cannot be told from white, from a class or from the chosen area; the logo has no
        words beside it; words are too long.
    InputError
        A file is not there, too large, of another kind, a font that says no name, or the SVG does more than draw.

    Notes
    -----
    The files are read when the look is made.

    References
    ----------
    .. [1] Sharma, G., Wu, W. & Dalal, E. N. (2005). The CIEDE2000 color-difference formula. Color Research and
           Application 30(1), 21-30.

    Examples
    --------
    >>> look = Look(accent="#8a1c1c", office="Stadt Beispiel, Amt für Stadtplanung", contact="planung@stadt.example")
    >>> Look(accent="#ffee00")
    Traceback (most recent call last):
    quartiersatlas.errors.SpecError: Look: accent '#ffee00' has a contrast of 1.2 to white; text needs 4.5. ...
    """

    accent: str = ACCENT
    font: str | Path | tuple[str | Path, ...] | None = None
    logo: str | Path | None = None
    logo_alt: str = ""
    office: str = ""
    contact: str = ""
    footer: str = ""

    def __post_init__(self) -> None:
        for name in ("logo_alt", "office", "contact", "footer"):
            words = getattr(self, name)
            expects(words, str, f"Look: {name}", f'Look({name}="...")')
            if len(words) > MOST_WORDS:
                raise SpecError(f"Look: {name} has {len(words)} letters; at most {MOST_WORDS} fit.")
        check_accent(self.accent)
        kinds = (str, PathLike, list, tuple, NoneType)
        expects(self.font, kinds, "Look: font", 'Look(font="Office-Regular.ttf")')
        expects(self.logo, (str, PathLike, NoneType), "Look: logo", 'Look(logo="wappen.svg", logo_alt="Wappen")')
        fonts = () if self.font is None else self.font
        listed = (fonts,) if isinstance(fonts, str | PathLike) else tuple(fonts)
        for one in listed:
            expects(one, (str, PathLike), "Look: font", 'Look(font=["Office-Regular.ttf", "Office-Bold.ttf"])')
        object.__setattr__(self, "font", tuple(Path(one) for one in listed) or None)
        object.__setattr__(self, "_fonts", _fonts(Path(one) for one in listed))
        object.__setattr__(self, "_typeface", _typeface(self.font_files))
        object.__setattr__(self, "_logo", None if self.logo is None else _logo(Path(fspath(self.logo)), self.logo_alt))

    @property
    def font_files(self) -> dict[str, bytes]:
        """The font files by name, in the order given."""
        found: dict[str, bytes] = self._fonts  # type: ignore[attr-defined]
        return found

    @property
    def typeface(self) -> Typeface | None:
        """The widths of the letters of its font; None without one."""
        found: Typeface | None = self._typeface  # type: ignore[attr-defined]
        return found

    @property
    def family(self) -> str:
        """What its font is called; empty without one."""
        return "" if self.typeface is None else self.typeface.family

    @property
    def family_first(self) -> str:
        """The start of a list of families in a style sheet: its font, and a comma; empty without one."""
        plain = NO_NAME.sub("", self.family).strip()
        return f'"{plain}", ' if plain else ""

    @property
    def logo_file(self) -> tuple[str, bytes] | None:
        """Kind of the logo, ``"svg"`` or ``"png"``, and its bytes."""
        found: tuple[str, bytes] | None = self._logo  # type: ignore[attr-defined]
        return found

    def logo_address(self) -> str:
        """Return the logo as a data URL for an ``<img>``, in which nothing runs; empty without a logo."""
        if self.logo_file is None:
            return ""
        kind, content = self.logo_file
        return f"data:image/{'svg+xml' if kind == 'svg' else kind};base64,{b64encode(content).decode('ascii')}"


def worn(look: Look | None, ending: str) -> AbstractContextManager[None]:
    """Lay pictures out in the font of a look where a file of this ending is set in it, by default in the library's."""
    return set_in(look.typeface if look is not None and ending.lower() in CARRIED else None)


def check_accent(accent: str) -> None:
    """Refuse an accent that is no colour, that is hard to read on white, or that could be taken for a class."""
    from coloraide import Color

    from quartiersatlas.present.map import classes, matrices

    expects(accent, str, "Look: accent", 'Look(accent="#b3005e")')
    if not COLOR.fullmatch(accent):
        raise SpecError(f"Look: accent {accent!r} is not a colour of the form '#b3005e'.")
    color = Color(accent)
    contrast = color.contrast("white", method="wcag21")
    if contrast < LEAST_CONTRAST:
        raise SpecError(
            f"Look: accent {accent!r} has a contrast of {floor(contrast * 10) / 10} to white; "
            f"text needs {LEAST_CONTRAST}. Take a darker one."
        )
    ramps = (classes.NEED_COLORS, classes.CONTEXT_COLORS, classes.CONTEXT_SIX, classes.SD_COLORS)
    shown = {one for ramp in (*ramps, classes.DIVERGING_COLORS, classes.DEVIATION_COLORS) for one in ramp}
    shown |= {one for matrix in (matrices.MATRIX_COLORS, matrices.PAIR_COLORS) for ramp in matrix for one in ramp}
    nearest = min(sorted(shown | {CHOSEN}), key=lambda one: color.delta_e(one, method="2000"))
    distance = color.delta_e(nearest, method="2000")
    if distance < LEAST_DISTANCE:
        what = "the ring of the chosen area" if nearest == CHOSEN else f"the class colour {nearest}"
        raise SpecError(
            f"Look: accent {accent!r} looks like {what} (CIEDE2000 distance {distance:.1f}, at least "
            f"{LEAST_DISTANCE:.0f}). Take another hue."
        )


def _fonts(paths: Iterable[Path]) -> dict[str, bytes]:
    found = {}
    for path in paths:
        content = _read(path, MOST_FONTS, "font")
        if not content.startswith(FONT_STARTS):
            raise InputError(f"Look: font {path.name!r} is not a TTF or OTF file.")
        found[path.name] = content
    total = sum(map(len, found.values()))
    if total > MOST_FONTS:
        raise InputError(f"Look: the fonts have {total // 1000} KB together; at most {MOST_FONTS // 1000} KB fit.")
    return found


def _typeface(files: dict[str, bytes]) -> Typeface | None:
    """Return the font as far as words are measured in it."""
    if not files:
        return None
    try:
        found = read_typeface(files.values())
    except ValueError as error:
        name = list(files)[error.args[0]]
        raise InputError(f"Look: font {name!r} cannot be read as a font; it is damaged or of a rare kind.") from error
    if not found.family:
        raise InputError(f"Look: the font {next(iter(files))!r} does not say what it is called.")
    return found


def _logo(path: Path, alt: str) -> tuple[str, bytes]:
    if not alt.strip():
        raise SpecError('Look: a logo needs words for who does not see it: logo_alt="Wappen der Stadt Beispiel".')
    content = _read(path, MOST_LOGO, "logo")
    if content.startswith(PNG):
        return "png", content
    _check_svg(path.name, content)
    return "svg", content


def _read(path: Path, most: int, what: str) -> bytes:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= most else b""
    except (OSError, ValueError) as error:
        raise InputError(f"Look: the {what} {str(path)!r} cannot be read: {error}") from error
    if size > most:
        raise InputError(f"Look: the {what} {path.name!r} has {size // 1000} KB; at most {most // 1000} KB fit.")
    return content


def _check_svg(name: str, content: bytes) -> None:
    """Refuse an SVG that does anything but draw: scripts, foreign content, events, whatever points outside itself."""
    try:
        words = content.decode("utf-8-sig")
        if any(one in words.upper() for one in ("<!DOCTYPE", "<!ENTITY", "<?XML-STYLESHEET")):
            raise InputError(f"Look: the logo {name!r} refers to other files; save it as a plain SVG.")
        root = ET.fromstring(words.encode())  # noqa: S314 - small, and without entities
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise InputError(f"Look: the logo {name!r} is neither a PNG nor an SVG.") from error
    if root.tag != f"{SVG}svg":
        raise InputError(f"Look: the logo {name!r} is neither a PNG nor an SVG.")
    drawn = [one for one in root.iter() if isinstance(one.tag, str) and one.tag.startswith(SVG)]
    foreign = {one.tag.removeprefix(SVG) for one in drawn} - DRAWN
    if foreign:
        raise InputError(f"Look: the logo {name!r} does more than draw: {list_some(sorted(foreign))}.")
    for one in root.iter():
        for attribute, value in one.attrib.items():
            plain = attribute.rpartition("}")[2].lower()
            points_out = plain in ("href", "src") and not value.strip().startswith("#")
            if plain.startswith("on") or points_out or OUTSIDE.search(value):
                raise InputError(f"Look: the logo {name!r} does more than draw: its attribute {plain!r}.")
        if one.tag == f"{SVG}style" and OUTSIDE.search(one.text or ""):
            raise InputError(f"Look: the logo {name!r} refers to other files in its styles.")
