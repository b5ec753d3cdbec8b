"""The atlas map: one page that needs no internet, and a folium layer of our own."""

from __future__ import annotations

import re
import warnings
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, cast

import folium
import geopandas as gpd
from branca.element import Element, Figure
from folium.template import Template

from quartiersatlas.base.checks import expects, known_parameters
from quartiersatlas.base.files import write_text
from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.disclosure import Protection, Release, release
from quartiersatlas.disclosure.counted import is_count
from quartiersatlas.disclosure.reasons import WITHHELD
from quartiersatlas.disclosure.words import candidate_names, draft_text, summary_texts
from quartiersatlas.errors import ColumnError, DependencyError, SpecError, list_some
from quartiersatlas.intake import AreaData, join
from quartiersatlas.intake.joining.data import kind_of
from quartiersatlas.present.comparable import check_earlier
from quartiersatlas.present.files.fingerprint import fingerprint_of
from quartiersatlas.present.files.seal import sealed
from quartiersatlas.present.look import ACCENT, Look, check_look
from quartiersatlas.present.map.classes import check_fixed, map_columns
from quartiersatlas.present.map.ground import Ground, ground_of
from quartiersatlas.present.map.payload import check_all_notes, lines_of, map_json
from quartiersatlas.present.map.phrases import with_palettes
from quartiersatlas.present.map.topology import in_degrees, tolerance
from quartiersatlas.present.policy import inline_scripts, with_policy
from quartiersatlas.present.statements import (
    check_release,
    exclave_name,
    fact_text,
    method_texts,
    refuse_no_page,
    source_text,
)
from quartiersatlas.present.templates import template
from quartiersatlas.space.exclaves import city_extent

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from quartiersatlas.catalogue import Indicator, Lang
    from quartiersatlas.intake.areas.key_parts import KeyColumns
    from quartiersatlas.present.map.payload import AreaNotes
    from quartiersatlas.present.places.context import Context
    from quartiersatlas.present.places.gazetteer import Streets


@known_parameters
def atlas_map(
    release: Release,
    lang: Lang = "de",
    *,
    breaks: Mapping[str, Sequence[float]] | None = None,
    earlier: Iterable[Release] = (),
    notes: AreaNotes | None = None,
    context: Context | None = None,
    gazetteer: Streets | None = None,
    names: bool = True,
    look: Look | None = None,
) -> Atlas:
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
    earlier : iterable of Release, optional
        Releases of other dates (``as_of``), the latest first: the reader can choose the date. Areas, outlines and
        definitions must be those of `release`; areas that did not exist yet are missing. Quantiles and natural breaks
        are those of `release` at every date, so that a colour means the same; classes around the city value compare
        with the city of the same date. Enter all of them in one ledger (``release(..., ledger=)``): it reports
        where two dates together come close to a protected count.
    notes : mapping of str to str or iterable of str, optional
        Local knowledge by district key; it stands in the panel of the area, beside the numbers, and changes none.
    context : Context, optional
        Water, green, rail, roads and names of the city: result of :func:`quartiersatlas.context`. It lies above the
        colours and below hatching and outlines.
    gazetteer : DataFrame or mapping, optional
        Streets and the areas they run through, which the search finds: a frame with the columns ``street`` and
        ``key``, one row for each area, or a mapping from street to keys.
    names : bool, default True
        Whether names of districts, areas and of the context are written on the map, as far as they fit.
    look : Look, optional
        Accent, logo, font and words of an office. The page names the font and does not carry it.

    Returns
    -------
    Atlas
        With ``.save(path)``, ``.html()``, ``.to_folium()`` and ``.add_to(map)``.

    Raises
    ------
    ArgumentError
        Something else than a release was given.
    SpecError
        The language is unknown, class limits do not fit the release, another date does not compare with it, or a
        change would reveal what another date protects.
    ReleaseError
        A note or a street is in an area that the release does not have.
    GeometryError
        A layer of the context lies outside the city, or is too heavy for a page.
    InputError
        The list of streets is too long.

    Warns
    -----
    UserWarning
        A note contains words that stigmatise (see :func:`quartiersatlas.check_wording`).
    """
    others = tuple(earlier) if isinstance(earlier, Iterable) else (earlier,)
    limits: Mapping[str, Sequence[float]] = {} if breaks is None else breaks
    lines: Mapping[str, str | Iterable[str]] = {} if notes is None else notes
    return Atlas(release, lang, limits, others, lines, context, gazetteer, names, look)


@known_parameters
def choropleth(
    data: AreaData | gpd.GeoDataFrame,
    indicator: str,
    *,
    key: KeyColumns | None = None,
    name: str | None = None,
    population: str | None = None,
    to_crs: str | None = None,
    unit: str | None = None,
    kind: str | None = None,
    label: str | None = None,
    lang: Lang = "de",
) -> Atlas:
    """Look at one indicator: the map of a draft release, with its band.

    Parameters
    ----------
    data : AreaData or GeoDataFrame
        Joined data, or a frame that has the numbers beside the shapes.
    indicator : str
        A rate, a count or a ready-made share.
    key, name, population, to_crs : optional
        Of a frame: the columns of the district key (its index, if not given), of the names and of the residents
        (``"residents"``, if there is one), and the projected system to convert to, as in :func:`quartiersatlas.join`.
    unit, kind, label : str, optional
        What the numbers are, and how they are called on the map, where the catalogue does not know it or says
        otherwise, such as ``unit="percent"``; see :class:`quartiersatlas.Indicator`.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.

    Returns
    -------
    Atlas
        Protected like every release. Where no column of residents is known, ready-made numbers are drawn as they are,
        and the residents of each area are unknown; counts are refused then.

    Raises
    ------
    ArgumentError
        Something else than joined data or a frame of areas, or than one name, was given.
    ColumnError
        There is no such column.
    SpecError
        Options of a frame are given with joined data, or the unit is unknown.
    QuartiersatlasError
        Whatever :func:`quartiersatlas.join` refuses in a frame.

    Warns
    -----
    UserWarning
        The column is a count or an amount: the warning offers the rate and circles.
    """
    expects(data, (AreaData, gpd.GeoDataFrame), "choropleth", "data = qa.join(areas, table)")
    expects(indicator, str, "choropleth: indicator", 'qa.choropleth(data, "sgb2_rate")')
    check_lang(lang)
    of_frame = {"key": key, "name": name, "population": population, "to_crs": to_crs}
    if isinstance(data, gpd.GeoDataFrame):
        data = _joined(data, indicator, key=key, name=name, population=population, to_crs=to_crs)
    elif given := [what for what, one in of_frame.items() if one is not None]:
        raise SpecError(f"choropleth: {list_some(given)} is for a frame; these data are joined already.")
    if any(said is not None for said in (unit, kind, label)):
        data = data.with_indicators(_meant(data.catalogue.get(indicator), unit, kind, label))
    title = data.catalogue.get(indicator).label(lang)
    if indicator in data.values.columns and _is_total(data, indicator):
        words = {"column": indicator, "population": data.population or "residents"}
        warnings.warn(text("warning_choropleth_count", "en", **words), UserWarning, stacklevel=3)
    if data.population is None and indicator in data.values.columns and not is_count(data, indicator):
        data = _with_unknown_residents(data)
        return Atlas(release(data, columns=[indicator], title=title, protection=Protection(min_population=0)), lang)
    return Atlas(release(data, columns=[indicator], title=title), lang)


def _is_total(data: AreaData, column: str) -> bool:
    """Return True for counts and amounts, whose map shows above all which areas are large."""
    return column not in data.rates and (kind_of(data, column) == "amount" or is_count(data, column))


def _joined(
    frame: gpd.GeoDataFrame,
    indicator: str,
    *,
    key: KeyColumns | None,
    name: str | None,
    population: str | None,
    to_crs: str | None,
) -> AreaData:
    """Return the one column of a frame that is drawn, and the residents, as data on its areas."""
    if indicator not in frame.columns:
        shapes = frame.columns[frame.dtypes == "geometry"]
        raise ColumnError.not_found(indicator, frame.columns.difference(shapes, sort=False), "The frame")
    parts = [key] if isinstance(key, str) else list(key or ("name",))
    wanted = {*parts, name, indicator, population or "residents", frame.active_geometry_name}
    frame = frame[[column for column in frame.columns if column in wanted]]
    return join(frame, key=key, name=name, population=population, to_crs=to_crs)


def _with_unknown_residents(data: AreaData) -> AreaData:
    """Return data that say of each area that its residents are unknown."""
    column = "residents"
    while column in data.values.columns:
        column += "_"
    values = data.values.assign(**{column: float("nan")})
    return replace(data, values=values, status=data.status.assign(**{column: "missing"}), population=column)


def _meant(known: Indicator, unit: str | None, kind: str | None, label: str | None) -> Indicator:
    """Return an indicator with what the caller says about it."""
    said = {"unit": unit, "kind": kind, "label_de": label, "label_en": label}
    changes: dict[str, Any] = {field: value for field, value in said.items() if value is not None}
    return replace(known, **changes)


MOST_AREAS = 25_000  # in a page of about 5 MB that a phone still draws


def refuse_too_many(release: Release) -> None:
    """Refuse a map of more areas than a page can hold, with the ways to smaller ones."""
    if len(release.areas) > MOST_AREAS:
        raise SpecError(
            f"atlas_map: the release has {number_text(len(release.areas), 0, 'en')} areas, and a page holds "
            f"{number_text(MOST_AREAS, 0, 'en')} at most. Make a map of each town, qa.split(data, level) or "
            f'by = "level" in a project file; or of larger units, such as districts or cells of 500 m. A report and '
            "qa.export(rel, 'areas.gpkg') take any number."
        )


@dataclass(frozen=True, eq=False)
class Atlas:
    """The map of a release.

    It is compared by identity and can be pickled; the folium map made of it cannot.

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
    context : Context or None
        Layers for orientation.
    gazetteer : DataFrame, mapping or None
        Streets and their areas.
    names : bool
        Whether names are written on the map.
    look : Look or None
        Accent, logo and words of an office.
    """

    release: Release
    lang: Lang = "de"
    breaks: Mapping[str, Sequence[float]] = field(default_factory=dict)
    earlier: tuple[Release, ...] = ()
    notes: AreaNotes = field(default_factory=dict)
    context: Context | None = None
    gazetteer: Streets | None = None
    names: bool = True
    look: Look | None = None
    ground: Ground = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_release(self.release, "atlas_map")
        refuse_too_many(self.release)
        check_lang(self.lang)
        check_look(self.look, "atlas_map")
        expects(self.breaks, Mapping, "atlas_map: breaks", 'breaks={"sgb2_rate": [5, 10, 20]}')
        check_fixed(self.release, self.breaks)
        for part in self.earlier:
            check_release(part, "atlas_map: earlier")
        if self.earlier:
            check_earlier(self.release, self.earlier)
        expects(self.notes, Mapping, "atlas_map: notes", 'notes={"01100101": "A new school opened in 2023."}')
        lines = lines_of(self.notes)
        check_all_notes(self.release, lines, stacklevel=5)  # the caller of atlas_map
        object.__setattr__(self, "notes", lines)  # an iterator gives its lines once
        ground = ground_of(self.release, self.context, self.gazetteer, names=self.names)
        object.__setattr__(self, "ground", ground)

    @property
    def _title(self) -> str:
        return self.release.title or draft_text(self.release, self.lang)

    def save(self, path: str | Path) -> Path:
        """Write the page to one file that opens without internet.

        Raises
        ------
        ArgumentError
            Something else than a path was given.
        InputError
            The folder is not there, or the path is a folder.
        ReleaseError
            The ending is that of another kind of file.
        """
        expects(path, (str, PathLike), "Atlas.save", 'atlas.save("atlas.html")')
        refuse_no_page(path)
        return write_text(path, self.html())

    def html(self) -> str:
        """Return the whole page."""
        page = str(self.to_folium().get_root().render())
        page = page.replace(", maximum-scale=1.0, user-scalable=no", "", 1)  # readers may enlarge the page
        page = page.replace(leaflet_css(), leaflet_css(alone=True), 1)
        page = page.replace("<html>", f'<html lang="{self.lang}" class="qa-page">', 1)
        head, mark, rest = page.partition("<style>")  # folium's own lines, and the encoding, which the policy tells
        page = re.sub(r"\n\s+", "\n", re.sub(r'<meta http-equiv="content-type"[^>]*>', "", head)) + mark + rest
        # the last script holds the data, and stands behind all markup; text from data has no "<" in it
        own = [
            *inline_scripts(head_html(self.look)),
            *inline_scripts(measures_html(self.release)),
            *FOLIUM_SCRIPT.findall(page),
            *inline_scripts(page.rpartition("</body>")[2]),
        ]
        return sealed(with_policy(page, own), fingerprint_of(self.release, "map", self.lang, self.earlier))

    def to_folium(self) -> folium.Map:
        """Return the map as a folium map, to which further layers can be added."""
        areas = self.release.areas
        extent = city_extent(areas.geometry.to_numpy(), self.release.residents)
        main = gpd.GeoSeries(extent.parts[list(extent.main_parts)], crs=areas.crs) if extent.exclaves else areas
        west, south, east, north = (float(x) for x in in_degrees(main.geometry).total_bounds)
        centre = ((south + north) / 2, (west + east) / 2)
        result = OfflineMap(location=centre, tiles=None, attribution_control=False, zoom_snap=0.1)
        # a page of its own holds one map; folium has no public way to name an element
        result._id = "quartiersatlas"  # noqa: SLF001
        self.add_to(result)
        figure = cast("Figure", result.get_root())
        figure.title = escape(self._title)
        before, after = (
            part.replace("{", "&#123;")
            for part in page_html(self.release, self.lang, self.earlier, self.ground.notes(self.lang), self.look)
        )
        figure.html.add_child(Element(before), name="page_before")
        figure.html.add_child(Element(""), name=result.get_name())  # where the map will stand when it is rendered
        figure.html.add_child(Element(after), name="page_after")
        return result

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

        Raises
        ------
        ArgumentError
            Something else than a folium map was given.
        """
        expects(folium_map, folium.Map, "Atlas.add_to", "folium.Map(location=[51.5, 7.5])")
        AtlasLayer(self).add_to(folium_map)
        return self

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.html())}" style="width:100%;height:640px;border:1px solid #ccc" '
            f'title="{escape(self._title)}"></iframe>'
        )

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """Return the map, the printed map for where a notebook shows no pages (print, static viewers), and words."""
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
        expects(atlas, Atlas, "AtlasLayer", "atlas = qa.atlas_map(rel)")
        # Leaflet's layer control takes a name as HTML, and folium reads it as a template
        name = escape(atlas.release.title or "quartiersatlas").replace("{", "&#123;")
        super().__init__(name=name, overlay=True)
        self.look, self.measures = atlas.look, measures_html(atlas.release)
        self._name = "AtlasLayer"
        data = map_json(atlas.release, atlas.lang, atlas.breaks, atlas.earlier, atlas.notes, atlas.ground)
        self.content = with_palettes(data)
        # the same release gives the same bytes, and two releases stand side by side on one map
        self._id = sha256(f"{name}\n{self.content}".encode()).hexdigest()[:12]

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ANN401 - as folium has it
        """Put styles and scripts into the head of the page, once for all atlas layers, and the data into its script."""
        head = Element(f"{{% raw %}}{head_html(self.look)}{{% endraw %}}")  # folium reads it as a template
        header = cast("Figure", self.get_root()).header
        header.add_child(head, name="quartiersatlas")
        if self.measures:
            header.add_child(Element(f"{{% raw %}}{self.measures}{{% endraw %}}"), name="quartiersatlas_measures")
        super().render(**kwargs)  # type: ignore[no-untyped-call]


class OfflineMap(folium.Map):
    """A folium map that loads nothing: Leaflet comes with the atlas layer."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own type
    default_css: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own type


METHOD_IN_BRIEF = ("fact_rule", "fact_need", "fact_protection_count", "fact_protection_rest")
MAP = "<!-- map -->"


def page_html(
    release: Release,
    lang: Lang,
    earlier: Sequence[Release] = (),
    further: Sequence[str] = (),
    look: Look | None = None,
) -> tuple[str, str]:
    """Return what stands before the map and what stands after it, with further lines in the method; all escaped."""
    metres = tolerance(release.areas)
    method = [*method_texts(release, lang), text("fact_classes", lang), text("map_class_choice", lang)]
    if earlier:
        method += [text("fact_dates", lang), *(_date(part, lang) for part in earlier)]
    if metres:
        method.append(text("fact_simplified", lang, tolerance=number_text(metres, 0, lang)))
    exclaves = city_extent(release.areas.geometry.to_numpy(), release.residents).exclaves
    if exclaves:
        names = "; ".join(exclave_name(release, exclave) for exclave in exclaves)
        method.append(text("fact_exclaves", lang, names=names))
    method += further
    facts = [fact for name in METHOD_IN_BRIEF for fact in release.facts if fact.name == name]
    brief = [fact_text(release, fact, lang) for fact in facts]
    page = template("page.html").render(
        lang=lang,
        release=release,
        look=look,
        source=source_text(release, lang),
        notices=list(dict.fromkeys(notice for part in (release, *earlier) for notice in part.notices)),
        draft=draft_text(release, lang, *earlier),
        summary=summary_texts(release, lang),
        brief=[*brief, text("fact_classes", lang)],
        method=method,
        candidates=_candidates(release, lang),
    )
    before, after = page.split(MAP)
    return before, after


def _date(part: Release, lang: Lang) -> str:
    """Return where an earlier date comes from, and how much of it is protected."""
    hidden = int(part.reasons_not_shown.isin(WITHHELD).to_numpy().sum())
    words = {"date": part.as_of, "source": part.source or "–", "hidden": number_text(hidden, 0, lang)}
    return text("fact_date", lang, **words)


def _candidates(release: Release, lang: Lang) -> list[str]:
    if release.candidates is None:
        return []
    names = candidate_names(release, lang)
    return [
        f"{key} {names[str(key)]}: {text('residents_count', lang, count=number_text(row['residents'], 0, lang))}"
        for key, row in release.candidates.iterrows()
    ]


LEAFLET = "vendor/leaflet-1.9.4"
# classes of popups, tiles, pictures, icons, credits and of browsers that draw in VML
OF_FURTHER = re.compile(r"popup|tile|image-layer|default-icon|div-icon|attribution|layers-toggle|oldie|vml")
FOLIUM_SCRIPT = re.compile(r"<script>(\s*L_NO_TOUCH = false;\s*L_DISABLE_3D = false;\s*)</script>")


@cache
def asset(name: str) -> str:
    """Return a file of the assets folder."""
    return files("quartiersatlas.present.map").joinpath("assets").joinpath(*name.split("/")).read_text(encoding="utf-8")


def head_html(look: Look | None = None, page: str = "page") -> str:
    """Return styles and scripts for the head of the page: Leaflet with its licence, then our own.

    Ours are built of the modules and styles beside them by ``scripts/build_page.py``: without types, comments and long
    names they are half as large.

    On a map that has loaded Leaflet already that one stays, with whatever plugins were added to it. The accent of an
    office takes the place of ours, and its font comes first where the reader has it.
    """
    styles, scripts = (asset(f"built/{page}.{kind}") for kind in ("css", "js"))
    if look is not None:
        family = f"{look.family_first}system-ui,"
        styles, scripts = (
            words.replace(ACCENT, look.accent).replace("system-ui,", family) for words in (styles, scripts)
        )
    leaflet = re.sub(r"\n//# sourceMappingURL=.*", "", asset(f"{LEAFLET}/leaflet.js"))
    return (
        f"<style>{leaflet_css()}</style>\n<style>{styles}</style>\n"
        f"<script>/*\n{asset(f'{LEAFLET}/LICENSE')}*/\nif (!window.L) {{\n{leaflet}\n}}</script>\n"
        f"<script>{scripts}</script>"
    )


@cache
def leaflet_css(*, alone: bool = False) -> str:
    """Return the styles of Leaflet in few bytes; of a map that stands alone without what only further layers have."""
    css = re.sub(r"/\*.*?\*/", "", asset(f"{LEAFLET}/leaflet.css"), flags=re.DOTALL)
    css = re.sub(r"url\(images/[^)]*\)", "none", css)
    css = re.sub(r" ?([{};,]) ?", r"\1", re.sub(r"\s+", " ", css)).replace(": ", ":").replace(";}", "}").strip()
    if not alone:
        return css

    def kept(rule: re.Match[str]) -> str:
        names = ",".join(one for one in rule[1].split(",") if not OF_FURTHER.search(one))
        return f"{names}{{{rule[2]}}}" if names else ""

    return re.sub(r"([^{}]+)\{([^{}]*)\}", kept, css)


def measures_html(release: Release) -> str:
    """Return styles and script for measures, which other maps do not carry."""
    if release.measures is None:
        return ""
    return f"<style>{asset('built/measures.css')}</style>\n<script>{asset('built/measures.js')}</script>"
