"""Programmes and need side by side: what running programmes cover, what lies outside, what could be joined or left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.catalogue import Message, check_lang, number_text, text
from quartiersatlas.catalogue.texts import percent_text
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need import Stability
from quartiersatlas.screening.candidates import Candidates
from quartiersatlas.screening.programme_areas import HOW, ProgrammeAreas, programme_areas, span_text, state_counts
from quartiersatlas.screening.programme_residents import CityPieces, Pieces, where_people_live
from quartiersatlas.space.apart import MIN_BORDER, TOLERANCE, tolerance_scale
from quartiersatlas.space.neighbours import CORNERS
from quartiersatlas.space.overlay import TOUCH

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.screening.shortlist import Shortlist

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Shapes = NDArray[np.object_]

COVERED = 0.9  # share of the residents from which an area counts as covered
TOUCHED = 0.05  # and above which it counts as partly covered
NAMED = 0.01  # share above which a programme is named with an area
INSIDE = 0.1  # share below which a selected neighbour may be an extension of a programme
EXIT = 0.1  # share of residents in areas of high need below which a programme is to be looked at again
HECTARE = 1e4
OUTSIDE_CITY = 0.01  # share of a programme's surface outside all areas above which it is said
ROUNDING = 1e-9  # a share that misses a limit by no more is at the limit


@dataclass(frozen=True, eq=False)
class ProgrammeOverlap:
    """Candidate areas, areas of high need and programmes, side by side. A basis for review, no verdict.

    Parameters
    ----------
    candidates : DataFrame
        On the candidate area: ``name``; ``programmes``, ``formerly``, ``planned`` (names of those that run, ended, are
        planned); ``covered_share`` (of the surface) and ``covered_residents`` (of the residents) in running programmes;
        ``residents``, ``residents_not_covered``; ``parts_outside`` (hectares of each part above 1 ha in no running
        programme); ``cover`` (``"covered"`` from 90 %, ``"partly"`` above 5 %, ``"not_covered"``) and ``cover_by``
        (``"residents"``, or ``"surface"`` where residents are unknown or none); ``extension_of`` (programmes that a
        member could extend).
    outside : DataFrame
        On the district key, selected areas in no running programme (up to 5 %) and in no candidate area: ``name``,
        ``residents``, ``share_inside``.
    programmes : DataFrame
        On the programme's row: ``name``, ``kind``, ``start``, ``end``, ``state``, ``hectares``, ``residents``,
        ``high_need_share`` (of them in selected areas), ``unassessed_share`` (in areas that the rule cannot assess),
        ``p_selected`` (mean probability of selection of its residents; missing without ``stability``) and
        ``exit_screening`` (whether a running one has a share below 10 %; missing where that is not known).
    extension : DataFrame
        One row per running programme and selected neighbour of which less than 10 % lies in running programmes:
        ``programme``, ``programme_name``, ``key``, ``name``, ``residents``, ``share_inside``, ``border`` (metres),
        ``candidate``.
    parts : DataFrame
        One row per candidate area and programme that touch, whatever its state: ``candidate``, ``programme``,
        ``programme_name``, ``state``, ``start``, ``end``, and its own ``surface_share`` and ``residents_share``.
    areas : ProgrammeAreas
        The programmes as they were used.
    residents_by : {"surface", "points", "cells"}
        Where residents live inside an area: evenly over its surface, or as the layer of residents says.
    notes : tuple of Message
        What was repaired, left out, estimated or is not known.
    """

    candidates: pd.DataFrame
    outside: pd.DataFrame
    programmes: pd.DataFrame
    extension: pd.DataFrame
    parts: pd.DataFrame
    areas: ProgrammeAreas
    residents_by: str
    notes: tuple[Message, ...] = ()

    def sentences(self, lang: Lang = "de") -> list[str]:
        """Return what is to be reviewed, one sentence each: cover, extensions, areas outside, programmes to look at."""
        check_lang(lang)
        said = [_cover_sentence(str(key), row, self.parts, lang) for key, row in self.candidates.iterrows()]
        for name, some in self.extension.groupby("programme_name", sort=True):
            said.append(text("programme_extend", lang, name=name, areas=", ".join(sorted(some["name"].astype(str)))))
        if len(self.outside):
            names = ", ".join(sorted(self.outside["name"].astype(str)))
            said.append(text("programme_uncovered", lang, areas=names, n=len(self.outside)))
        for _, row in self.programmes[self.programmes["exit_screening"].fillna(value=False).astype(bool)].iterrows():
            share = percent_text(row["high_need_share"], lang)
            said.append(text("programme_exit", lang, name=row["name"], share=share, limit=percent_text(EXIT, lang)))
        return said

    def __repr__(self) -> str:
        counts = self.candidates["cover"].value_counts()
        cover = ", ".join(f"{counts.get(c, 0)} {c}" for c in ("covered", "partly", "not_covered"))
        exits = int(self.programmes["exit_screening"].fillna(value=False).sum())
        lines = [
            f"ProgrammeOverlap of {count_noun(len(self.candidates), 'candidate area')}: {cover}",
            f"  {state_counts(self.areas)}; {exits} with less than {EXIT:.0%} of residents in selected areas",
            f"  {count_noun(len(self.extension), 'possible extension')}",
            f"  {count_noun(len(self.outside), 'selected area')} in no running programme and no candidate area",
        ]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        return self.candidates.to_html(escape=True) + self.programmes.to_html(escape=True)


def _cover_sentence(key: str, row: pd.Series, parts: pd.DataFrame, lang: Lang) -> str:
    """Return how far an area is covered, and the programmes beside it that ended or are planned."""
    words = text(f"cover_{row['cover']}", lang)
    share = row["covered_residents"] if row["cover_by"] == "residents" else row["covered_share"]
    said = text(
        f"programme_cover_{row['cover_by']}",
        lang,
        key=key,
        name=row["name"],
        words=words,
        share=percent_text(share, lang),
    )
    left = row["residents_not_covered"]
    more = text("programme_left", lang, n=number_text(left, 0, lang)) if left > 0 else ""
    others = parts[parts["candidate"].eq(key) & parts["state"].ne("running") & _is_named(parts)]
    beside = [f"{part['programme_name']} ({span_text(part, lang)})" for _, part in others.iterrows()]
    return f"{'; '.join([said + more, *beside])}."


def _is_named(parts: pd.DataFrame) -> pd.Series[bool]:
    """Return which programmes are named with a candidate area: a sliver along a border is not."""
    return parts["surface_share"].gt(NAMED + ROUNDING) | parts["residents_share"].gt(NAMED + ROUNDING)


def programme_overlap(
    candidates: Candidates,
    programmes: gpd.GeoDataFrame | ProgrammeAreas,
    *,
    as_of: str | date | None = None,
    name: str | None = None,
    kind: str | None = None,
    start: str | None = None,
    end: str | None = None,
    residents: gpd.GeoDataFrame | None = None,
    residents_column: str | None = None,
    stability: Stability | None = None,
    lang: Lang = "de",
) -> ProgrammeOverlap:
    """Compare candidate areas and areas of high need with programme areas, by surface and by residents.

    Parameters
    ----------
    candidates : Candidates
        Result of :func:`candidate_areas`.
    programmes : GeoDataFrame or ProgrammeAreas
        Polygons, whole districts or any part of them, in any coordinate reference system; or the result of
        :func:`programme_areas`. Outlines are repaired and rows without one left out; ``.notes`` says which.
    as_of : str or date, optional
        The day that decides which programmes run, as in :func:`programme_areas`; needed where they have dates.
    name, kind, start, end : str, optional
        Columns, as in :func:`programme_areas`.
    residents : GeoDataFrame, optional
        Where people live: points (addresses, centres of cells) or polygons (blocks, grid cells) with a count. If not
        given, the residents of an area are taken to live evenly over its surface.
    residents_column : str, optional
        Its column with the count; its only column of numbers, if not given.
    stability : Stability, optional
        Result of ``shortlist.stability()``.
    lang : {"de", "en"}, default "de"
        Language in which programmes without a name are named.

    Returns
    -------
    ProgrammeOverlap
        With ``.candidates``, ``.outside``, ``.programmes``, ``.extension``, ``.parts``, ``.notes``.

    Raises
    ------
    GeometryError
        A layer has no coordinate reference system or no geometry, or residents are neither points nor valid polygons.
    ColumnError
        A named column is not there.
    CountError
        Counts of residents are negative or unknown.
    SpecError
        A date cannot be read, the day is missing, the candidate areas do not hold their shortlist, or the stability is
        of other areas.
    ArgumentError
        An argument is something else.

    Notes
    -----
    Covered is what lies in the union of the running programmes: where two overlap, it counts once. Shares of residents
    are of the members of a candidate area. ``p_selected`` of a programme is the mean over its residents, which is the
    share of its residents in selected areas expected over the runs.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> candidates = qa.candidate_areas(data, qa.screen(data, qa.above_city("poverty")))
    >>> west = gpd.GeoDataFrame({"name": ["West"]}, geometry=[shapely.box(0, 0, 1000, 1000)], crs="EPSG:25832")
    >>> found = qa.programme_overlap(candidates, west)
    >>> found.candidates[["programmes", "covered_residents", "cover"]].to_numpy().tolist()
    [['West', 0.5, 'partly']]
    >>> found.extension["name"].tolist()
    ['B']
    """
    expects(candidates, Candidates, "programme_overlap", "candidates = qa.candidate_areas(data, shortlist)")
    expects(programmes, (gpd.GeoDataFrame, ProgrammeAreas), "programme_overlap: programmes", HOW)
    shortlist = _shortlist(candidates)
    assert shortlist.data is not None  # noqa: S101 - checked in the line above
    areas = shortlist.data.areas
    if isinstance(programmes, gpd.GeoDataFrame):
        programmes = programme_areas(
            programmes, crs=areas.crs, as_of=as_of, name=name, kind=kind, start=start, end=end, lang=lang
        )
    elif any(option is not None for option in (as_of, name, kind, start, end)):
        raise SpecError(
            "programme_overlap: dates and names were read already; pass as_of= and columns to programme_areas()."
        )
    _check_stability(stability, shortlist)
    people, by, said = where_people_live(areas, shortlist.residents, residents, residents_column)
    city = CityPieces(areas, programmes, people, Pieces.of_areas(areas))
    cover = candidate_cover(candidates, city)
    extension = _extension(candidates, city)
    by_candidate = extension.groupby("candidate")["programme_name"].agg(lambda some: ", ".join(sorted(set(some))))
    table = cover.assign(extension_of=by_candidate.astype(object).reindex(cover.index).fillna(""))
    table.insert(0, "name", candidates.table["name"])
    return ProgrammeOverlap(
        candidates=table,
        outside=_outside(candidates, shortlist, city),
        programmes=_programmes(shortlist, city, stability),
        extension=extension,
        parts=_parts(candidates, city),
        areas=programmes,
        residents_by=by,
        notes=(*programmes.notes, *said, *_beyond(city), *_by_surface(cover)),
    )


def _shortlist(candidates: Candidates) -> Shortlist:
    shortlist = candidates.shortlist
    if shortlist is None or shortlist.data is None:
        raise SpecError(
            "These candidate areas do not hold what they were made of: make them with screen(data, rule) and "
            "candidate_areas(data, shortlist)."
        )
    return shortlist


def _check_stability(stability: Stability | None, shortlist: Shortlist) -> None:
    if stability is None:
        return
    expects(stability, Stability, "programme_overlap: stability", "stability = shortlist.stability()")
    if not stability.table.index.equals(shortlist.selected.index) or stability.selection != str(shortlist.rule):
        raise SpecError(
            "programme_overlap: the stability is of other areas or another rule. Make it of the same shortlist: "
            "candidates.shortlist.stability()."
        )


def candidate_cover(candidates: Candidates, city: CityPieces) -> pd.DataFrame:
    """Return how far running programmes cover each candidate area, and which programmes are there."""
    table, shapes = candidates.table, candidates.table.geometry.to_numpy()
    members = candidates.members
    people, covered = (
        values[members.index].groupby(members).agg(_sum_of_known).reindex(table.index)
        for values in (city.residents, city.covered)
    )
    surface = shapely.area(shapely.intersection(shapes, city.union)) / shapely.area(shapes)
    by_people = (covered / people.where(people > 0)).clip(upper=1.0)
    share = by_people.fillna(pd.Series(surface, index=table.index))
    cover = np.where(
        share >= COVERED - ROUNDING, "covered", np.where(share > TOUCHED + ROUNDING, "partly", "not_covered")
    )
    parts = _parts(candidates, city)
    parts = parts[_is_named(parts)]
    named = {
        state: parts[parts["state"] == state].groupby("candidate")["programme_name"].agg(_joined_names)
        for state in ("running", "ended", "planned")
    }
    words = {state: names.astype(object).reindex(table.index).fillna("") for state, names in named.items()}
    left = shapely.difference(shapes, city.union)
    return pd.DataFrame(
        {
            "programmes": words["running"].mask(cover == "not_covered", ""),
            "formerly": words["ended"],
            "planned": words["planned"],
            "covered_share": surface,
            "covered_residents": by_people,
            "residents": people,
            "residents_not_covered": people - covered,
            "parts_outside": [_large_parts(shape) for shape in left],
            "cover": cover,
            "cover_by": np.where(by_people.notna(), "residents", "surface"),
        },
        index=table.index,
    )


def _sum_of_known(some: pd.Series[float]) -> float:
    """Return the sum; a sum with an unknown part is unknown."""
    return float(some.sum(skipna=False))


def _joined_names(names: pd.Series[str]) -> str:
    return ", ".join(sorted(set(names)))


def _large_parts(shape: shapely.Geometry) -> tuple[float, ...]:
    """Return the hectares of the parts above one, the largest first."""
    hectares = shapely.area(shapely.get_parts(shape)) / HECTARE
    return tuple(sorted((float(part) for part in hectares[hectares > 1]), reverse=True))


def _parts(candidates: Candidates, city: CityPieces) -> pd.DataFrame:
    """Return one row per candidate area and programme that touch, with the shares of each programme alone."""
    shapes, programmes = candidates.table.geometry.to_numpy(), city.programmes.table
    outlines = programmes.geometry.to_numpy()
    programme, candidate = shapely.STRtree(shapes).query(outlines, predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[candidate], outlines[programme]))
    surface = common / shapely.area(shapes[candidate])
    found = city.by_programme(city.people)
    found = found.assign(candidate=found["key"].map(candidates.members)).dropna(subset=["candidate"])
    counted = found.groupby(["shape", "candidate"])["number"].agg(_sum_of_known)
    people = city.residents[candidates.members.index].groupby(candidates.members).agg(_sum_of_known)
    names = candidates.table.index[candidate]
    at = pd.MultiIndex.from_arrays([programme, names])
    residents = counted.reindex(at, fill_value=0.0).to_numpy() / people.reindex(names).replace(0.0, np.nan).to_numpy()
    table = pd.DataFrame({"candidate": names, "programme": programmes.index[programme]}).assign(
        programme_name=programmes["name"].to_numpy()[programme],
        **{column: programmes[column].to_numpy()[programme] for column in ("state", "start", "end")},
        surface_share=surface,
        residents_share=residents,
    )
    real = (table["surface_share"] > TOUCH) | (table["residents_share"] > TOUCH)
    return table[real].sort_values(["candidate", "programme_name"], kind="stable").reset_index(drop=True)


def _outside(candidates: Candidates, shortlist: Shortlist, city: CityPieces) -> pd.DataFrame:
    """Return the selected areas that are in no running programme and in no candidate area."""
    selected = shortlist.selected.reindex(city.areas.index)
    alone = selected & (city.share <= TOUCHED + ROUNDING) & ~city.areas.index.isin(candidates.members.index)
    table = pd.DataFrame({"name": city.areas["name"], "residents": city.residents, "share_inside": city.share})
    return table[alone]


def _programmes(shortlist: Shortlist, city: CityPieces, stability: Stability | None) -> pd.DataFrame:
    """Return one row per programme: who lives there, and how many of them in selected areas."""
    programmes = city.programmes.table
    found = city.by_programme(city.people)
    selected, assessed = shortlist.selected[found["key"]].to_numpy(), shortlist.assessed[found["key"]].to_numpy()
    p = stability.table["p_selected"].astype(float)[found["key"]].to_numpy() if stability is not None else np.nan
    sums = found.assign(high=found["number"] * selected, unknown=found["number"] * ~assessed, p=found["number"] * p)
    # a probability is of those that could be assessed; where nothing of an area is inside, nothing of it is unknown
    sums["known"] = sums["number"].where(sums["p"].notna())
    grouped = sums.groupby("shape")
    whole = grouped[["number", "high", "unknown"]].agg(_sum_of_known)
    sums = whole.join(grouped[["p", "known"]].sum()).reindex(range(len(programmes)), fill_value=0.0)
    sums = sums.set_axis(programmes.index)
    people = sums["number"].where(sums["number"] > 0)
    high, unknown = sums["high"] / people, sums["unknown"] / people
    low = (high + unknown) < EXIT - ROUNDING
    is_decided = programmes["state"].eq("running") & (low | (high >= EXIT - ROUNDING))
    return pd.DataFrame(programmes[["name", "kind", "start", "end", "state"]]).assign(
        hectares=programmes.geometry.area / HECTARE,
        residents=sums["number"],
        high_need_share=high,
        unassessed_share=unknown,
        p_selected=(sums["p"] / sums["known"].where(sums["known"] > 0)).where(people.notna()),
        exit_screening=low.astype("boolean").where(is_decided),
    )


def _extension(candidates: Candidates, city: CityPieces) -> pd.DataFrame:
    """Return the selected areas along the border of each running programme that are hardly inside one."""
    areas, running = city.areas, city.programmes.running
    shapes = areas.geometry.to_numpy()
    shortlist = _shortlist(candidates)
    free = shortlist.selected.reindex(areas.index).to_numpy(dtype=bool) & (city.share < INSIDE - ROUNDING).to_numpy()
    scale = tolerance_scale(shapes)
    tolerance = TOLERANCE * scale if candidates.tolerance is None else candidates.tolerance
    least = max(MIN_BORDER * scale, CORNERS * tolerance)
    some, outlines = np.flatnonzero(free), running.geometry.to_numpy()
    programme, near = shapely.STRtree(shapes[some]).query(outlines, predicate="dwithin", distance=tolerance)
    border = _contact(outlines[programme], shapes[some[near]], tolerance)
    touching = border >= least
    programme, area, border = programme[touching], some[near[touching]], border[touching]
    keys = areas.index[area]
    table = pd.DataFrame({"programme": running.index[programme]}).assign(
        programme_name=running["name"].to_numpy()[programme],
        key=keys.to_numpy(),
        name=areas["name"].to_numpy()[area],
        residents=city.residents.to_numpy()[area],
        share_inside=city.share.to_numpy()[area],
        border=border,
        candidate=candidates.members.astype(object).reindex(keys).fillna("").to_numpy(),
    )
    return table.sort_values(["programme_name", "key"], kind="stable").reset_index(drop=True)


def _contact(one: Shapes, other: Shapes, tolerance: float) -> Floats:
    """Return how many metres of outline of one shape run along or through the other, the longer of both ways."""
    lengths = [
        shapely.length(shapely.intersection(shapely.boundary(mine), shapely.buffer(theirs, tolerance)))
        for mine, theirs in ((one, other), (other, one))
    ]
    return np.maximum(*lengths)


def _beyond(city: CityPieces) -> list[Message]:
    """Say which programmes lie partly outside all areas."""
    found = city.by_programme(city.surface).groupby("shape")["number"].sum()
    programmes = city.programmes.table
    surface = programmes.geometry.area.to_numpy()
    outside = 1 - found.reindex(range(len(programmes))).fillna(0.0).to_numpy() / surface
    shares = {str(programmes["name"].iloc[i]): float(outside[i]) for i in np.flatnonzero(outside > OUTSIDE_CITY)}
    return [
        Message("programme_beyond", {"name": name, "share": (percent_text(s, "de"), percent_text(s, "en"))})
        for name, s in shares.items()
    ]


def _by_surface(cover: pd.DataFrame) -> list[Message]:
    """Say which candidate areas were judged by surface for want of residents."""
    names = cover.index[cover["cover_by"] == "surface"]
    return [Message("programme_no_residents", {"candidates": list_some(names)})] if len(names) else []


def released_cover(candidates: Candidates, programmes: ProgrammeAreas, residents: pd.Series[float]) -> pd.DataFrame:
    """Return the cover of candidate areas as anybody can work it out from the residents that are shown.

    Parameters
    ----------
    candidates : Candidates
        Made of the areas that may be shown.
    programmes : ProgrammeAreas
        The programmes.
    residents : Series of float
        The released residents; where one of a candidate area is withheld, its surface decides.
    """
    shortlist = _shortlist(candidates)
    assert shortlist.data is not None  # noqa: S101 - checked in the line above
    areas = shortlist.data.areas
    people, _, _ = where_people_live(areas, residents, None, None)
    cover = candidate_cover(candidates, CityPieces(areas, programmes, people, Pieces.of_areas(areas)))
    kept = ["programmes", "covered_share", "covered_residents", "cover"]
    return cover[[*kept, *(["formerly", "planned"] if programmes.is_dated else [])]]
