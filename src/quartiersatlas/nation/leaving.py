"""What of a screening may leave the house: quarters and the rest of each municipality, through the one door."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Catalogue, Indicator, Message
from quartiersatlas.catalogue.texts import number_text, texts
from quartiersatlas.disclosure import release
from quartiersatlas.errors import ReleaseError
from quartiersatlas.indicators import add_rates
from quartiersatlas.intake import join
from quartiersatlas.nation.noise import BINOMIAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.disclosure import Protection, Release
    from quartiersatlas.nation.task import Screened
    from quartiersatlas.screening.evaluation.whole_numbers import WholeRule

P_FOUND = "p_found"
SURE = 0.9  # share of runs from which a quarter is called sure
TOTALS = ("quarters", "municipalities", "residents")
PERTURBED = ("cell_key", "safe")  # what publishers have changed on their side is not suppressed again


def released_quarters(
    found: Screened,
    *,
    indicators: Iterable[Indicator] = (),
    title: str,
    subtitle: str,
    source: str,
    as_of: str,
    comment: str,
    protection: Protection | None,
) -> Release:
    """Return quarters, and the rest of each municipality with an outline, as areas of a release."""
    quarters = found.public_quarters()
    if not len(quarters):
        raise ReleaseError("No quarter of more than one cell was found: there is nothing to release.")
    spec, meanings = found.spec, {one.id: one for one in indicators}
    areas = _areas(found, quarters)
    table = areas[["residents", "group"]].astype(float)
    group = spec.group or "group"
    table.columns = [spec.population, group]
    if not spec.group:
        table = table.drop(columns="group")
    data = join(
        areas[["name", "municipality", "land", "geometry"]],
        table,
        name="name",
        parents={"municipality": "municipality", "land": "land"},
        population=spec.population,
        perturbed=found.grid is not None and found.grid.input_protection in PERTURBED,
    )
    columns = []
    rate = rate_of(spec.rule, spec.group, spec.population)
    if spec.group:
        data = add_rates(data, {rate: (spec.group, spec.population)})
        columns.append(rate)
    if len(found.runs):
        columns.append(P_FOUND)
        p = 100 * quarters[P_FOUND].reindex(data.areas.index)
        status = pd.Series(np.select([p.isna(), p.eq(0)], ["not_applicable", "zero"], "value"), p.index)
        data = replace(
            data, values=data.values.assign(p_found=p), status=data.status.assign(p_found=status.astype("category"))
        )
        meanings.setdefault(P_FOUND, p_found_meaning(spec.noise == BINOMIAL))
    data = data.with_indicators(*(one for name, one in meanings.items() if name in data.values.columns))
    told = release(
        data,
        columns=columns or [spec.population],
        title=title,
        subtitle=subtitle,
        source=source,
        as_of=as_of,
        comment=comment,
        protection=protection,
    )
    selected = pd.Series(told.areas.index.isin(quarters.index), told.areas.index)
    lines = messages(found, public_summary(found), tuple(meanings.values()))
    return replace(told, selected=selected, facts=(*lines, *told.facts))


def _areas(found: Screened, quarters: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return quarters and, where outlines are known, the rest of each municipality."""
    import geopandas as gpd

    number = quarters.groupby("ags").cumcount() + 1
    towns = found.public_municipalities()
    names = towns["name"].where(towns["name"].notna(), towns.index.to_series())
    mine = pd.DataFrame(
        {
            "name": [f"{names[ags]} {k}" for ags, k in zip(quarters["ags"], number, strict=True)],
            "municipality": quarters["ags"],
            "land": quarters["ags"].str[:2],
            "residents": quarters["residents"],
            "group": quarters["group"],
        },
        index=pd.Index(quarters.index, name="area"),
    )
    made = gpd.GeoDataFrame(mine, geometry=quarters.geometry.to_numpy(), crs=quarters.crs)
    outlines = None if found.grid is None else found.grid.municipalities
    if not isinstance(outlines, gpd.GeoDataFrame):
        return made
    shapes = gpd.GeoDataFrame(outlines).to_crs(quarters.crs).geometry.reindex(towns.index)  # type: ignore[arg-type]
    rest = towns.assign(
        name=names,
        municipality=towns.index,
        residents=towns["residents"] - towns["quarter_residents"],
        group=towns["group"] - towns["quarter_group"],
    )
    kept = shapes.notna().to_numpy()
    left = without(np.asarray(shapes[kept]), np.asarray(quarters.geometry))
    rest = gpd.GeoDataFrame(
        rest.loc[kept, ["name", "municipality", "land", "residents", "group"]], geometry=left, crs=quarters.crs
    )
    rest = rest[~rest.geometry.is_empty]
    rest.index = pd.Index([f"{ags}-0" for ags in rest.index], name="area")  # a key of an area is none of its parent
    return pd.concat([made, rest])


def without(shapes: NDArray[np.object_], holes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return shapes without what other shapes cover."""
    import shapely

    left = shapes.copy()
    hole, shape = shapely.STRtree(shapes).query(holes, predicate="intersects")
    order = np.argsort(shape, kind="stable")
    for number in np.unique(shape):
        start, end = np.searchsorted(shape[order], [number, number + 1])
        covered = shapely.union_all(holes[hole[order[start:end]]])
        cut = shapely.difference(shapes[number], covered)
        parts = shapely.get_parts(cut)
        kept = parts[shapely.get_dimensions(parts) == 2]  # noqa: PLR2004 - surfaces alone, no shared edge
        left[number] = shapely.union_all(kept) if len(kept) else shapely.Polygon()
    return left


def rate_of(rule: WholeRule, group: str, population: str) -> str:
    """Return the name of the share of a group: the one that the cells have for it, if there is one."""
    named = (name for name, rate in rule.rates.items() if (rate.numerator, rate.denominator) == (group, population))
    return next(named, f"{group}_share")


def p_found_meaning(is_again: bool) -> Indicator:
    """Return what P(found) means, as an indicator."""
    question = "p_found_again" if is_again else "p_found_unperturbed"
    words = {"label": texts()["p_found_label"], "numerator": texts()[question], "denominator": texts()["p_found_of"]}
    said = {f"{part}_{lang}": one for part, both in words.items() for lang, one in zip(("de", "en"), both, strict=True)}
    return Indicator(id=P_FOUND, kind="score", unit_de="% der Durchläufe", unit_en="% of runs", unit="%", **said)  # type: ignore[arg-type] # texts


def public_summary(found: Screened) -> dict[str, float]:
    """Return the totals of the quarters that may be named outside."""
    quarters, towns = found.public_quarters(), found.municipalities
    group = int(towns["group"].sum())
    mine = int(quarters["group"].sum())
    return {
        "quarters": len(quarters),
        "municipalities": quarters["ags"].nunique(),
        "residents": int(quarters["residents"].sum()),
        "group": mine,
        "share_of_group": mine / group if group else np.nan,
    }


def messages(found: Screened, value: dict[str, float], indicators: Iterable[Indicator] = ()) -> tuple[Message, ...]:
    """Return what was found, sentence by sentence: totals, the group, their bands, by what they were found."""
    if not value["quarters"]:
        return (Message("nation_none"),)
    numbers: dict[str, Any] = {name: int(value[name]) for name in TOTALS}
    name = "nation_one_town" if value["municipalities"] == 1 else "nation_found"
    lines = [Message("nation_one" if value["quarters"] == 1 else name, numbers)]
    known = {one.id: one for one in indicators}
    if found.spec.group and np.isfinite(value["share_of_group"]):
        share = tuple(number_text(100 * value["share_of_group"], 1, lang) for lang in ("de", "en"))
        values = {"group": int(value["group"]), "column": _label(found.spec.group, known), "share": share}
        lines.append(Message("nation_group", values))
    if len(found.runs):
        question = "nation_again" if found.spec.noise == BINOMIAL else "nation_unperturbed"
        bands = {f"{one}_{end}": round(found.summary[end][one]) for one in TOTALS for end in ("low", "high")}
        sure = int((found.public_quarters()[P_FOUND] >= SURE).sum())
        lines.append(Message(question, {"runs": len(found.runs), "sure": sure, **bands}))
    lines.append(Message("nation_proxies", {"proxies": _proxies(found.spec.rule, known)}))
    least = found.spec.min_municipality
    lines.append(Message("nation_examined", {"least": least, "floor": found.spec.min_population}))
    lines.append(Message("nation_presumed"))
    return tuple(lines)


def _proxies(rule: WholeRule, known: dict[str, Indicator]) -> tuple[str, str]:
    """Return what the rule looks at, each once, in both languages."""
    labels = [_label(name, known) for name in dict.fromkeys(one.looks_at for one in rule.rule.conditions)]
    german, english = ("; ".join(both[k] for both in labels) for k in (0, 1))
    return german, english


def _label(name: str, known: dict[str, Indicator]) -> tuple[str, str]:
    meaning = known.get(name) or Catalogue.builtin().get(name)
    return meaning.label("de"), meaning.label("en")
