"""A chart on matplotlib Axes, for notebooks: laid out as the SVG is, from the widths of its words."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from quartiersatlas.charts.layout import GAP, SIZE, SWATCH, Frame, frame_of, room_below
from quartiersatlas.charts.marks import FAINT, INK, PAPER, QUIET, Axis, Bar, Dot, HRule, Line, Mark, Strip, Text, VRule
from quartiersatlas.charts.widths import FONTS, SANS, cut_name, drawable, wrapped
from quartiersatlas.errors import DependencyError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from quartiersatlas.charts.record import ChartRecord

WIDTH = 504.0  # points: seven inches
INCH = 72.0
TITLE, NOTE = 10.0, 7.0  # sizes in points
ON_PIXELS = 1.04  # so many times wider small letters are set where pixels are few
LINE = 1.3  # height of a line by the size of its words
SIGNS = {"circle": "o", "diamond": "D", "triangle": "v"}


def draw(chart: ChartRecord, ax: Axes | None = None) -> Axes:
    """Draw a chart.

    Parameters
    ----------
    chart : Chart
        The chart.
    ax : Axes, optional
        Where; a new figure, if not given.

    Returns
    -------
    Axes
        With title, marks, ticks and note as the chart says.

    Raises
    ------
    DependencyError
        matplotlib is missing.
    """
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise DependencyError('plot() needs matplotlib: pip install "quartiersatlas[plots]".') from error
    if ax is None:
        return _on_figure(chart, plt.figure())
    box = ax.get_position()
    inches = ax.get_figure(root=True).get_size_inches()  # type: ignore[union-attr] # Axes of no figure draw nothing
    wide, high = INCH * inches[0] * box.width, INCH * inches[1] * box.height
    frame = frame_of(chart, wide, high, ON_PIXELS)
    _fill(chart, ax, frame, wrapped(drawable(chart.title), wide, TITLE, 2), _note(chart, wide))
    return ax


def chart_png(chart: ChartRecord, dpi: int = 144) -> bytes:
    """Return a chart as PNG; the same chart gives the same bytes.

    Parameters
    ----------
    chart : Chart
        The chart.
    dpi : int, default 144
        Dots per inch; a chart is seven inches wide.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    DependencyError
        matplotlib is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DependencyError('Pictures need matplotlib: pip install "quartiersatlas[plots]".') from error
    figure = Figure()
    FigureCanvasAgg(figure)
    _on_figure(chart, figure)
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=dpi, metadata={"Software": None})
    return picture.getvalue()


def _on_figure(chart: ChartRecord, figure: Figure) -> Axes:
    """Lay a chart out on a figure of the height that it needs."""
    title = wrapped(drawable(chart.title), WIDTH - 2 * GAP, TITLE, 2)
    note = _note(chart, WIDTH)
    above, below = LINE * TITLE * len(title) + GAP, LINE * NOTE * len(note) + 2 * GAP
    frame = frame_of(chart, WIDTH, max(chart.height * WIDTH, 80.0), ON_PIXELS)
    height = above + frame.top + frame.height + room_below(chart.x, frame.names) + below
    figure.set_size_inches(WIDTH / INCH, height / INCH)
    place = (
        frame.left / WIDTH,
        (room_below(chart.x, frame.names) + below) / height,
        frame.width / WIDTH,
        frame.height / height,
    )
    ax: Axes = figure.add_axes(place)
    _fill(chart, ax, frame, title, note)
    return ax


def _note(chart: ChartRecord, width: float) -> list[str]:
    return wrapped(drawable(chart.note), (width - 2 * GAP) / ON_PIXELS, NOTE)


def _fill(chart: ChartRecord, ax: Axes, frame: Frame, title: list[str], note: list[str]) -> None:
    """Draw everything; words outside the frame stand at distances in points from its upper left corner."""
    _scale(ax, chart, frame)
    for order, mark in enumerate(chart.marks):
        _mark(ax, mark, 3 + order / 100, frame)
    corner = (0, 1), "axes fraction"
    for row, words in enumerate(reversed(title)):
        up = frame.top + GAP + row * LINE * TITLE
        _write(ax, words, *corner, (GAP - frame.left, up), size=TITLE, weight="bold", ha="left", va="bottom")
    if chart.y.show and chart.y.label:
        place = (GAP - frame.left, frame.top - frame.label_at)
        _write(ax, chart.y.label, *corner, place, color=QUIET, ha="left", va="baseline")
    for entry in frame.key:
        place = (entry.x - frame.left + SWATCH + GAP, frame.top - entry.y)
        _write(ax, entry.words, *corner, place, color=QUIET, ha="left", va="baseline")
        swatch = (entry.x - frame.left, frame.top - entry.y - 1)
        _write(ax, "■", *corner, swatch, color=entry.color, size=SWATCH + 2, ha="left", va="baseline")
    for row, words in enumerate(chart.right):
        _write(ax, words, (1, row), ("axes fraction", "data"), (frame.right - GAP, 0), ha="right", va="center")
    bottom = room_below(chart.x, frame.names)
    if chart.x.show and chart.x.label:
        _write(ax, chart.x.label, (1, 0), "axes fraction", (0, 2 - bottom), color=QUIET, ha="right", va="bottom")
    for row, words in enumerate(note):
        down = -bottom - GAP - LINE * NOTE * row
        _write(
            ax, words, (0, 0), "axes fraction", (GAP - frame.left, down), size=NOTE, color=QUIET, ha="left", va="top"
        )
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.patch.set_visible(False)


@cache
def _family() -> list[str]:
    """Make our fonts known to matplotlib; letters that they have not come from its own."""
    from matplotlib.font_manager import fontManager

    for face in ("Regular", "Bold"):
        fontManager.addfont(FONTS / f"NotoSans-{face}.ttf")
    return [SANS, "DejaVu Sans"]


def _write(
    ax: Axes,
    words: str,
    at: tuple[float, float],
    units: Any,  # noqa: ANN401 - as annotate() takes them
    moved: tuple[float, float] = (0.0, 0.0),
    **look: Any,  # noqa: ANN401 - properties of a text
) -> None:
    """Write words as they are: a dollar sign is a dollar sign."""
    halo = look.pop("halo", False)
    look = {"color": INK, "size": SIZE, **look}
    found = ax.annotate(
        drawable(words), at, xycoords=units, xytext=moved, textcoords="offset points", parse_math=False,
        family=_family(), annotation_clip=False, zorder=6, **look,
    )  # fmt: skip
    if halo:
        from matplotlib.patheffects import withStroke

        found.set_path_effects([withStroke(linewidth=2.4, foreground=PAPER)])


def _scale(ax: Axes, chart: ChartRecord, frame: Frame) -> None:
    for which, one in (("x", chart.x), ("y", chart.y)):
        scale: Any = getattr(ax, f"set_{which}scale")
        scale(one.scale)
        ends = (one.high, one.low) if one.down else (one.low, one.high)
        getattr(ax, f"set_{which}lim")(*ends)
        places, words = _ticks(one, frame, which)
        color = INK if one.bands else QUIET
        look = {"fontsize": SIZE, "color": color, "parse_math": False, "family": _family(), "linespacing": 1.0}
        getattr(ax, f"set_{which}ticks")(places, words, **look)
        getattr(ax, f"set_{which}ticks")([], minor=True)
        if one.grid:
            ax.grid(axis=which, color=FAINT, linewidth=0.6)  # type: ignore[arg-type] # "x" or "y"
    ax.tick_params(length=0, pad=GAP)
    ax.set_axisbelow(True)


def _ticks(one: Axis, frame: Frame, which: str) -> tuple[list[float], list[str]]:
    if not one.show:
        return [], []
    if one.bands:
        below = ["\n".join(map(drawable, lines)) for lines in frame.names]
        beside = [cut_name(drawable(words), frame.left - GAP, SIZE) for words in one.bands]
        return [float(place) for place in range(len(one.bands))], below if which == "x" else beside
    return [value for value, _ in one.ticks], [drawable(words) for _, words in one.ticks]


def _mark(ax: Axes, mark: Mark, order: float, frame: Frame) -> None:
    line: dict[str, Any] = {"linewidth": mark.width if mark.stroke else 0.0, "alpha": mark.opacity, "zorder": order}
    if mark.dash:
        line["linestyle"] = (0, tuple(length / max(mark.width, 0.1) for length in mark.dash))
    edge: dict[str, Any] = {"edgecolor": mark.stroke or "none", "facecolor": mark.fill or "none"}
    match mark:
        case Bar(x0=x0, x1=x1, y0=y0, y1=y1):
            from matplotlib.patches import Rectangle

            ax.add_patch(Rectangle((min(x0, x1), min(y0, y1)), abs(x1 - x0), abs(y1 - y0), **edge, **line))
        case Line(points=points):
            known = [(float("nan"), float("nan")) if point is None else point for point in points]
            xs, ys = [x for x, _ in known], [y for _, y in known]
            if mark.fill:
                ax.fill(xs, ys, **edge, **line)
            else:
                ax.plot(xs, ys, color=mark.stroke or INK, solid_joinstyle="round", scalex=False, scaley=False, **line)
        case Strip(xs=xs, y=y, half=half):
            from matplotlib.collections import LineCollection

            segments = [((x, y - half), (x, y + half)) for x in xs]
            ax.add_collection(LineCollection(segments, colors=mark.stroke or INK, **line), autolim=False)
        case Dot(x=x, y=y, r=r, shape=shape):
            ends = ax.get_xlim(), ax.get_ylim()
            ax.scatter([x], [y], s=(2 * r) ** 2, marker=SIGNS[shape], clip_on=False, **edge, **line)
            ax.set(xlim=ends[0], ylim=ends[1])
        case VRule() | HRule():
            _rule(ax, mark, line, frame)
        case Text(x=x, y=y, text=words):
            _write(
                ax, words, (x, y), "data", (mark.dx, -mark.dy), va="center", halo=mark.halo, size=mark.size,
                ha={"start": "left", "middle": "center", "end": "right"}[mark.anchor],
                color=mark.fill or INK, weight="bold" if mark.bold else "normal",
            )  # fmt: skip


def _rule(ax: Axes, mark: VRule | HRule, line: dict[str, Any], frame: Frame) -> None:
    """Draw a line across the frame, with its words at its end."""
    color = mark.stroke or INK
    line = {**line, "linewidth": mark.width}
    if isinstance(mark, VRule):
        ax.axvline(mark.x, color=color, **line)
        if mark.text:
            aside = frame.beside(mark) - frame.px(mark.x)
            _write(ax, mark.text, (mark.x, 1), ("data", "axes fraction"), (aside, 3), color=color, ha="center")
    else:
        ax.axhline(mark.y, color=color, **line)
        if mark.text:
            _write(ax, mark.text, (1, mark.y), ("axes fraction", "data"), (0, 3), color=color, ha="right", halo=True)
