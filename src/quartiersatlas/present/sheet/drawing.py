"""Draw a sheet: head, map, legend and comment beside it, source and definition below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.present.map.geometry import tolerance
from quartiersatlas.present.opening import source_text
from quartiersatlas.present.sheet.layout import LEADING, MARGIN, POINT, Box, Layout, line_height, lines
from quartiersatlas.present.sheet.legend import class_entries, gap_entries, heading, hints, mark_entries
from quartiersatlas.present.sheet.looks import FACILITY, GREY, INK, LOOKS
from quartiersatlas.present.sheet.map_part import HATCH, draw_map, hatch
from quartiersatlas.present.wording import axis_text, summary_texts

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.present.sheet.legend import Entry
    from quartiersatlas.release import Release, ReleasedColumn

SMALLEST = 5.5  # points: smaller letters cannot be read on paper


class Paper:
    """A matplotlib figure that is written on in millimetres from the upper left corner."""

    def __init__(self, layout: Layout) -> None:
        from matplotlib.figure import Figure

        self.layout = layout
        self.figure = Figure(figsize=(layout.width / 25.4, layout.height / 25.4), facecolor="white")
        self.ground = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.ground.set_xlim(0, layout.width)
        self.ground.set_ylim(layout.height, 0)
        self.ground.set_axis_off()

    def write(self, words: list[str], x: float, y: float, size: float, **options: Any) -> float:  # noqa: ANN401
        """Write lines below each other; return where the next line would start."""
        for line in words:
            # text from data is text: a dollar sign starts no formula
            self.ground.text(
                x, y + size * POINT * (LEADING + 0.7) / 2, line, fontsize=size, parse_math=False,
                **{"color": INK, "va": "baseline", **options},
            )  # fmt: skip
            y += line_height(size)
        return y

    def box(self, box: Box, **options: Any) -> None:  # noqa: ANN401
        """Draw a rectangle."""
        from matplotlib.patches import Rectangle

        self.ground.add_patch(Rectangle((box.x, box.y), box.width, box.height, **options))


def drawn_sheet(release: Release, column: ReleasedColumn, size: str, lang: Lang) -> Any:  # noqa: ANN401
    """Return the sheet as a matplotlib figure."""
    layout = Layout.of(size)
    paper = Paper(layout)
    top = _head(paper, release, lang)
    bottom = _foot(paper, release, column, lang)
    side = Box(layout.width - MARGIN - layout.side, top, layout.side, bottom - top)
    place = Box(MARGIN, top, layout.width - 2 * MARGIN - layout.side - 6, bottom - top)
    entries = [*class_entries(release, column, lang), *gap_entries(release, column, lang)]
    marks = mark_entries(release, lang)
    draw_map(paper, place, release, entries, marks, lang)
    end = _legend(paper, side, release, column, [*entries, *marks], lang)
    _comment(paper, Box(side.x, end, side.width, side.y + side.height - end), release, lang)
    return paper.figure


def _head(paper: Paper, release: Release, lang: Lang) -> float:
    """Write bands, title and subtitle; return where the map begins."""
    layout, zoom = paper.layout, paper.layout.zoom
    y, width = MARGIN, layout.width - 2 * MARGIN
    bands = [(notice, "#fff3c4", INK) for notice in release.notices]
    if release.is_draft:
        bands.append((text("band_draft", lang), INK, "#ffffff"))
    for words, back, ink in bands:
        written = lines(words, width - 4, 8 * zoom, bold=True)
        height = len(written) * line_height(8 * zoom) + 1.6
        paper.box(Box(MARGIN, y, width, height), facecolor=back, edgecolor="none")
        paper.write(written, MARGIN + 2, y + 0.8, 8 * zoom, weight="bold", color=ink)
        y += height + 1.2
    y = paper.write(_cut(lines(release.title, width, 16 * zoom, bold=True), 2), MARGIN, y, 16 * zoom, weight="bold")
    if release.subtitle:
        y = paper.write(_cut(lines(release.subtitle, width, 9 * zoom), 2), MARGIN, y, 9 * zoom, color=GREY)
    return y + 3


def _foot(paper: Paper, release: Release, column: ReleasedColumn, lang: Lang) -> float:
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
        *([text("fact_classes", lang)] if column.kind != "class" else []),
        *([text("fact_simplified", lang, tolerance=number_text(metres, 0, lang))] if metres else []),
    ]
    written = [line for part in words for line in _cut(lines(part, width, size), 3)]
    top = layout.height - MARGIN - len(written) * line_height(size)
    paper.ground.plot([MARGIN, MARGIN + width], [top - 1.5, top - 1.5], color="#999999", linewidth=0.5)
    paper.write(written, MARGIN, top, size, color=GREY)
    return top - 4


def _legend(
    paper: Paper, side: Box, release: Release, column: ReleasedColumn, entries: list[Entry], lang: Lang
) -> float:
    """Draw the legend; return where it ends."""
    size = 8 * paper.layout.zoom
    title = lines(heading(column, lang), side.width, size * 1.1, bold=True)
    y = paper.write(title, side.x, side.y, size * 1.1, weight="bold") + 1
    swatch, height = 8 * paper.layout.zoom, 4.2 * paper.layout.zoom
    for entry in entries:
        words = lines(entry.words, side.width - swatch - 2.5, size)
        _swatch(paper, Box(side.x, y, swatch, height), entry)
        end = paper.write(words, side.x + swatch + 2.5, y + (height - line_height(size)) / 2, size)
        y = max(y + height, end) + 1.1
    notes = [line for words in hints(release, column, lang) for line in lines(words, side.width, size * 0.85)]
    return paper.write(notes, side.x, y, size * 0.85, color=GREY) + 3


def _swatch(paper: Paper, box: Box, entry: Entry) -> None:
    if entry.mark == "facility":
        paper.ground.plot([box.x + box.width / 2], [box.y + box.height / 2], **FACILITY)
    elif entry.mark == "fill":
        paper.box(box, facecolor=entry.color, edgecolor="#9a9a9a", linewidth=0.5, hatch=entry.hatch)
    else:
        if entry.hatch:
            hatch(paper.ground, [shapely.box(box.x, box.y, box.x + box.width, box.y + box.height)], HATCH, rising=False)
        paper.box(box, facecolor="none", **LOOKS[entry.mark])


def _comment(paper: Paper, box: Box, release: Release, lang: Lang) -> None:
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
