"""All municipalities on one page: three levels of detail in one file that asks nobody for anything."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.base.files import write_text
from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.disclosure.words import draft_text
from quartiersatlas.errors import ReleaseError
from quartiersatlas.present.map.atlas import head_html
from quartiersatlas.present.map.classes import NEED_COLORS
from quartiersatlas.present.map.payload import UNSAFE
from quartiersatlas.present.map.topology import encode_topology, varint_text, zigzag
from quartiersatlas.present.policy import inline_scripts, with_policy
from quartiersatlas.present.statements import check_release, fact_text, method_texts, refuse_no_page, source_text
from quartiersatlas.present.templates import template

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

LIMITS = (0.0, 2.0, 5.0, 10.0, 20.0)  # per cent of the residents of a municipality, each the lowest of its class
TOLERANCE = 150.0  # metres: outlines of municipalities are there for orientation
EUROPE = 3035
WORDS = (
    "overview_quarter",
    "overview_quarters",
    "overview_none",
    "overview_unknown",
    "overview_people",
    "overview_share",
    "overview_residents",
    "overview_starter",
    "overview_fill",
    "overview_far",
    "overview_middle",
    "overview_near",
)
SAID = (
    "nation_found",
    "nation_one",
    "nation_one_town",
    "nation_group",
    "nation_again",
    "nation_unperturbed",
    "nation_proxies",
    "nation_presumed",
    "nation_examined",
)


@dataclass(frozen=True, eq=False)
class Overview:
    """The page of all municipalities; from :func:`overview_map`.

    Parameters
    ----------
    release : Release
        What is shown.
    lang : {"de", "en"}
        Language of everything a reader sees.
    starters : str
        Folder beside the page with a project for each municipality; none where empty.
    """

    release: Release
    lang: Lang = "de"
    starters: str = ""

    def html(self) -> str:
        """Return the whole page."""
        content = json.dumps(
            overview_data(self.release, self.lang, self.starters),
            ensure_ascii=False,
            separators=(",", ":"),
            allow_nan=False,
        )
        content = UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", content)
        head = head_html(page="overview")
        last = f"<script>QuartiersOverview.showOverview({content});</script>"
        from markupsafe import Markup

        facts = self.release.facts
        page = template("overview.html").render(
            lang=self.lang,
            release=self.release,
            draft=draft_text(self.release, self.lang),
            head=Markup(head),  # noqa: S704 - our own styles and scripts
            content=Markup(last),  # noqa: S704 - escaped above
            found=[fact_text(self.release, fact, self.lang) for fact in facts if fact.name in SAID],
            method=[
                *(line for line in method_texts(self.release, self.lang)),
                text("overview_simplified", self.lang, tolerance=number_text(TOLERANCE, 0, self.lang)),
            ],
            source=source_text(self.release, self.lang),
        )
        return with_policy(page, [*inline_scripts(head), *inline_scripts(last)])

    def save(self, path: str | Path) -> Path:
        """Write the page to one file that opens without internet."""
        expects(path, (str, PathLike), "Overview.save", 'overview.save("deutschland.html")')
        refuse_no_page(path)
        return write_text(path, self.html())

    def _repr_html_(self) -> str:
        title = escape(self.release.title)
        return (
            f'<iframe srcdoc="{escape(self.html())}" style="width:100%;height:640px;border:1px solid #ccc" '
            f'title="{title}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"Overview of {self.release!r}"


def overview_map(release: Release, lang: Lang = "de", *, starters: str = "") -> Overview:
    """Make the page of all municipalities: circles from afar, outlines of quarters close by.

    Parameters
    ----------
    release : Release
        From :meth:`NationScreening.release`.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.
    starters : str, optional
        The folder beside the page that :meth:`NationScreening.starters` has written; quarters then lead there.

    Returns
    -------
    Overview
        With ``.save(path)`` and ``.html()``.

    Raises
    ------
    ArgumentError
        Something else than a release was given.
    ReleaseError
        The release is not one of quarters.
    SpecError
        The language is unknown.

    Notes
    -----
    What is shown of a municipality is the sum of what the release shows of its quarters and of the rest of it; where
    one of them is withheld, so is the sum. Municipalities are listed by name; quarters are ranked nowhere.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> grid = pd.DataFrame({"x": [0, 100, 900], "y": 3210000, "residents": [300, 300, 6000], "poor": [90, 80, 600]})
    >>> grid = grid.assign(ags="03001349", x=grid["x"] + 4321000)
    >>> cells = qa.write_cells(grid, tempfile.mkdtemp(), layout="plain", rates={"poor_share": ("poor", "residents")})
    >>> found = qa.screen_cells(cells, qa.above("poor_share", than="municipality", factor="1.5"))
    >>> page = qa.overview_map(found.release(title="Quarters", source="grid", as_of="2022-05-15"), "en")
    >>> "600 residents live in one quarter." in page.html()
    True
    """
    check_release(release, "overview_map")
    check_lang(lang)
    if "municipality" not in release.areas or not release.selected.any():
        raise ReleaseError("overview_map() shows quarters of municipalities: rel = found.release(...).")
    return Overview(release, lang, starters)


def overview_data(release: Release, lang: Lang, starters: str = "") -> dict[str, Any]:
    """Return what the page draws: numbers of the release and sums of them, nothing else."""
    areas, residents = release.areas, release.residents
    is_quarter = release.selected.reindex(areas.index).fillna(value=False).astype(bool)
    quarters, town = areas[is_quarter], areas["municipality"]
    keys = sorted(town.unique())
    people = residents[is_quarter].groupby(town[is_quarter]).sum(min_count=1)
    withheld = residents[is_quarter].isna().groupby(town[is_quarter]).any()
    all_of = residents.groupby(town).sum()
    has_rest = ~is_quarter
    with_rest = set(town[has_rest & residents.notna()])
    people = people.mask(withheld).reindex(keys)
    share = (100 * people / all_of.reindex(keys)).where(pd.Series([key in with_rest for key in keys], keys))
    names = _town_names(areas, is_quarter).reindex(keys)
    order = sorted(range(len(keys)), key=lambda k: (_sortable(str(names.iloc[k])), keys[k]))
    keys = [keys[k] for k in order]
    place = {key: number for number, key in enumerate(keys)}
    shapes, geometry = _town_shapes(areas, town, is_quarter, place)
    at = shapes.representative_point().to_crs(4326) if len(shapes) else shapes
    points = {place[key]: [round(y, 4), round(x, 4)] for key, x, y in zip(shapes.index, at.x, at.y, strict=True)}
    columns = [column for column in release.columns if column.kind not in ("count", "class")]
    return {
        "lang": lang,
        "words": {name: text(name, lang) for name in WORDS},
        "classes": _classes(lang),
        "starters": starters,
        "towns": {
            "geometry": geometry,
            "shapes": [place[key] for key in shapes.index],
            "keys": keys,
            "names": names.reindex(keys).tolist(),
            "people": _numbers(people.reindex(keys), 0),
            "share": _numbers(share.reindex(keys), 1),
            "at": [points.get(number) for number in range(len(keys))],
        },
        "quarters": {
            "grid": encode_runs(quarters.geometry.to_crs(EUROPE).to_numpy()),
            "town": [place[key] for key in town[is_quarter]],
            "names": quarters["name"].tolist(),
            "residents": _numbers(residents[is_quarter], 0),
            "columns": [
                {
                    "label": column.indicator.label(lang),
                    "unit": column.indicator.unit_text(lang),
                    "decimals": column.decimals,
                    "values": _numbers(release.values.loc[is_quarter, column.id], column.decimals),
                }
                for column in columns
            ],
        },
    }


def _town_names(areas: gpd.GeoDataFrame, is_quarter: pd.Series[bool]) -> pd.Series[str]:
    """Return the name of each municipality: that of its rest, else of its first quarter without the number."""
    rest = areas[~is_quarter].set_index("municipality")["name"]
    first = areas[is_quarter].groupby("municipality")["name"].first().str.replace(r" \d+$", "", regex=True)
    return rest.combine_first(first)


def _sortable(name: str) -> str:
    """Return a name as people sort it: Ä beside A."""
    import unicodedata

    return re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", name)).casefold()


def _town_shapes(
    areas: gpd.GeoDataFrame, town: pd.Series[str], is_quarter: pd.Series[bool], place: dict[str, int]
) -> tuple[gpd.GeoSeries, dict[str, str] | None]:
    """Return municipalities with an outline, whole again, and their simplified outlines as arcs."""
    import geopandas as gpd
    import shapely

    with_rest = town[~is_quarter]
    shapes: dict[str, BaseGeometry] = dict(zip(with_rest, areas.geometry[~is_quarter], strict=True))
    if not shapes:
        return gpd.GeoSeries([], crs=areas.crs), None
    for key, quarters in areas.geometry[is_quarter].groupby(town[is_quarter]):
        if key in shapes:
            shapes[str(key)] = shapely.union_all([shapes[str(key)], *quarters])
    whole = gpd.GeoSeries({key: shapes[key] for key in sorted(shapes, key=place.__getitem__)}, crs=areas.crs)
    light = shapely.coverage_simplify(whole.to_numpy(), TOLERANCE)
    return whole, encode_topology(gpd.GeoDataFrame(geometry=light, crs=areas.crs))


def _classes(lang: Lang) -> list[dict[str, Any]]:
    """Return the classes of the fills with their words."""
    found = []
    for number, (start, color) in enumerate(zip(LIMITS, NEED_COLORS, strict=True)):
        end = LIMITS[number + 1] if number + 1 < len(LIMITS) else None
        bounds = {"low": number_text(start, 0, lang), "high": number_text(end or 0, 0, lang)}
        name = "overview_above" if end is None else "overview_below" if number == 0 else "overview_between"
        found.append({"from": start, "color": color, "label": text(name, lang, **bounds)})
    return found


def _numbers(values: pd.Series[float], decimals: int) -> list[float | int | None]:
    """Return rounded numbers, None where there is none."""
    rounded = np.round(values.to_numpy(dtype=float), decimals)
    return [None if np.isnan(x) else int(x) if decimals == 0 else float(x) for x in rounded]


def encode_runs(shapes: NDArray[np.object_]) -> dict[str, Any]:
    """Return shapes with sides along the axes as text: corners alone, and the runs between them.

    ``rings`` counts the rings of each shape, ``corners`` the corners of each ring; ``runs`` are the way from the first
    corner of the ring before to that of this one, and then the runs in turn to the east and to the north, zigzag.
    """
    import shapely

    step = int(np.gcd.reduce(np.rint(shapely.get_coordinates(shapes)).astype(np.int64).ravel(), initial=0)) or 1
    rings, corners, runs = [], [], []
    last = np.zeros(2, np.int64)
    for shape in shapes:
        lines = shapely.get_rings(shapely.get_parts(shape))
        rings.append(len(lines))
        for line in lines:
            corner = _corners(np.rint(shapely.get_coordinates(line)[:-1]).astype(np.int64) // step)
            steps = np.diff(corner, axis=0)
            runs += [corner[0] - last, steps.sum(axis=1)]  # one of the two is 0
            corners.append(len(corner))
            last = corner[0]
    return {
        "step": step,
        "rings": varint_text(np.asarray(rings, np.int64)),
        "corners": varint_text(np.asarray(corners, np.int64)),
        "runs": varint_text(zigzag(np.concatenate([np.zeros(0, np.int64), *runs]))),
    }


def _corners(xy: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where a ring turns, from a corner on from which it runs to the east or west."""
    before, after = xy - np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0) - xy
    turns = (before[:, 0] != 0) != (after[:, 0] != 0)
    corner = xy[turns]
    is_level = corner[1, 1] == corner[0, 1]
    return corner if is_level else np.roll(corner, -1, axis=0)
