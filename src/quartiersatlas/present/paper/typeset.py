"""Pages set by typst: data travel as JSON and pictures as files, so that no word of them becomes markup."""

from __future__ import annotations

import json
import re
import unicodedata
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from html import escape, unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.files import WRITTEN
from quartiersatlas.catalogue import text
from quartiersatlas.charts.widths import FALLBACK, FONTS, NO_LETTER, SANS, has_letter, text_width
from quartiersatlas.errors import DependencyError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.present.look import Look

TEMPLATES = Path(__file__).with_name("templates")
PNG = b"\x89PNG"
# control letters, halves of letters, joiners, and marks that turn the direction of all that follows
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e0fff]"
)
HALO = re.compile(
    r'<text ([^>]*?) ?paint-order="stroke" stroke="([^"]*)" stroke-width="([\d.]+)" stroke-linejoin="round"([^>]*)>'
    "([^<]*)</text>"
)
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
# how far letters reach above and below their baseline, in parts of their size
SMALL, TALL, MARKED, BELOW = 0.55, 0.74, 0.97, 0.24
MOST_CODES = 20
NARROWER = 0.7  # the edge around boxes of letters, by that around letters
DATES = ("%d.%m.%Y", "%Y-%m-%d", "%m.%Y", "%Y-%m", "%Y")
BARE = b'#set page(width: auto, height: auto, margin: 0pt, fill: white)\n#image("picture.svg")\n'


def svg_png(svg: str, ppi: int = 200, look: Look | None = None) -> bytes:
    """Return an SVG as PNG, in the font of a look before those of the library.

    Raises
    ------
    DependencyError
        The package typst is missing.
    InputError
        Typst cannot read the font of the look.
    """
    typst()
    with TemporaryDirectory() as name:
        folder = Path(name)
        families, fonts = _office_fonts(folder, look)
        (folder / "picture.svg").write_text(settable(_set_in(svg, families)), encoding="utf-8")
        (folder / "main.typ").write_bytes(BARE)
        return Press(folder, fonts).png(ppi)


@dataclass(frozen=True)
class Press:
    """A folder with everything that a document is set from."""

    folder: Path
    fonts: Any
    families: tuple[str, ...] = ()

    def pdf(self, as_of: str) -> bytes:
        """Return the pages as a tagged PDF (PDF/UA-1), dated as the data: the same data give the same bytes."""
        for file in (self.folder / "pictures").glob("*.svg"):
            file.write_text(edged(file.read_text(encoding="utf-8")), encoding="utf-8")
        options = {"pdf_standards": ["ua-1"], "timestamp": int(_day(as_of).timestamp())}
        return self._compiled(format="pdf", **options)

    def png(self, ppi: int) -> bytes:
        """Return the only page as a picture."""
        return self._compiled(format="png", ppi=float(ppi))

    def svg(self) -> str:
        """Return the only page as SVG; letters are outlines, pictures stand in it as data URLs."""
        return self._compiled(format="svg").decode("utf-8")

    def put(self, name: str, picture: str | bytes) -> None:
        """Put a picture where the template finds it."""
        _write_picture(self.folder / "pictures", name, picture, self.families)

    def change(self, **values: Any) -> None:  # noqa: ANN401 - JSON
        """Give the template other values of ``doc``."""
        file = self.folder / "data.json"
        content = json.loads(file.read_text(encoding="utf-8")) | values
        file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    def told(self, name: str) -> Any:  # noqa: ANN401 - what a template tells
        """Return what the template has put beside a label as metadata."""
        main = str(self.folder / "main.typ")
        found = typst().query(main, f"<{name}>", field="value", one=True, **self._place())
        return json.loads(found)

    def _compiled(self, **options: Any) -> bytes:  # noqa: ANN401
        made: bytes = typst().compile(str(self.folder / "main.typ"), **self._place(), **options)
        return made

    def _place(self) -> dict[str, Any]:
        return {"root": str(self.folder), "font_paths": self.fonts, "ignore_system_fonts": True}


@contextmanager
def press(
    template: str,
    data: Mapping[str, Any],
    pictures: Mapping[str, str | bytes],
    *,
    lang: Lang,
    title: str,
    look: Look | None = None,
) -> Iterator[Press]:
    """Give a folder from which a document can be set.

    Parameters
    ----------
    template : str
        A file of the folder ``templates``, ``"sheet.typ"``; it imports ``base.typ``.
    data : mapping
        What the template finds in ``doc``, as JSON; besides, ``doc`` has lang, title, fonts, accent and logo.
    pictures : mapping of str to str or bytes
        SVG text or PNG bytes by name; the template finds them as ``pictures/<name>.svg`` or ``.png``.
    lang : {"de", "en"}
        Language of the document.
    title : str
        Its title.
    look : Look, optional
        Fonts, accent and logo of an office.

    Yields
    ------
    Press
        The folder.

    Raises
    ------
    DependencyError
        The package typst is missing.
    InputError
        Typst cannot read the font of the look.
    """
    typst()
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file in TEMPLATES.glob("*.typ"):
            target = "main.typ" if file.name == template else file.name
            (folder / target).write_bytes(file.read_bytes())
        (folder / "pictures").mkdir()
        families, fonts = _office_fonts(folder, look)
        for called, content in pictures.items():
            _write_picture(folder / "pictures", called, content, families)
        doc = {**data, "lang": lang, "title": title, "fonts": [*families, SANS, FALLBACK]}
        doc |= {"accent": None if look is None else look.accent, "logo": _logo(folder / "pictures", look)}
        (folder / "data.json").write_text(json.dumps(_set(doc), ensure_ascii=False), encoding="utf-8")
        yield Press(folder, fonts, families)


def settable(words: str) -> str:
    """Return words without letters that nobody sees, and with a box for each that no font has.

    Examples
    --------
    >>> settable("Dorf 漢"), settable("Nord Süd")
    ('Dorf □', 'Nord Süd')
    """
    seen = UNSEEN.sub("", words)
    return "".join(letter if letter in "\n\r\t" or has_letter(letter) else NO_LETTER for letter in seen)


def edged(svg: str) -> str:
    r"""Return an SVG in which the light edge of words is a surface below all their letters.

    In a PDF each letter would get its edge after the letter before it, which it would cover; and an edge made of
    letters would be words too, so that a reader copied or heard each word twice.

    Examples
    --------
    >>> edge = 'paint-order="stroke" stroke="#fff" stroke-width="2" stroke-linejoin="round"'
    >>> print(edged(f'<text x="1" y="9" font-size="5" {edge}>.</text>').replace("><", ">\n<"))
    <path d="M1 5.3h1.34v3.7h-1.34z" fill="#fff" stroke="#fff" stroke-width="1.4" stroke-linejoin="round"/>
    <text x="1" y="9" font-size="5">.</text>
    """

    def apart(found: re.Match[str]) -> str:
        before, color, width, after, words = found.groups()
        look = dict(ATTRIBUTE.findall(before + after))
        path = _below_letters(unescape(words), look)
        if not path:
            return f"<text {before}{after}>{words}</text>"
        turned = f' transform="{look["transform"]}"' if "transform" in look else ""
        edge = f'fill="{color}" stroke="{color}" stroke-width="{NARROWER * float(width):.4g}" stroke-linejoin="round"'
        return f'<path d="{path}" {edge}{turned}/><text {before}{after}>{words}</text>'

    return HALO.sub(apart, svg)


def _below_letters(words: str, look: dict[str, str]) -> str:
    """Return a box for each letter of words, as high and as low as the letter reaches."""
    size, x, y = (float(look.get(name, 0)) for name in ("font-size", "x", "y"))
    bold, italic = look.get("font-weight") in ("700", "bold"), look.get("font-style") == "italic"
    apart = float(look.get("letter-spacing", 0))
    steps = [text_width(letter, size, bold=bold, italic=italic) + apart for letter in words]
    x -= {"middle": 0.5, "end": 1.0}.get(look.get("text-anchor", ""), 0.0) * sum(steps)
    boxes = []
    for letter, step in zip(words, steps, strict=True):
        base = unicodedata.normalize("NFD", letter)
        tall = TALL if base[0] not in "acemnorsuvwxzgpqy" else SMALL
        top = MARKED if len(base) > 1 and tall == TALL else TALL if len(base) > 1 else tall
        low = BELOW if base[0] in "gjpqyQ,;()[]/|§" or len(base) > 1 else 0.0
        if not letter.isspace():
            boxes.append(f"M{x:.4g} {y - top * size:.4g}h{step:.4g}v{(top + low) * size:.4g}h{-step:.4g}z")
        x += step
    return "".join(boxes)


def missing_letters(words: str) -> str:
    """Return the letters that no font has, each once, in their order.

    Examples
    --------
    >>> missing_letters("Dorf 漢字 漢")
    '漢字'
    """
    seen = dict.fromkeys(UNSEEN.sub("", words))
    return "".join(letter for letter in seen if letter not in "\n\r\t" and not has_letter(letter))


def missing_note(words: Iterable[str], lang: Lang) -> str:
    """Return what the method box says of letters that no font has; empty where there is none."""
    letters = missing_letters("".join(words))
    codes = ", ".join(f"U+{ord(letter):04X}" for letter in letters[:MOST_CODES])
    more = " ..." if len(letters) > MOST_CODES else ""
    return text("fact_letters", lang, letters=f"{codes}{more}") if letters else ""


def font_note(words: Iterable[str], look: Look | None, lang: Lang) -> str:
    """Return what an office's font lacks of a document: a bold face, and letters of these words; empty if nothing."""
    own = None if look is None else look.typeface
    if own is None:
        return ""
    there = own.faces[0].widths
    lacking = dict.fromkeys(one for one in UNSEEN.sub("", "".join(words)) if ord(one) not in there)
    letters = [one for one in lacking if not one.isspace() and has_letter(one)]
    has_bold = any(face.bold for face in own.faces)
    lines = [] if has_bold else [text("fact_font_face", lang, font=own.family)]
    if letters:
        shown = " ".join(letters[:MOST_CODES]) + (" ..." if len(letters) > MOST_CODES else "")
        lines.append(text("fact_font_letters", lang, font=own.family, letters=shown))
    return " ".join(lines)


def typst() -> ModuleType:
    """Return the package typst.

    Raises
    ------
    DependencyError
        It is missing.
    """
    try:
        import typst as found
    except ImportError as error:
        raise DependencyError('PDF and sheets need the package typst: pip install "quartiersatlas[paper]"') from error
    return found


def _set(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON of which every text can be set."""
    if isinstance(value, str):
        return settable(value)
    if isinstance(value, dict):
        return {str(key): _set(one) for key, one in value.items()}
    return [_set(one) for one in value] if isinstance(value, list | tuple) else value


def _write_picture(folder: Path, name: str, content: str | bytes, families: tuple[str, ...]) -> None:
    if isinstance(content, str):
        (folder / f"{name}.svg").write_text(settable(_set_in(content, families)), encoding="utf-8")
    else:
        (folder / f"{name}.{'png' if content.startswith(PNG) else 'svg'}").write_bytes(content)


def _logo(folder: Path, look: Look | None) -> dict[str, str] | None:
    if look is None or look.logo_file is None:
        return None
    kind, content = look.logo_file
    (folder / f"logo.{kind}").write_bytes(content)
    return {"path": f"pictures/logo.{kind}", "alt": look.logo_alt}


def _set_in(svg: str, families: tuple[str, ...]) -> str:
    """Return a picture of the library in an office's font, and where that has no letter in its own."""
    named = "".join(f"'{escape(family)}', " for family in families)
    return svg.replace(f'font-family="{SANS},', f'font-family="{named}{SANS},', 1)


def _office_fonts(folder: Path, look: Look | None) -> tuple[tuple[str, ...], Any]:
    """Return the families of an office's fonts, as typst calls them, and all fonts."""
    if look is None or not look.font_files:
        return (), _own_fonts()
    own = folder / "fonts"
    own.mkdir()
    for name, content in look.font_files.items():
        (own / name).write_bytes(content)
    families = typst().Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(own)]).families()
    if not families:
        raise InputError(f"Look: font {next(iter(look.font_files))!r} cannot be set by typst; take another file of it.")
    return tuple(families), typst().Fonts(include_system_fonts=False, font_paths=[str(own), str(FONTS)])


@cache
def _own_fonts() -> Any:  # noqa: ANN401 - fonts, as typst holds them
    """Return the fonts of the library and those that typst carries."""
    return typst().Fonts(include_system_fonts=False, font_paths=[str(FONTS)])


def _day(as_of: str) -> datetime:
    """Return the date of the data; where it is none, the one that all files of the library have."""
    for pattern in DATES:
        with suppress(ValueError):
            return datetime.strptime(as_of.strip(), pattern).replace(tzinfo=UTC)
    return WRITTEN.replace(tzinfo=UTC)
