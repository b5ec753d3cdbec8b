"""The atlas map: a folium layer of our own, and a page that needs no internet."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, cast

import folium
from branca.element import Element, Figure
from folium.template import Template

from quartiersatlas.catalogue import check_lang
from quartiersatlas.files import write_text
from quartiersatlas.present.map.bundle import head_html
from quartiersatlas.present.map.classes import check_fixed
from quartiersatlas.present.map.data import map_json
from quartiersatlas.present.map.page import page_html
from quartiersatlas.release import Release, release

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData


class OfflineMap(folium.Map):
    """A folium map that loads nothing: Leaflet comes with the atlas layer."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own type
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own type


class AtlasLayer(folium.map.Layer):
    """The release as one folium layer; it can stand beside other layers of any folium map.

    Parameters
    ----------
    release : Release
        What is shown.
    lang : {"de", "en"}
        Language of labels and numbers.
    breaks : mapping of str to sequence of float, optional
        Fixed class limits of columns, as :func:`atlas_map` takes them.
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}{{ this.head }}{% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = QuartiersAtlas.createLayer({{ this.content }});
        {% endmacro %}
        """
    )

    def __init__(
        self, release: Release, lang: Lang = "de", breaks: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        # Leaflet's layer control takes a name as HTML, and folium reads it as a template
        name = escape(release.title or "quartiersatlas").replace("{", "&#123;")
        super().__init__(name=name, overlay=True)
        self._name = "AtlasLayer"
        self._id = "quartiersatlas"  # a fixed name: the same release gives the same bytes
        self.head = f"{{% raw %}}{head_html()}{{% endraw %}}"  # folium reads it as a template once more
        self.content = map_json(release, lang, breaks)


@dataclass(frozen=True)
class Atlas:
    """The map of a release.

    Parameters
    ----------
    release : Release
        What is shown.
    lang : {"de", "en"}
        Language of everything a reader sees.
    breaks : mapping of str to sequence of float
        Fixed class limits of columns.
    """

    release: Release
    lang: Lang = "de"
    breaks: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_lang(self.lang)
        check_fixed(self.release, self.breaks)

    def to_folium(self) -> folium.Map:
        """Return the map as a folium map, to which further layers can be added."""
        west, south, east, north = (float(x) for x in self.release.areas.to_crs("EPSG:4326").total_bounds)
        centre = ((south + north) / 2, (west + east) / 2)
        result = OfflineMap(location=centre, tiles=None, attribution_control=False, zoom_snap=0.1)
        result._id = "quartiersatlas"  # noqa: SLF001 - folium has no public way to name an element
        AtlasLayer(self.release, self.lang, self.breaks).add_to(result)
        figure = cast("Figure", result.get_root())
        figure.title = escape(self.release.title)
        before, after = (part.replace("{", "&#123;") for part in page_html(self.release, self.lang))
        figure.html.add_child(Element(before), name="page_before")
        figure.html.add_child(Element(""), name=result.get_name())  # where the map will stand when it is rendered
        figure.html.add_child(Element(after), name="page_after")
        return result

    def html(self) -> str:
        """Return the whole page."""
        page = str(self.to_folium().get_root().render())
        page = page.replace(", maximum-scale=1.0, user-scalable=no", "", 1)  # readers may enlarge the page
        return page.replace("<html>", f'<html lang="{self.lang}" class="qa-page">', 1)

    def save(self, path: str | Path) -> Path:
        """Write the page to one file that opens without internet.

        Raises
        ------
        InputError
            The folder is not there.
        """
        return write_text(path, self.html())

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.html())}" style="width:100%;height:640px;border:1px solid #ccc" '
            f'title="{escape(self.release.title)}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"Atlas of {self.release!r}"


def atlas_map(release: Release, lang: Lang = "de", *, breaks: Mapping[str, Sequence[float]] | None = None) -> Atlas:
    """Make the map of a release.

    Parameters
    ----------
    release : Release
        Result of :func:`quartiersatlas.release`.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.
    breaks : mapping of str to sequence of float, optional
        Fixed class limits by column, in its unit: one to four rising numbers, each the lowest value of its class. The
        same limits make maps of different years or cities comparable. Without them quantiles are shown first.

    Returns
    -------
    Atlas
        With ``.save(path)``, ``.html()`` and ``.to_folium()``.

    Raises
    ------
    SpecError
        The language is unknown, or class limits do not fit the release.
    """
    return Atlas(release, lang, breaks or {})


def choropleth(data: AreaData, indicator: str, *, lang: Lang = "de") -> Atlas:
    """Look at one indicator: the map of a draft release, with its band.

    Parameters
    ----------
    data : AreaData
        Joined data.
    indicator : str
        A rate, a count or a ready-made share.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.

    Returns
    -------
    Atlas
        Protected like every release.
    """
    return Atlas(release(data, columns=[indicator], title=data.catalogue.get(indicator).label(lang)), lang)
