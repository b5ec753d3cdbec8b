"""The atlas map: a folium layer of our own, and a page that needs no internet."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any, Self, cast

import folium
from branca.element import Element, Figure
from folium.template import Template

from quartiersatlas.base.files import write_text
from quartiersatlas.catalogue import check_lang
from quartiersatlas.disclosure import Release, release
from quartiersatlas.disclosure.words import draft_text
from quartiersatlas.errors import DependencyError
from quartiersatlas.present.map.classes import check_fixed
from quartiersatlas.present.map.dates import check_earlier
from quartiersatlas.present.map.page import head_html, page_html
from quartiersatlas.present.map.payload import check_all_notes, lines_of, map_columns, map_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData
    from quartiersatlas.present.map.payload import Notes


class OfflineMap(folium.Map):
    """A folium map that loads nothing: Leaflet comes with the atlas layer."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own type
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own type


class AtlasLayer(folium.map.Layer):
    """An atlas as one folium layer: what :meth:`Atlas.add_to` adds to a map.

    Parameters
    ----------
    atlas : Atlas
        What is shown.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = QuartiersAtlas.createLayer({{ this.content }});
        {% endmacro %}
        """
    )

    def __init__(self, atlas: Atlas) -> None:
        # Leaflet's layer control takes a name as HTML, and folium reads it as a template
        name = escape(atlas.release.title or "quartiersatlas").replace("{", "&#123;")
        super().__init__(name=name, overlay=True)
        self._name = "AtlasLayer"
        self.content = map_json(atlas.release, atlas.lang, atlas.breaks, atlas.earlier, atlas.notes)
        # the same release gives the same bytes, and two releases stand side by side on one map
        self._id = sha256(f"{name}\n{self.content}".encode()).hexdigest()[:12]

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ANN401 - as folium has it
        """Put styles and scripts into the head of the page, once for all atlas layers, and the data into its script."""
        head = Element(f"{{% raw %}}{head_html()}{{% endraw %}}")  # folium reads it as a template
        cast("Figure", self.get_root()).header.add_child(head, name="quartiersatlas")
        super().render(**kwargs)  # type: ignore[no-untyped-call]


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
    earlier : tuple of Release
        Releases of other dates.
    notes : mapping of str to str or iterable of str
        Notes of the analyst by district key.
    """

    release: Release
    lang: Lang = "de"
    breaks: Mapping[str, Sequence[float]] = field(default_factory=dict)
    earlier: tuple[Release, ...] = ()
    notes: Notes = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_lang(self.lang)
        check_fixed(self.release, self.breaks)
        check_earlier(self.release, self.earlier)
        lines = lines_of(self.notes)
        check_all_notes(self.release, lines, stacklevel=4)  # the caller of atlas_map
        object.__setattr__(self, "notes", lines)  # an iterator gives its lines once

    @property
    def _title(self) -> str:
        return self.release.title or draft_text(self.release, self.lang)

    def add_to(self, folium_map: folium.Map) -> Self:
        """Add the map as one layer to a folium map, beside its other layers; return the atlas.

        Parameters
        ----------
        folium_map : folium.Map
            A map of yours. What its own layers ask the internet for, they ask for.

        Returns
        -------
        Atlas
            The same.
        """
        AtlasLayer(self).add_to(folium_map)
        return self

    def to_folium(self) -> folium.Map:
        """Return the map as a folium map, to which further layers can be added."""
        west, south, east, north = (float(x) for x in self.release.areas.to_crs("EPSG:4326").total_bounds)
        centre = ((south + north) / 2, (west + east) / 2)
        result = OfflineMap(location=centre, tiles=None, attribution_control=False, zoom_snap=0.1)
        # a page of its own holds one map; folium has no public way to name an element
        result._id = "quartiersatlas"  # noqa: SLF001
        self.add_to(result)
        figure = cast("Figure", result.get_root())
        figure.title = escape(self._title)
        before, after = (part.replace("{", "&#123;") for part in page_html(self.release, self.lang, self.earlier))
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
            f'title="{escape(self._title)}"></iframe>'
        )

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """Return the map, the sheet for where a notebook shows no pages (print, static viewers), and words."""
        makers = {"text/html": self._repr_html_, "image/png": self._png, "text/plain": self.__repr__}
        wanted = [kind for kind in makers if (not include or kind in include) and kind not in (exclude or ())]
        return {kind: made for kind in wanted if (made := makers[kind]())}

    def _png(self) -> str:
        """Return the first column on a sheet, in base64 as notebooks keep it; nothing where none can be drawn."""
        from quartiersatlas.present.paper.sheet import figure

        if not map_columns(self.release):
            return ""
        try:
            sheet = figure(self.release, lang=self.lang)
        except DependencyError:
            return ""
        return b64encode(sheet._repr_png_()).decode("ascii")

    def __repr__(self) -> str:
        return f"Atlas of {self.release!r}"


def atlas_map(
    release: Release,
    lang: Lang = "de",
    *,
    breaks: Mapping[str, Sequence[float]] | None = None,
    earlier: Iterable[Release] = (),
    notes: Notes | None = None,
) -> Atlas:
    """Make the map of a release.

    Parameters
    ----------
    release : Release
        Result of :func:`quartiersatlas.disclosure`.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.
    breaks : mapping of str to sequence of float, optional
        Fixed class limits by column, in its unit: one to four rising numbers, each the lowest value of its class. The
        same limits make maps of different years or cities comparable. Without them quantiles are shown first.
    earlier : iterable of Release, optional
        Releases of other dates (``as_of``), the latest first: the reader can choose the date. Areas, outlines and
        definitions must be those of `release`; areas that were not there yet are missing. Quantiles and natural breaks
        are those of `release` at every date, so that a colour means the same; classes around the city value compare
        with the city of the same date. Enter all of them in one ledger (``release(..., ledger=)``): it says
        where two dates together come close to a protected count.
    notes : mapping of str to str or iterable of str, optional
        Local knowledge by district key; it stands in the panel of the area, beside the numbers, and changes none.

    Returns
    -------
    Atlas
        With ``.save(path)``, ``.html()``, ``.to_folium()`` and ``.add_to(map)``.

    Raises
    ------
    SpecError
        The language is unknown, class limits do not fit the release, another date does not compare with it, or a
        change would tell what another date protects.
    ReleaseError
        A note is on an area that the release does not have.

    Warns
    -----
    UserWarning
        A note contains words that stigmatise (see :func:`quartiersatlas.check_wording`).
    """
    return Atlas(release, lang, breaks or {}, tuple(earlier), notes or {})


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
