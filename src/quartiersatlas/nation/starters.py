"""A project to start from for each municipality with quarters: its cells, the rule, a map, a note what it is."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.executors import check_executor
from quartiersatlas.base.files import write_text
from quartiersatlas.base.stores import refuse_internal
from quartiersatlas.catalogue import Catalogue, Indicator
from quartiersatlas.catalogue.texts import LANGUAGES, number_text, text
from quartiersatlas.disclosure import Protection, release
from quartiersatlas.errors import InputError, ReleaseError
from quartiersatlas.indicators import add_rates
from quartiersatlas.intake import join
from quartiersatlas.intake.cells.read import HIDDEN
from quartiersatlas.nation.cells import read_part
from quartiersatlas.nation.leaving import PERTURBED
from quartiersatlas.nation.levels import LAND, MUNICIPALITY, SIZE_CLASS, official_rates
from quartiersatlas.screening import candidate_areas, screen
from quartiersatlas.screening.evaluation.whole_numbers import RANKED
from quartiersatlas.screening.language.rules import CITY, Compare, KOf, Limit, Not, Rule, Worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from quartiersatlas.base.executors import Executor
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData
    from quartiersatlas.nation.task import Screened, ScreenSpec

MOST_CELLS = 15_000  # of a map; larger towns get cells of twice the side
LEAST_RESIDENTS = 30  # of a cell with a rate: below it a changed count says nothing
EUROPE = "EPSG:3035"
PROJECT, CELLS, MAP, NOTE = "projekt.toml", "zellen.gpkg", "atlas.html", "LIESMICH.txt"
SHOWN_DIGITS = 12


@dataclass(frozen=True)
class Starter:
    """One municipality: plain data that travels to any process."""

    folder: str
    file: str
    ags: str
    name: str
    rule: Rule
    spec: ScreenSpec
    lang: Lang
    source: str
    as_of: str
    meanings: tuple[Indicator, ...]
    quarters: int


def write_starters(
    found: Screened,
    folder: str | Path,
    *,
    lang: Lang,
    indicators: Iterable[Indicator],
    source: str,
    as_of: str,
    executor: Executor,
) -> list[Path]:
    """Write the projects; see :meth:`NationScreening.starters`."""
    expects(folder, (str, Path), "starters: folder", 'found.starters("starter/")')
    choice(lang, LANGUAGES, "lang")
    check_executor(executor, "starters")
    place, grid = Path(folder), found.grid
    refuse_internal(place)
    if grid is None or grid.input_protection not in PERTURBED:
        raise ReleaseError(
            "Counts of your own never leave as cells: starters are made of published counts alone. Those of a census "
            'say so when they are written: write_cells(..., layout="zensus2022").'
        )
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {str(place)!r} cannot be made ({error.strerror}).") from error
    number = found.public_quarters().groupby("ags").size()
    names = found.municipalities["name"].reindex(number.index)
    official, sizes = official_rates(grid, found.spec), found.municipalities["size_class"]
    starters = []
    for ags, quarters in zip(map(str, number.index), number, strict=True):
        file = next(one for one in grid.files if one.first <= ags <= one.last)
        starters.append(
            Starter(
                folder=str(place / ags),
                file=str((grid.folder / file.name).absolute()),
                ags=ags,
                name=str(names[ags]) if isinstance(names[ags], str) else ags,
                rule=local_rule(found, ags, official.get(ags, {}), str(sizes[ags])),
                spec=found.spec,
                lang=lang,
                source=source,
                as_of=as_of,
                meanings=tuple(indicators),
                quarters=int(quarters),
            )
        )
    return _all(starters, executor)


def _all(starters: list[Starter], executor: Executor) -> list[Path]:
    if executor is None:
        return [Path(write_starter(one)) for one in starters]
    if isinstance(executor, int):
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(executor, mp_context=context) as pool:
            return [Path(done) for done in pool.map(write_starter, starters, chunksize=4)]
    futures = [executor.submit(write_starter, one) for one in starters]
    return [Path(future.result()) for future in futures]


def local_rule(found: Screened, ags: str, official: Mapping[str, tuple[int, int]], size_class: str) -> Rule:
    """Return the rule as it is for one municipality: its own value is that of the city, all others are numbers."""
    groups = {MUNICIPALITY: ags, LAND: ags[:2], SIZE_CLASS: size_class, CITY: ""}

    def limit(condition: Compare | Worst) -> Compare:
        if isinstance(condition, Worst):
            value = known(condition.by or CITY, str(condition), condition.indicator)
            rate = found.spec.rule.rates.get(condition.indicator)
            return _worst_as_number(condition, value, None if rate is None or not rate.drawn else rate.per)
        told = condition.limit
        if not isinstance(told.than, str):
            return condition
        if told.than == MUNICIPALITY and condition.indicator not in official:
            return replace(condition, limit=replace(told, than=CITY))
        if told.than == MUNICIPALITY:
            value = scaled(Fraction(*official[condition.indicator]), condition.indicator)
        elif told.than in RANKED:
            value = known(CITY, str(condition), condition.indicator)
        else:
            value = known(told.than, condition.indicator, condition.indicator)
        value = value * Fraction(told.factor) + Fraction(told.plus)
        return replace(condition, limit=Limit(as_decimal(value, condition.word, told.digits)))

    def known(level: str, key: str, indicator: str) -> Fraction:
        x, n = found.manifest["levels"][level][groups[level]][key]
        return scaled(Fraction(int(x), max(int(n), 1)), indicator)

    def scaled(value: Fraction, indicator: str) -> Fraction:
        rate = found.spec.rule.rates.get(indicator)
        return value if rate is None else value * rate.per

    return _with_limits(found.spec.rule.rule, limit)


def _worst_as_number(condition: Worst, value: Fraction, top: Fraction | None) -> Compare:
    """Return "among the worst of the country" as a comparison with a number, of a share with one from 0 to its top."""
    word = "at_least" if condition.highest else "at_most"
    if value < 0:  # all that tie at the lowest value are out
        word, value = "below", Fraction(0)
    elif top is not None and value > top:
        word, value = "above", top
    limit = Limit(as_decimal(value, word))
    return Compare(
        word=word, indicator=condition.indicator, limit=limit, unknown=condition.unknown, name=condition.name
    )


def as_decimal(value: Fraction, word: str, digits: int | None = None) -> Decimal:
    """Return a limit as a decimal number on which the comparison decides as on the limit itself.

    Parameters
    ----------
    value : Fraction
        The limit, such as 100 / 3, which is the rate of many cells.
    word : {"above", "at_least", "below", "at_most"}
        The comparison.
    digits : int, optional
        The decimals to which the limit is rounded half up; without them it has so many that no rate lies between.

    Examples
    --------
    >>> as_decimal(Fraction(100, 3), "above"), as_decimal(Fraction(100, 3), "at_least")
    (Decimal('33.333333333334'), Decimal('33.333333333333'))
    """
    rounding = ROUND_CEILING if word in ("above", "at_most") else ROUND_FLOOR
    step = Decimal(1).scaleb(-(SHOWN_DIGITS if digits is None else digits))
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    found = exact.quantize(step, rounding if digits is None else ROUND_HALF_UP).normalize()
    return found if found.as_tuple().exponent <= 0 else found.quantize(Decimal(1))  # type: ignore[operator] # finite


def _with_limits(rule: Rule, limit: Any) -> Rule:  # noqa: ANN401 - of a comparison
    if isinstance(rule, Not):
        return Not(_with_limits(rule.part, limit))
    if isinstance(rule, KOf):
        return replace(rule, parts=tuple(_with_limits(part, limit) for part in rule.parts))
    changed: Rule = limit(rule)
    return changed


def write_starter(starter: Starter) -> str:
    """Write one project and return its folder."""
    from quartiersatlas.present import atlas_map, export

    folder = Path(starter.folder)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {str(folder)!r} cannot be made ({error.strerror}).") from error
    size, areas = cells_of(starter)
    data = _data(starter, areas)
    counts = [name for name in starter.spec.columns if name in areas]
    told: dict[str, Any] = {"title": text("starter_title", starter.lang, name=starter.name), "source": starter.source}
    told |= {"as_of": starter.as_of}
    plain = Protection(min_count=1, min_population=0, protect_remainder=False, secondary=False)
    export(release(data, columns=counts, protection=plain, **told), folder / CELLS, lang=starter.lang)
    shortlist = screen(data, starter.rule)
    quarters = candidate_areas(data, shortlist, **_candidates(starter))
    rel = release(
        data,
        columns=_rates(starter),
        shortlist=shortlist,
        candidates=quarters,
        protection=Protection(min_population=LEAST_RESIDENTS),
        **told,
    )
    atlas_map(rel, starter.lang).save(folder / MAP)
    write_text(folder / PROJECT, project_text(starter, told["title"]))
    write_text(folder / NOTE, _note(starter, size, len(areas)))
    return str(folder)


def cells_of(starter: Starter) -> tuple[int, gpd.GeoDataFrame]:
    """Return the cells of a municipality as areas, in coarser ones where they are too many for a map."""
    import geopandas as gpd
    import shapely

    part = read_part(Path(starter.file), starter.spec.columns)
    k = part.keys.index(starter.ags)
    mine = slice(part.starts[k], part.starts[k + 1])
    size, x, y = starter.spec.size, part.x[mine], part.y[mine]
    counts = pd.DataFrame({name: part.counts[name][mine] for name in starter.spec.columns}, dtype=float)
    counts = counts.where(counts != HIDDEN)
    while len(counts) > MOST_CELLS:
        size, x, y = 2 * size, x // 2, y // 2
        by_place = counts.groupby([pd.Series(y, name="y"), pd.Series(x, name="x")])
        counts = by_place.sum(min_count=1).where(by_place.count() == by_place.size().to_numpy()[:, None])
        y, x = (counts.index.get_level_values(name).to_numpy() for name in ("y", "x"))
        counts = counts.reset_index(drop=True)
    keys = pd.Index([f"N{b}E{a}" for a, b in zip(x, y, strict=True)], name="zelle")
    boxes = shapely.box(size * x, size * y, size * (x + 1), size * (y + 1))
    return size, gpd.GeoDataFrame(counts.set_axis(keys), geometry=boxes, crs=EUROPE).assign(name=keys)


def _data(starter: Starter, areas: gpd.GeoDataFrame) -> AreaData:
    """Return the cells as joined data with the rates of the rule."""
    names = list(starter.spec.columns)
    data = join(areas[["name", "geometry"]], areas[names], population=starter.spec.population, perturbed=True)
    rates = starter.spec.rule.rates
    data = add_rates(data, {name: (one.numerator, one.denominator) for name, one in rates.items()})
    known = {one.id: one for one in starter.meanings}
    return data.with_indicators(*(known[name] for name in rates if name in known))


def _rates(starter: Starter) -> list[str]:
    return list(starter.spec.rule.rates)


def _candidates(starter: Starter) -> dict[str, Any]:
    contact = "corner" if starter.spec.contiguity == "queen" else "border"
    return {"min_population": starter.spec.min_population, "contact": contact, "holes": 0}


def project_text(starter: Starter, title: str) -> str:
    """Return the project file that repeats the map."""
    import json

    def line(name: str, value: object) -> str:
        return f"{name} = {json.dumps(value, ensure_ascii=False)}"

    lang, rates = starter.lang, starter.spec.rule.rates
    told = [line("title", title), line("source", starter.source), line("as_of", starter.as_of), line("lang", lang)]
    lines = [f"# {row}" for row in text("starter_project", lang).split(" | ")]
    lines += [*told, line("comment", ""), line("population", starter.spec.population), ""]
    lines += ["[areas]", line("path", CELLS), line("layer", "areas"), line("key", "key"), line("name", "name"), ""]
    counts = {name: name for name in starter.spec.columns}
    lines += ["[[tables]]", line("path", CELLS), line("layer", "areas"), line("key", "key"), "perturbed = true"]
    lines += [line("columns", list(counts)), ""]
    known = {one.id: one for one in starter.meanings}
    for name, rate in rates.items():
        lines += [f"[indicators.{json.dumps(name)}]", line("numerator", rate.numerator)]
        lines.append(line("denominator", rate.denominator))
        lines += [line(field, getattr(known[name], field)) for field in _told(known.get(name))]
        lines.append("")
    lines += ["[shortlist]", line("rule", str(starter.rule)), "", "[candidates]"]
    lines += [line(name, value) for name, value in _candidates(starter).items()]
    lines += ["", "[protection]", line("min_population", LEAST_RESIDENTS), "", "[outputs]", line("folder", "ergebnis")]
    return "\n".join([*lines, ""])


def _told(meaning: Indicator | None) -> list[str]:
    """Return what an indicator says beside its name."""
    if meaning is None:
        return []
    written = [one for one in fields(meaning) if one.init and one.name not in ("id", "kind", "unit")]
    return [one.name for one in written if getattr(meaning, one.name) != one.default]


def _note(starter: Starter, size: int, cells: int) -> str:
    """Return what the folder is, and what it is not."""
    known, builtin = {one.id: one for one in starter.meanings}, Catalogue.builtin()
    names = [*(one.looks_at for one in starter.rule.conditions)]
    proxies = "; ".join((known.get(name) or builtin.get(name)).label(starter.lang) for name in dict.fromkeys(names))
    values = {
        "name": starter.name,
        "ags": starter.ags,
        "quarters": starter.quarters,
        "proxies": proxies,
        "size": size,
        "cells": cells,
        "source": starter.source or "–",
        "as_of": starter.as_of or "–",
        "floor": number_text(starter.spec.min_population, 0, starter.lang),
        "least": LEAST_RESIDENTS,
    }
    return "\n\n".join(text("starter_note", starter.lang, **values).split(" | ")) + "\n"
