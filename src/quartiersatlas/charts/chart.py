"""A chart with the ways to see it: on matplotlib Axes, as SVG, as PNG, in the last line of a notebook's cell."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from quartiersatlas.charts.on_axes import chart_png, draw
from quartiersatlas.charts.record import ChartRecord
from quartiersatlas.charts.svg import chart_svg
from quartiersatlas.errors import QuartiersatlasError

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class Chart(ChartRecord):  # noqa: D101 - the docstring is that of the record
    __doc__ = ChartRecord.__doc__

    plot = draw
    svg = chart_svg
    png = chart_png

    def __repr__(self) -> str:
        return f"Chart {self.id}: {self.title}. {self.alt}"

    def _repr_html_(self) -> str:
        return figure_html(self)


def figure_html(chart: ChartRecord) -> str:
    """Return a chart as a figure of a web page: the picture inside it, its sentence, its note."""
    picture = b64encode(chart_png(chart)).decode("ascii")
    style = "margin: 0.5em 0; max-width: 100%"
    return (
        f'<figure style="{style}"><img style="max-width: 100%" alt="{escape(chart.alt)}" '
        f'src="data:image/png;base64,{picture}"></figure>'
    )


class Charted:
    """A result that has pictures: its ``chart`` builds the record of one, ``plot`` draws it."""

    chart: Callable[..., Chart]  # each result has its own kinds and options

    def plot(self, kind: str | None = None, ax: Axes | None = None, lang: str = "de", **options: Any) -> Axes:  # noqa: ANN401 - as chart() takes them
        """Draw one of the result's charts.

        Parameters
        ----------
        kind : str, optional
            Which one; the first of those that :meth:`chart` names, if not given.
        ax : Axes, optional
            Where; a new figure, if not given.
        lang : {"de", "en"}, default "de"
            Language.
        **options
            As :meth:`chart` takes them.

        Returns
        -------
        Axes
            With title, marks, ticks and note.

        Raises
        ------
        SpecError
            There is no such kind or language, or an option is missing that the kind needs.
        DependencyError
            matplotlib is missing.

        Notes
        -----
        Shows values as they are: what is published goes through a release.
        """
        return draw(self.chart(kind, lang, **options), ax)

    def _picture(self) -> str:
        """Return the default chart for the last line of a cell; nothing where it cannot be made or drawn."""
        try:
            return figure_html(self.chart(lang="en"))
        except QuartiersatlasError:
            return ""
