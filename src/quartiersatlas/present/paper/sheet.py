"""A map on paper or in a picture: head, map, legend and comment beside it, source and definition below."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import shapely

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.files import write_bytes
from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.disclosure.words import draft_text, summary_texts, value_text
from quartiersatlas.errors import ColumnError, DependencyError, ReleaseError, SpecError
from quartiersatlas.present.map.classes import (
    class_labels,
    column_colors,
    is_first_axis,
    is_total,
    map_columns,
    quantile_breaks,
)
from quartiersatlas.present.map.topology import tolerance
from quartiersatlas.present.paper.sheet_circles import CIRCLE, circle_entries
from quartiersatlas.present.paper.sheet_map import HATCH, draw_map, hatch
from quartiersatlas.present.paper.sheet_page import (
    FACILITY,
    GREY,
    INK,
    LOOKS,
    MARGIN,
    SIZES,
    SMALLEST,
    LegendEntry,
    SheetBox,
    SheetLayout,
    SheetPaper,
    line_height,
    lines,
)
from quartiersatlas.present.statements import (
    GAPS,
    axis_text,
    check_release,
    gap_kinds,
    gap_lines,
    gap_text,
    label_with_unit,
    source_text,
)
from quartiersatlas.screening import running_programmes

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.paper.sheet_page import LegendSymbol


Size = Literal["A4", "A3"]
# the same file every time: no dates, no names of programs and versions
METADATA: dict[str, dict[str, str | None]] = {
    ".pdf": {"CreationDate": None, "ModDate": None, "Creator": "quartiersatlas", "Producer": None},
    ".svg": {"Date": None, "Creator": "quartiersatlas"},
    ".png": {"Software": None},
}
STYLE = {
    "pdf.fonttype": 42,  # fonts as fonts: text can be searched
    "svg.fonttype": "path",  # letters as outlines: they look alike on every machine
    "svg.hashsalt": "quartiersatlas",
    "hatch.linewidth": 0.5,
    "text.hinting": "none",  # letters as wide on every device as they were measured
    "font.family": "DejaVu Sans",
    "axes.unicode_minus": True,
}


def figure(
    release: Release, column: str | None = None, *, size: Size = "A4", lang: Lang = "de", circles: bool = False
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

    Returns
    -------
    Sheet
        With ``.save("karte.pdf")`` (also ``.svg``, ``.png``) and ``.draw()``.

    Raises
    ------
    ColumnError
        The release has no such column to draw.
    DependencyError
        The package matplotlib is missing.
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
    try:
        import matplotlib as mpl  # noqa: F401 - only asked for
    except ImportError as error:
        raise DependencyError('Sheets need the package matplotlib: pip install "quartiersatlas[paper]"') from error
    columns = {c.id: c for c in map_columns(release)}
    if not columns:
        raise SpecError("The release has no column to draw: release(..., columns=[...]) or need=...")
    if column is not None and column not in columns:
        raise ColumnError.not_found(column, columns, "The map of the release")
    chosen = columns[column] if column is not None else next(iter(columns.values()))
    if circles:
        circle_entries(release, chosen, lang, 1.0)  # refuses what is no total
    return Sheet(release, chosen, size, lang, circles=circles)


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
    """

    release: Release
    column: ReleasedColumn
    size: Size = "A4"
    lang: Lang = "de"
    circles: bool = False

    def save(self, path: str | Path, *, dpi: int = 200) -> Path:
        """Write the sheet as its ending says; whole or not at all.

        Parameters
        ----------
        path : str or Path
            A ``.pdf``, ``.svg`` (both vector) or ``.png`` file.
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
        if ending not in METADATA:
            raise ReleaseError(f"{path.name!r}: a sheet can be saved as .pdf, .svg and .png.")
        return write_bytes(path, self._bytes(ending, dpi))

    def draw(self) -> Any:  # noqa: ANN401 - a matplotlib Figure, which is optional
        """Return the sheet as a matplotlib figure."""
        with _style():
            return drawn_sheet(self.release, self.column, self.size, self.lang, circles=self.circles)

    def _bytes(self, ending: str, dpi: int) -> bytes:
        with _style():
            sheet = drawn_sheet(self.release, self.column, self.size, self.lang, circles=self.circles)
            written = BytesIO()
            sheet.savefig(written, format=ending[1:], dpi=dpi, metadata=METADATA[ending])
        return written.getvalue()

    def _repr_png_(self) -> bytes:
        """Return the sheet for a notebook; in 256 colours it takes a third of the bytes, and those of classes stay."""
        from PIL import Image  # matplotlib brings it

        written = BytesIO()
        sheet = Image.open(BytesIO(self._bytes(".png", 100))).convert("RGB")
        sheet.quantize(256, Image.Quantize.MEDIANCUT).save(written, "png", optimize=True)
        return written.getvalue()

    def __repr__(self) -> str:
        return f"Sheet ({self.size}) of {self.column.id!r} in {self.release!r}"


def _style() -> AbstractContextManager[None]:
    """Return matplotlib's own style with ours on top: what a user has set changes no sheet."""
    from matplotlib import style

    return style.context(["default", STYLE])


def drawn_sheet(release: Release, column: ReleasedColumn, size: str, lang: Lang, *, circles: bool) -> Any:  # noqa: ANN401
    """Return the sheet as a matplotlib figure."""
    layout = SheetLayout.of(size)
    paper = SheetPaper(layout)
    top = _head(paper, release, lang)
    bottom = _foot(paper, release, column, lang, circles=circles)
    side = SheetBox(layout.width - MARGIN - layout.side, top, layout.side, bottom - top)
    frame = SheetBox(MARGIN, top, layout.width - 2 * MARGIN - layout.side - 6, bottom - top)
    made = circle_entries(release, column, lang, layout.zoom) if circles else class_entries(release, column, lang)
    entries = [*made, *gap_entries(release, column, lang)]
    overlays = overlay_entries(release, lang)
    draw_map(paper, frame, release, entries, overlays, lang)
    end = _legend(paper, side, release, column, [*entries, *overlays], lang)
    _comment(paper, SheetBox(side.x, end, side.width, side.y + side.height - end), release, lang)
    return paper.figure


def _head(paper: SheetPaper, release: Release, lang: Lang) -> float:
    """Write bands, title and subtitle; return where the map begins."""
    layout, zoom = paper.layout, paper.layout.zoom
    y, width = MARGIN, layout.width - 2 * MARGIN
    bands = [(notice, "#fff3c4", INK) for notice in release.notices]
    if release.is_draft:
        bands.append((draft_text(release, lang), INK, "#ffffff"))
    for words, back, ink in bands:
        written = lines(words, width - 4, 8 * zoom, bold=True)
        height = len(written) * line_height(8 * zoom) + 1.6
        paper.box(SheetBox(MARGIN, y, width, height), facecolor=back, edgecolor="none")
        paper.write(written, MARGIN + 2, y + 0.8, 8 * zoom, weight="bold", color=ink)
        y += height + 1.2
    y = paper.write(_cut(lines(release.title, width, 16 * zoom, bold=True), 2), MARGIN, y, 16 * zoom, weight="bold")
    if release.subtitle:
        y = paper.write(_cut(lines(release.subtitle, width, 9 * zoom), 2), MARGIN, y, 9 * zoom, color=GREY)
    return y + 3


def _foot(paper: SheetPaper, release: Release, column: ReleasedColumn, lang: Lang, *, circles: bool) -> float:
    """Write source, date, definition and caveat at the lower edge; return where the map ends."""
    from quartiersatlas.version import __version__

    layout, size = paper.layout, 6.5 * paper.layout.zoom
    width = layout.width - 2 * MARGIN
    metres = tolerance(release.areas)
    definition, caveat = column.indicator.definition(lang), column.indicator.caveat(lang)
    axis = axis_text(release, column, lang)
    words = [
        f"{source_text(release, lang)} · {text('fact_version', lang, version=__version__)}",
        *([f"{text('label_definition', lang)}: {definition}"] if definition else []),
        *([axis] if axis else []),
        *([f"{text('label_caveat', lang)}: {caveat}"] if caveat else []),
        *([text("fact_classes", lang)] if column.kind != "class" and not circles else []),
        *gap_lines(gap_kinds(release, column), lang),
        *([text("fact_simplified", lang, tolerance=number_text(metres, 0, lang))] if metres else []),
    ]
    written = [line for part in words for line in _cut(lines(part, width, size), 3)]
    top = layout.height - MARGIN - len(written) * line_height(size)
    paper.canvas.plot([MARGIN, MARGIN + width], [top - 1.5, top - 1.5], color="#999999", linewidth=0.5)
    paper.write(written, MARGIN, top, size, color=GREY)
    return top - 4


# fill and hatch of areas without a value, as on the map: every pattern differs, not the grey alone
GAP_LOOKS = {
    "missing": ("#dddddd", ""),
    "unreliable": ("#dddddd", ""),
    "not_applicable": ("#dddddd", ""),
    "excluded": ("#dddddd", "||"),
    "protected": ("#ffffff", "..."),
    "source": ("#ffffff", "..."),
    "derived": ("#ffffff", "..."),
    "small_area": ("#ededed", "||"),
    "unknown_residents": ("#ededed", "--"),
    "uninhabited": ("#ffffff", ""),
}


def class_entries(release: Release, column: ReleasedColumn, lang: Lang) -> list[LegendEntry]:
    """Return one entry per class, from low to high, with the number of areas in brackets."""
    values = release.values[column.id]
    if column.kind == "class":
        members = [(c.label(lang), values.eq(c.id).fillna(value=False)) for c in column.classes]
    else:
        members = _ranges(values.astype(float), column, lang)
    colors = column_colors(column, len(members), first_axis=is_first_axis(release, column))
    return [
        _entry(words, chosen, color=color, lang=lang) for (words, chosen), color in zip(members, colors, strict=True)
    ]


def _ranges(values: pd.Series[float], column: ReleasedColumn, lang: Lang) -> list[tuple[str, pd.Series[bool]]]:
    """Return the ranges between the limits of the classes in words, and the areas in each."""
    known = values.dropna()
    if known.empty:
        return []
    limits = [float(known.min()), *quantile_breaks(values), float("inf")]
    members = [values.ge(lower) & values.lt(upper) for lower, upper in pairwise(limits)]
    return list(zip(class_labels(column, values, lang), members, strict=True))


def gap_entries(release: Release, column: ReleasedColumn, lang: Lang) -> list[LegendEntry]:
    """Return one entry per reason for which areas have no value."""
    gaps = gap_kinds(release, column)
    entries = []
    for gap in GAPS:
        chosen = gaps.eq(gap)
        if chosen.any():
            color, hatch = GAP_LOOKS[gap]
            entries.append(_entry(gap_text(gap, lang), chosen, color=color, hatch=hatch, lang=lang))
    return entries


def overlay_entries(release: Release, lang: Lang) -> list[LegendEntry]:
    """Return the entries of what is drawn over the areas, where there is any."""
    entries = []
    words = text("legend_selected_context" if release.context_only else "legend_selected", lang)
    is_open = borderline_areas(release)
    sure = release.selected & ~is_open
    if sure.any():
        entries.append(_entry(words, sure, symbol="selected", hatch="/", lang=lang))
    if is_open.any():
        border = text("legend_open", lang, label=words)
        entries.append(_entry(border, is_open, symbol="borderline", hatch="/", lang=lang))
    if release.candidates is not None and len(release.candidates):
        entries.append(LegendEntry(f"{text('legend_candidate', lang)} ({len(release.candidates)})", "candidate"))
    if release.programmes is not None:
        runs = running_programmes(release.programmes)
        if runs.any():
            entries.append(LegendEntry(f"{text('legend_programme', lang)} ({int(runs.sum())})", "programme"))
        if not runs.all():
            words = text("legend_programme_other", lang)
            entries.append(LegendEntry(f"{words} ({int((~runs).sum())})", "programme_other"))
    if release.facilities is not None and len(release.facilities):
        entries.append(LegendEntry(f"{text('legend_facility', lang)} ({len(release.facilities)})", "facility"))
    return entries


def borderline_areas(release: Release) -> pd.Series[bool]:
    """Return the selected areas that are borderline: another run of chance or choices would leave them out."""
    if release.stability is None:
        return release.selected & False
    return release.selected & release.stability.table["label"].eq("borderline")


def _entry(
    words: str,
    chosen: pd.Series[bool],
    *,
    lang: Lang,
    symbol: LegendSymbol = "fill",
    color: str = "#ffffff",
    hatch: str = "",
) -> LegendEntry:
    keys = tuple(map(str, chosen.index[chosen]))
    return LegendEntry(f"{words} ({number_text(len(keys), 0, lang)})", symbol, color, hatch, keys)


def _legend(
    paper: SheetPaper, side: SheetBox, release: Release, column: ReleasedColumn, entries: list[LegendEntry], lang: Lang
) -> float:
    """Draw the legend; return where it ends."""
    size = 8 * paper.layout.zoom
    title = lines(label_with_unit(column, lang), side.width, size * 1.1, bold=True)
    y = paper.write(title, side.x, side.y, size * 1.1, weight="bold") + 1
    swatch, height = 8 * paper.layout.zoom, 4.2 * paper.layout.zoom
    for entry in entries:
        wide, high = max(swatch, 2 * entry.radius), max(height, 2 * entry.radius)
        words = lines(entry.words, side.width - wide - 2.5, size)
        _swatch(paper, SheetBox(side.x, y, wide, high), entry)
        end = paper.write(words, side.x + wide + 2.5, y + (high - line_height(size)) / 2, size)
        y = max(y + high, end) + 1.1
    says = [] if any(entry.radii for entry in entries) else legend_notes(release, column, lang)
    notes = [line for words in says for line in lines(words, side.width, size * 0.85)]
    return paper.write(notes, side.x, y, size * 0.85, color=GREY) + 3


def legend_notes(release: Release, column: ReleasedColumn, lang: Lang) -> list[str]:
    """Return what helps to read the classes: which way the need index runs, the city value, what is in brackets."""
    words = [text("legend_need", lang)] if is_first_axis(release, column) else []
    if is_total(column):
        words.append(text("legend_count", lang))
    if pd.notna(column.city):
        words.append(text("legend_city", lang, value=value_text(column.city, column, lang)))
    return [*words, text("legend_areas", lang)]


def _swatch(paper: SheetPaper, box: SheetBox, entry: LegendEntry) -> None:
    if entry.symbol == "facility":
        paper.canvas.plot([box.x + box.width / 2], [box.y + box.height / 2], **FACILITY)
    elif entry.symbol in ("circle", "circles"):
        from matplotlib.patches import Circle

        radius = entry.radius or box.height / 3
        paper.canvas.add_patch(Circle((box.x + box.width / 2, box.y + box.height / 2), radius, **CIRCLE))
    elif entry.symbol == "fill":
        paper.box(box, facecolor=entry.color, edgecolor="#9a9a9a", linewidth=0.5, hatch=entry.hatch)
    else:
        if entry.hatch:
            hatch(paper.canvas, [shapely.box(box.x, box.y, box.x + box.width, box.y + box.height)], HATCH, rising=False)
        paper.box(box, facecolor="none", **LOOKS[entry.symbol])


def _comment(paper: SheetPaper, box: SheetBox, release: Release, lang: Lang) -> None:
    """Write comment, key figures and reading aid, in the largest letters that fit; a comment that is cut says so."""
    full = 7.5 * paper.layout.zoom
    for step in range(int((full - SMALLEST) / 0.25) + 1):
        size = full - 0.25 * step
        head, comment, rest = _comment_lines(release, box.width, size, lang)
        room = int(box.height / line_height(size) - 1) - len(head) - len(rest)
        if len(comment) <= room:
            break
    else:
        more = lines(text("comment_cut", lang), box.width, size)
        comment = [*comment[: max(room - len(more), 0)], *more]
    y = paper.write(head, box.x, box.y, size, weight="bold")
    y = paper.write(comment, box.x, y, size)
    paper.write(rest, box.x, y + line_height(size) / 2, size)


def _comment_lines(release: Release, width: float, size: float, lang: Lang) -> tuple[list[str], list[str], list[str]]:
    """Return heading, comment, and what is never cut: key figures and reading aid."""
    return (
        lines(text("label_comment", lang), width, size, bold=True),
        lines(release.comment or text("no_comment", lang), width, size),
        [
            line
            for part in (*summary_texts(release, lang), text("reading_aid", lang))
            for line in lines(part, width, size)
        ],
    )


def _cut(written: list[str], most: int) -> list[str]:
    """Return at most so many lines; the last one shows that there are more."""
    return written if len(written) <= most else [*written[: most - 1], f"{written[most - 1]} …"]
