"""Which columns leave with a release, and which only enter something that does."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from typing import TYPE_CHECKING, Any

from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.base.checks import names as names_of
from quartiersatlas.disclosure.derived.recompute import scale_options
from quartiersatlas.disclosure.selection.compared_rules import compared_columns
from quartiersatlas.disclosure.selection.screened import looked_at
from quartiersatlas.intake.joining.data import SUMMED_BESIDE_COUNTS, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.screening import Shortlist


def leaving_names(
    data: AreaData, columns: str | Iterable[str] | None, need: NeedIndex | None, shortlist: Shortlist | None
) -> list[str]:
    """Return the columns that leave: those that are named, none for an empty list.

    If none are named: all rates, what else the catalogue knows, the members of the index and what the rule looks at;
    without the counts behind them, which leave with their rates.
    """
    if columns is not None:
        return [] if isinstance(columns, Sized) and not len(columns) else list(names_of(columns, "release: columns"))
    known = [name for name in data.values.columns if name in data.catalogue and kind_of(data, name) != "class"]
    leaves = [leaf.id for axis in need.spec.axes for leaf in axis.indicators] if need is not None else []
    of_rule = [name for name in looked_at(shortlist, data) if is_number(data, name)] if shortlist is not None else []
    sources = {source for pair in data.rates.values() for source in pair}
    behind = {data.population, *(source for source in sources if kind_of(data, source) not in SUMMED_BESIDE_COUNTS)}
    bases = {data.catalogue[name].base for name in known}
    wanted = [*data.rates, *(name for name in known if name not in behind | bases), *leaves, *of_rule]
    return [name for name in dict.fromkeys(wanted) if name in data.values.columns]


def is_number(data: AreaData, name: str) -> bool:
    """Return False for classes and the residents, which a rule may look at and which do not leave by themselves."""
    return is_numeric_dtype(data.values[name]) and not is_bool_dtype(data.values[name]) and name != data.population


def entering_names(data: AreaData, made: Mapping[str, Any]) -> list[str]:
    """Return the columns that results are made of, and the counts that means and amounts are taken over."""
    need, shortlist = made["need"], made["shortlist"]
    wanted: list[str] = []
    if need is not None:
        wanted += [leaf.id for axis in need.spec.axes for leaf in axis.indicators]
        wanted += names_of(need.options["population"], "population") if need.options.get("population") else []
    if shortlist is not None:
        wanted += [name for name in looked_at(shortlist, data) if is_number(data, name)]
    wanted += segregated_groups(data, made)
    wanted += [name for name in compared_columns(made["comparison"], data) if is_number(data, name)]
    wanted += [data.catalogue[name].base for name in [*data.values.columns, *wanted] if name in data.catalogue]
    return [name for name in dict.fromkeys(wanted) if name in data.values.columns]


def segregated_groups(data: AreaData, made: Mapping[str, Any]) -> list[str]:
    """Return the groups whose segregation is measured, those they are compared with, and everybody."""
    found: list[str] = []
    if made["segregation"] is not None:
        spec = made["segregation"].spec
        found += [*spec.groups, *spec.references, *([spec.population] if spec.population else [])]
    if made["scale"] is not None:
        options = scale_options(made["scale"], data)
        for part in ("groups", "reference", "population"):
            found += names_of(options[part], part) if options.get(part) else []
    return found


def families_of(data: AreaData, made: Mapping[str, Any]) -> list[tuple[list[str], pd.Series[bool]]]:
    """Return the columns that make a class or an outcome, with the areas that have one to lose."""
    need, shortlist, found = made["need"], made["shortlist"], list[tuple[list[str], "pd.Series[bool]"]]()
    if need is not None:
        found += [([leaf.id for leaf in axis.indicators], need.scores[axis.id].notna()) for axis in need.spec.axes]
    if shortlist is not None:
        found.append(([name for name in looked_at(shortlist, data) if is_number(data, name)], shortlist.assessed))
    for one in () if made["comparison"] is None else made["comparison"].shortlists.values():
        found.append(([name for name in looked_at(one, data) if is_number(data, name)], one.assessed))
    return found
