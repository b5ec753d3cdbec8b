"""A chart on matplotlib Axes, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quartiersatlas.charts.chart import (
    FAINT,
    INK,
    QUIET,
    Axis,
    Bar,
    Chart,
    Dot,
    HRule,
    Line,
    Mark,
    Strip,
    Text,
    VRule,
)
from quartiersatlas.errors import DependencyError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 7.0  # inches
SIGNS = {"circle": "o", "diamond": "D", "triangle": "v"}


def draw(chart: Chart, ax: Axes | None = None) -> Axes:
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
        With title, marks and ticks as the chart says.

    Raises
    ------
    DependencyError
        matplotlib is missing.
    """
    ax = _new_axes(chart) if ax is None else ax
    ax.set_title(chart.title, loc="left", fontsize=10, color=INK)
    _scale(ax, chart)
    for mark in chart.marks:
        _mark(ax, mark)
    for row, words in enumerate(chart.right):
        ax.annotate(words, (1.01, row), xycoords=("axes fraction", "data"), fontsize=8, va="center", color=INK)
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    if chart.note:
        ax.annotate(
            chart.note, (0, -0.02), xycoords="axes fraction", xytext=(0, -26), textcoords="offset points",
            fontsize=7, color=QUIET, va="top", wrap=True,
        )  # fmt: skip
    return ax


def _new_axes(chart: Chart) -> Axes:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DependencyError('plot() needs matplotlib: pip install "quartiersatlas[figure]".') from error
    figure = Figure(figsize=(WIDTH, max(1.6, WIDTH * chart.height)), layout="constrained")
    return figure.subplots()


def _scale(ax: Axes, chart: Chart) -> None:
    for which, one in (("x", chart.x), ("y", chart.y)):
        scale: Any = getattr(ax, f"set_{which}scale")
        scale(one.scale)
        ends = (one.high, one.low) if one.down else (one.low, one.high)
        getattr(ax, f"set_{which}lim")(*ends)
        places, words = _ticks(one)
        getattr(ax, f"set_{which}ticks")(places, words, fontsize=8, color=QUIET)
        getattr(ax, f"set_{which}ticks")([], minor=True)
        if one.show and one.label:
            getattr(ax, f"set_{which}label")(one.label, fontsize=8, color=QUIET)
        if one.grid:
            ax.grid(axis=which, color=FAINT, linewidth=0.6)  # type: ignore[arg-type] # "x" or "y"
    ax.tick_params(length=0)
    ax.set_axisbelow(True)


def _ticks(one: Axis) -> tuple[list[float], list[str]]:
    if not one.show:
        return [], []
    if one.bands:
        return [float(place) for place in range(len(one.bands))], list(one.bands)
    return [value for value, _ in one.ticks], [words for _, words in one.ticks]


def _mark(ax: Axes, mark: Mark) -> None:
    line: dict[str, Any] = {"linewidth": mark.width, "alpha": mark.opacity}
    if mark.dash:
        line["linestyle"] = (0, mark.dash)
    edge = {"edgecolor": mark.stroke or "none", "facecolor": mark.fill or "none"}
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
                ax.plot(xs, ys, color=mark.stroke or INK, **line)
        case Strip(xs=xs, y=y, half=half):
            ax.vlines(xs, y - half, y + half, color=mark.stroke or INK, **line)
        case Dot(x=x, y=y, r=r, shape=shape):
            ax.plot(
                [x], [y], marker=SIGNS[shape], markersize=2 * r, color=mark.fill or "none", linestyle="none",
                markeredgecolor=mark.stroke or "none", markeredgewidth=mark.width, alpha=mark.opacity,
            )  # fmt: skip
        case VRule(x=x, text=words):
            ax.axvline(x, color=mark.stroke or INK, **line)
            _beside(ax, words, (x, 1.0), ("data", "axes fraction"), (0, 2), mark)
        case HRule(y=y, text=words):
            ax.axhline(y, color=mark.stroke or INK, **line)
            _beside(ax, words, (1.0, y), ("axes fraction", "data"), (-2, 2), mark)
        case Text(x=x, y=y, text=words):
            ax.annotate(
                words, (x, y), xytext=(mark.dx, -mark.dy), textcoords="offset points", va="center",
                ha={"start": "left", "middle": "center", "end": "right"}[mark.anchor],
                fontsize=mark.size, color=mark.fill or INK, weight="bold" if mark.bold else "normal",
            )  # fmt: skip


def _beside(
    ax: Axes, words: str, at: tuple[float, float], units: tuple[str, str], moved: tuple[float, float], mark: Mark
) -> None:
    if words:
        ax.annotate(
            words, at, xycoords=units, xytext=moved, textcoords="offset points", fontsize=8, va="bottom",
            ha="center" if moved[0] == 0 else "right", color=mark.stroke or INK,
        )  # fmt: skip
