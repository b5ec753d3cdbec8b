"""How candidate areas are asked for: the options of a call, what is refused, and what a reader is told of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from quartiersatlas.base.checks import choice, count_noun
from quartiersatlas.catalogue import Message, number_texts
from quartiersatlas.errors import ColumnError, GeometryError, SpecError, list_some
from quartiersatlas.intake.areas.area_columns import parent_columns
from quartiersatlas.screening.evaluation.warnings_of_rules import MUNICIPALITY
from quartiersatlas.screening.regions.trees import Objective
from quartiersatlas.space.barriers import checked_barriers
from quartiersatlas.space.neighbours import check_metres

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

Contact = Literal["border", "corner"]


@dataclass(frozen=True)
class CandidateOptions:
    """The options with which :func:`candidate_areas` was called; see there."""

    min_population: float = 2000
    max_population: float | None = None
    by: str | None = None
    holes: float = 1000
    bridge: float = 0
    contact: Contact = "border"
    objective: Objective = "fewest"
    tolerance: float | None = None
    exclude: tuple[str, ...] = ()
    barriers: gpd.GeoDataFrame | None = field(default=None, repr=False)
    crossings: gpd.GeoDataFrame | None = field(default=None, repr=False)
    seed: int | np.random.Generator | None = None


def within_municipalities(areas: gpd.GeoDataFrame, options: CandidateOptions) -> CandidateOptions:
    """Return the options with the level of municipalities, where none is named and the areas lie in several."""
    if options.by is not None:
        return options
    levels = [name for name in _municipal(areas) if areas[name].notna().all() and len(set(areas[name])) > 1]
    return replace(options, by=levels[0]) if levels else options


def _municipal(areas: gpd.GeoDataFrame) -> list[str]:
    return [str(level) for level in parent_columns(areas) if str(level).strip().lower() in MUNICIPALITY]


def check_options(areas: gpd.GeoDataFrame, options: CandidateOptions) -> None:
    """Refuse broken outlines, numbers out of range, unknown words, and a level that is not there or has gaps."""
    _check_outlines(areas)
    for name in ("min_population", "max_population", "holes", "bridge"):
        value = getattr(options, name)
        if value is None and name == "max_population":
            continue
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < np.inf:
            raise SpecError(f"candidate_areas: {name} is {value!r}; it must be a finite number from 0 on.")
    if options.max_population is not None and options.max_population < options.min_population:
        raise SpecError(
            f"candidate_areas: max_population is {in_words(options.max_population)}, below min_population "
            f"({in_words(options.min_population)}): no group can have both."
        )
    checked_barriers(areas, options.barriers, options.crossings, "candidate_areas")
    choice(options.contact, get_args(Contact), "candidate_areas: contact")
    choice(options.objective, get_args(Objective), "candidate_areas: objective")
    check_metres(options.tolerance, "candidate_areas: tolerance")
    seed = options.seed
    if isinstance(seed, bool) or not (seed is None or isinstance(seed, (int, np.integer, np.random.Generator))):
        raise SpecError(f"candidate_areas: seed={seed!r} must be a whole number, a numpy Generator or None.")
    unknown = [key for key in options.exclude if key not in areas.index]
    if unknown:
        raise SpecError(
            f"candidate_areas: exclude names {count_noun(len(unknown), 'unknown key')}: {list_some(unknown)}."
        )
    if options.by:
        if options.by not in parent_columns(areas):
            raise ColumnError.not_found(options.by, parent_columns(areas), "candidate_areas: by, the table of areas")
        nowhere = areas.index[areas[options.by].isna()]
        if len(nowhere):
            have = count_noun(len(nowhere), "area has", "areas have")
            raise ColumnError(f"candidate_areas: {have} no {options.by!r}: {list_some(nowhere)}. Fill the column in.")


def _check_outlines(areas: gpd.GeoDataFrame) -> None:
    invalid = areas.index[~areas.geometry.is_valid]
    if len(invalid):
        have = count_noun(len(invalid), "area has an invalid outline", "areas have invalid outlines")
        raise GeometryError(
            f"candidate_areas: {have}: {list_some(invalid)}. Repair with frame.geometry.make_valid() or "
            f"qa.read_areas(..., repair=True)."
        )


def in_words(value: float | None) -> str:
    """Return a number with all its digits, as English writes it."""
    return number_texts(float(value))[1] if value is not None else ""


def made_facts(options: CandidateOptions, roles: pd.Series[str]) -> tuple[Message, ...]:
    """Return how candidate areas were made."""
    found = [Message("fact_candidates", {"minimum": number_texts(options.min_population)})]
    if options.max_population is not None:
        found.append(Message("fact_candidates_ceiling", {"maximum": number_texts(options.max_population)}))
    if options.objective == "most":
        found.append(Message("fact_candidates_most"))
    if options.by:
        found.append(Message("fact_candidates_by", {"level": options.by}))
    for name, role, limit in (
        ("fact_candidates_holes", "hole", options.holes),
        ("fact_candidates_bridges", "bridge", options.bridge),
    ):
        if roles.eq(role).any():
            found.append(Message(name, {"count": int(roles.eq(role).sum()), "limit": number_texts(limit)}))
    if options.contact == "corner":
        found.append(Message("fact_candidates_corner"))
    if options.barriers is not None and len(options.barriers):
        found.append(Message("fact_candidates_barriers", {"count": len(options.barriers)}))
    return tuple(found)


def result_warnings(
    areas: gpd.GeoDataFrame,
    members: pd.Series[str],
    table: gpd.GeoDataFrame,
    selected: pd.Series[bool],
    options: CandidateOptions,
) -> tuple[Message, ...]:
    """Return what the reader has to know of the result."""
    said: list[Message] = []
    if not selected.any():
        said.append(Message("warning_candidates_nothing"))
    elif table.empty:
        floor = number_texts(options.min_population)
        said.append(Message("warning_candidates_floor", {"floor": floor}))
    if table["above"].any():
        values = {"maximum": number_texts(options.max_population or 0), "names": ", ".join(table.index[table["above"]])}
        said.append(Message("warning_candidates_above", values))
    if not options.by and len(table):
        for level in _municipal(areas):
            towns = areas.loc[members.index, level].groupby(members).nunique()
            if towns.gt(1).any():
                values = {"names": ", ".join(table.index[towns.reindex(table.index).gt(1)]), "level": level}
                said.append(Message("warning_candidates_towns", values))
    return tuple(said)
