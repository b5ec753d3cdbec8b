"""A map on a sheet of paper: head, map, legend and comment beside it, source and definition below; set by typst."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass, replace
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from quartiersatlas.base.checks import choice, expects, known_parameters
from quartiersatlas.base.files import write_bytes
from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.disclosure.words import draft_text, summary_texts
from quartiersatlas.errors import DependencyError, QuartiersatlasError, ReleaseError
from quartiersatlas.present.look import Look, check_look, worn
from quartiersatlas.present.map.topology import tolerance
from quartiersatlas.present.paper.legend import circle_entries, legend_notes, map_entries
from quartiersatlas.present.paper.legend_svg import swatch, swatch_size
from quartiersatlas.present.paper.map_svg import FONTS, alt_text, document, map_column, map_svg
from quartiersatlas.present.paper.typeset import font_note, missing_note, press, typst
from quartiersatlas.present.pictures.of_columns import legend_histogram
from quartiersatlas.present.places.context import fitted_context
from quartiersatlas.present.statements import (
    axis_text,
    check_release,
    gap_kinds,
    gap_lines,
    label_with_unit,
    source_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure as MatplotlibFigure

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.paper.legend import LegendEntry
    from quartiersatlas.present.places import Context, FittedContext


Size = Literal["A4", "A3"]
SIZES = {"A4": (297.0, 210.0), "A3": (420.0, 297.0)}
ONE_COLUMN = 4  # parts of the foot
HISTOGRAM = (70.0, 26.0)  # mm on A4
ROW, AROUND_ROWS = 3.7, 12.0  # mm: height of a row with a name, and of what stands above and below
MM = 72 / 25.4  # points
LINE = 60  # letters that a short part counts for at least
ENDINGS = (".pdf", ".svg", ".png")
EMBEDDED = re.compile(
    r'<image (?P<before>[^>]*)xlink:href="data:image/svg\+xml;base64,(?P<content>[^"]*)"(?P<after>[^>]*)/>'
)


@known_parameters
def figure(
    release: Release,
    column: str | None = None,
    *,
    size: Size = "A4",
    lang: Lang = "de",
    circles: bool = False,
    context: Context | None = None,
    look: Look | None = None,
) -> Sheet:
    """Draw a released column on a sheet of paper.

    Parameters
    ----------
    release : Release
        What is shown.
    column : str, optional
        A column of the map: class, rate, share or count. The first one of the map, if not given.
    size : {"A4", "A3"}, default "A4"
        Paper, landscape.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.
    circles : bool, default False
        Draw a count or an amount as circles whose surface is the number, instead of colouring areas: the areas of a
        city differ in size, and a large one has many of everybody.
    context : Context, optional
        Water, green, rail, roads and names, see :func:`quartiersatlas.context`.
    look : Look, optional
        Logo, accent, fonts and words of an office.

    Returns
    -------
    Sheet
        With ``.save("karte.pdf")`` (also ``.svg``, ``.png``).

    Raises
    ------
    ColumnError
        The release has no such column to draw.
    DependencyError
        The package typst is missing.
    SpecError
        The size or the language is unknown, nothing is released that could be drawn, or circles are asked for of
        something else than a count or an amount.

    Notes
    -----
    Classes and colours are those of the map (:func:`quartiersatlas.atlas_map`). The scale bar is right where the
    projection keeps lengths, which holds to about one per mille within a UTM zone.
    """
    check_release(release, "figure")
    check_lang(lang)
    choice(size, SIZES, "size")
    if column is not None:
        expects(column, str, "figure: column", 'qa.figure(rel, "sgb2_rate")')
    choice(circles, (True, False), "figure: circles")
    check_look(look, "figure")
    typst()
    chosen = map_column(release, column)
    if circles:
        circle_entries(release, chosen, lang, 1.0)  # refuses what is no total
    fitted = fitted_context(context, release, "figure")
    return Sheet(release, chosen, size, lang, circles=circles, context=fitted, look=look)


@dataclass(frozen=True, eq=False, repr=False)
class Sheet:
    """A map on a sheet of paper.

    Parameters
    ----------
    release : Release
        What is shown.
    column : ReleasedColumn
        The column that colours the areas.
    size : {"A4", "A3"}
        Landscape.
    lang : {"de", "en"}
        Language of everything a reader sees.
    circles : bool
        Whether the numbers are circles instead of colours.
    context : FittedContext, optional
        What else is drawn of the city.
    look : Look, optional
        Of an office.
    """

    release: Release
    column: ReleasedColumn
    size: Size = "A4"
    lang: Lang = "de"
    circles: bool = False
    context: FittedContext | None = None
    look: Look | None = None

    def save(self, path: str | Path, *, dpi: int = 200) -> Path:
        """Write the sheet as its ending says; whole or not at all.

        Parameters
        ----------
        path : str or Path
            A ``.pdf`` (tagged, PDF/UA-1), ``.svg`` or ``.png`` file.
        dpi : int, default 200
            Dots per inch of a PNG.

        Returns
        -------
        Path
            The file. The same release gives the same bytes.

        Raises
        ------
        ReleaseError
            The ending is none of these.
        InputError
            The folder is not there.
        """
        expects(path, (str, PathLike), "Sheet.save", 'sheet.save("karte.pdf")')
        path = Path(path)
        ending = path.suffix.lower()
        if ending not in ENDINGS:
            raise ReleaseError(f"{path.name!r}: a sheet can be saved as .pdf, .svg and .png.")
        return write_bytes(path, self._bytes(ending, dpi))

    def draw(self) -> MatplotlibFigure:
        """Return the sheet as a picture on a matplotlib figure, to show it beside others.

        Raises
        ------
        DependencyError
            matplotlib is missing.
        """
        try:
            from matplotlib.figure import Figure
            from matplotlib.image import imread
        except ImportError as error:
            raise DependencyError(
                'Drawing on a figure needs matplotlib: pip install "quartiersatlas[plots]"'
            ) from error
        width, height = SIZES[self.size]
        pixels = imread(BytesIO(self._bytes(".png", 200)), format="png")
        figure = Figure(figsize=(width / 25.4, height / 25.4))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.imshow(pixels)
        axes.set_axis_off()
        return figure

    def _bytes(self, ending: str, dpi: int) -> bytes:
        with worn(self.look, ".pdf"):
            return self._pressed(ending, dpi)

    def _pressed(self, ending: str, dpi: int) -> bytes:
        data, pictures = self._content()
        title = self.release.title
        with press("sheet.typ", data, pictures, lang=self.lang, title=title, look=self.look) as job:
            width, height = job.told("map")  # what head, foot and legend leave for the map
            job.put("map", self._map(width, height))
            if ending == ".pdf":
                return job.pdf(self.release.as_of)
            return job.png(dpi) if ending == ".png" else inlined(job.svg()).encode()

    def _map(self, width: float, height: float) -> str:
        return map_svg(
            self.release, self.column.id, self.lang, width_mm=width, height_mm=height, context=self.context,
            circles=self.circles, zoom=self._zoom, look=self.look,
        )  # fmt: skip

    @property
    def _zoom(self) -> float:
        """Size of letters and marks: on A3 they grow by less than the paper."""
        return 1.0 if self.size == "A4" else 1.25

    def _content(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return what the template needs: words, and the signs of the legend as pictures."""
        release, column, lang = self.release, self.column, self.lang
        look = Look() if self.look is None else self.look
        entries = map_entries(release, column, lang, self._zoom, circles=self.circles)
        pictures = {f"sign{number}": self._sign(entry, look.accent) for number, entry in enumerate(entries)}
        pictures["map"] = document([], 1, 1, "", "")  # until its room is known
        width, height = SIZES[self.size]
        data = {
            "width": width,
            "height": height,
            "zoom": self._zoom,
            "notices": list(release.notices),
            "draft": draft_text(release, lang) if release.is_draft else "",
            "subtitle": release.subtitle,
            "alt": alt_text(release, column, entries, lang),
            "histogram": self._histogram(pictures),
            "legend": label_with_unit(column, lang),
            "entries": [
                {"words": entry.words, "count": entry.count, "size": swatch_size(entry, self._zoom)}
                for entry in entries
            ],
            "notes": legend_notes(release, column, lang, circles=self.circles, context=self.context),
            "comment_head": text("label_comment", lang),
            "comment": release.comment or text("no_comment", lang),
            "cut": text("comment_cut", lang),
            "after": [*summary_texts(release, lang), text("reading_aid", lang)],
            "foot": _in_columns(list(self._foot())),
            "office": " · ".join(filter(None, (look.office, look.contact, look.footer))),
        }
        return data, pictures

    def _histogram(self, pictures: dict[str, str]) -> str:
        """Add how the values are spread, for the legend where the comment leaves room; return its words."""
        column = self.column
        numbers = self.release.axis_column(column.axis, "score") if column.axis else column
        if numbers is None or self.circles:
            return ""
        try:
            chart = legend_histogram(self.release, numbers.id, self.lang, colored_by=column.id)
        except QuartiersatlasError:  # too few values, or none
            return ""
        plain = replace(chart, x=replace(chart.x, label=""))
        rows = ROW * len(chart.y.bands) + AROUND_ROWS if chart.y.bands else 0.0  # few areas have a row each
        pictures["histogram"] = plain.svg(HISTOGRAM[0] * MM, max(HISTOGRAM[1], rows) * MM)
        return chart.alt

    def _sign(self, entry: LegendEntry, accent: str) -> str:
        width, height = swatch_size(entry, self._zoom)
        return document(swatch(entry, self._zoom, accent), width, height, entry.in_full, entry.in_full)

    def _foot(self) -> Iterator[str]:
        """Give source, definition, caveat and what else is said at the lower edge."""
        from quartiersatlas.version import __version__

        release, column, lang = self.release, self.column, self.lang
        definition, caveat = column.indicator.definition(lang), column.indicator.caveat(lang)
        yield f"{source_text(release, lang)} · {text('fact_version', lang, version=__version__)}"
        if definition:
            yield f"{text('label_definition', lang)}: {definition}"
        yield from filter(None, [axis_text(release, column, lang)])
        if caveat:
            yield f"{text('label_caveat', lang)}: {caveat}"
        if column.kind != "class" and not self.circles:
            yield text("fact_classes", lang)
        yield from gap_lines(gap_kinds(release, column), lang)
        if self.context is not None:
            yield from self.context.notes(lang)
        metres = tolerance(release.areas)
        if metres:
            yield text("fact_simplified", lang, tolerance=number_text(metres, 0, lang))
        words = (release.title, release.subtitle, release.source, release.comment, *release.notices)
        words = (*words, *release.areas.drop(columns="geometry").astype(str).stack())
        yield from filter(None, [font_note(words, self.look, lang), missing_note(words, lang)])

    def _repr_png_(self) -> bytes:
        """Return the sheet for a notebook; in 256 colours it takes a third of the bytes, and those of classes stay."""
        try:
            from PIL import Image
        except ImportError:
            return self._bytes(".png", 100)
        written = BytesIO()
        sheet = Image.open(BytesIO(self._bytes(".png", 100))).convert("RGB")
        sheet.quantize(256, Image.Quantize.MEDIANCUT).save(written, "png", optimize=True)
        return written.getvalue()

    def __repr__(self) -> str:
        return f"Sheet ({self.size}) of {self.column.id!r} in {self.release!r}"


def _in_columns(parts: list[str]) -> list[list[str]]:
    """Return the parts of the foot in one column, or in two of about the same length where there are many."""
    if len(parts) <= ONE_COLUMN:
        return [parts]
    lengths = [len(part) + LINE for part in parts]
    half = min(range(1, len(parts)), key=lambda cut: abs(sum(lengths[:cut]) - sum(lengths[cut:])))
    return [parts[:half], parts[half:]]


def inlined(svg: str) -> str:
    """Return an SVG with its drawings in it instead of data URLs, so that a drawing program can change them."""

    def drawing(found: re.Match[str]) -> str:
        inner = b64decode(found["content"]).decode("utf-8").strip()
        if f'{FONTS}"' not in inner:
            return found[0]  # a logo: what stands in it stays in it
        said = dict(re.findall(r'(width|height|transform)="([^"]*)"', found["before"] + found["after"]))
        size = f'width="{said["width"]}" height="{said["height"]}"'
        placed = re.sub(r'width="[^"]*" height="[^"]*"', size, inner, count=1)
        return f'<g transform="{said["transform"]}">{placed}</g>' if "transform" in said else placed

    return EMBEDDED.sub(drawing, svg)
