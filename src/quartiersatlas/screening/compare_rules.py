"""Several rules on the same areas: what each selects, whom it reaches, and where they agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.errors import SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.screening.shortlist import Shortlist, asks_for_clusters, screen
from quartiersatlas.screening.summary import group_counts

if TYPE_CHECKING:
    import geopandas as gpd

    from quartiersatlas.catalogue.references import Reference
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.screening.language.rule_spec import RuleSpec
    from quartiersatlas.screening.language.rules import Rule

SURE = 0.9  # share of the runs from which a selection is sure


@dataclass(frozen=True, eq=False)
class RuleComparison:
    """Several rules beside each other.

    Parameters
    ----------
    table : DataFrame
        One row per rule: ``areas``, ``unknown`` (areas that cannot be assessed), ``municipalities`` (if ``by`` is
        given), ``residents``, ``share_of_residents``; with a group ``group``, ``group_inside`` (its share inside) and
        ``share_of_group``; ``only_here`` (areas that no other rule selects), ``jaccard`` (with the first rule), and
        with runs ``sure`` (areas selected in more than 90 % of them).
    overlaps : DataFrame, shape (rules, rules)
        How many areas both rules select.
    selected_by : Series of int
        Number of rules -> how many areas are selected by so many.
    shortlists : dict of str to Shortlist
        The results behind it.
    call : dict
        What was asked of them: ``group``, ``by``, ``runs``, ``seed``.
    """

    table: pd.DataFrame
    overlaps: pd.DataFrame
    selected_by: pd.Series[int]
    shortlists: Mapping[str, Shortlist]
    call: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        shown = self.table.to_string(float_format=lambda value: f"{value:.3f}")
        return f"RuleComparison: {len(self.table)} rules\n{shown}"

    def _repr_html_(self) -> str:
        names = ", ".join(escape(f"{name}: {one.rule}") for name, one in self.shortlists.items())
        return f"<p>{names}</p>{self.table.to_html()}{self.overlaps.to_html()}"


def compare_rules(
    data: AreaData,
    rules: Mapping[str, Rule | RuleSpec],
    *,
    group: str = "",
    by: str = "",
    need: NeedIndex | None = None,
    references: Mapping[str, Reference] | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    crossings: gpd.GeoDataFrame | None = None,
    runs: int = 0,
    seed: int = 1,
) -> RuleComparison:
    """Apply several rules to the same areas.

    Parameters
    ----------
    data : AreaData
        Joined data.
    rules : mapping of str to Rule or RuleSpec
        Name -> rule; the first is the one that the others are compared with.
    group : str, optional
        A column of counts, such as residents with migration background: whom the rules reach.
    by : str, optional
        A higher level, such as ``"gemeinde"``: in how many of its units a rule selects an area.
    need, references, barriers, crossings : object
        As for :func:`screen`; barriers act on the rules with a :func:`hotspot` or :func:`adjacent_to`.
    runs : int, default 0
        Runs of :meth:`Shortlist.stability` for ``sure``; 0 leaves it out.
    seed : int
        Of the runs.

    Returns
    -------
    RuleComparison
        With ``.table``, ``.overlaps``, ``.selected_by``.

    Raises
    ------
    SpecError
        There is no rule, or a rule names what is not there.
    CountError
        The group is a rate.
    ArgumentError
        Something else is given.

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
    >>> rules = {"city": qa.above_city("poverty"), "fixed": qa.above("poverty", 28)}
    >>> qa.compare_rules(data, rules, group="poor").table[["areas", "group", "only_here", "jaccard"]].values.tolist()
    [[2.0, 560.0, 1.0, 1.0], [1.0, 300.0, 0.0, 0.5]]
    """
    expects(data, AreaData, "compare_rules", "data = qa.join(areas, table)")
    expects(
        rules, Mapping, "compare_rules: rules", '{"city": qa.above_city("poverty"), "fixed": qa.above("poverty", 24)}'
    )
    if not rules:
        raise SpecError("compare_rules: no rule is given: {'city': qa.above_city('poverty')}.")
    cut = {"barriers": barriers, "crossings": crossings}
    alone = all(not asks_for_clusters(rule) for rule in rules.values())  # then screen() says what barriers are for
    found = {
        str(name): screen(
            data, rule, need=need, references=references, **(cut if alone or asks_for_clusters(rule) else {})
        )
        for name, rule in rules.items()
    }
    return comparison_of(found, group=group, by=by, runs=runs, seed=seed)


def comparison_of(
    found: Mapping[str, Shortlist], *, group: str = "", by: str = "", runs: int = 0, seed: int = 1
) -> RuleComparison:
    """Compare shortlists of the same data; see :func:`compare_rules`."""
    data = next(iter(found.values())).data
    assert data is not None  # noqa: S101 - screen() leaves it there
    chosen = pd.DataFrame({name: one.selected for name, one in found.items()})
    members = group_counts(data, group, "compare_rules") if group else None
    rows = {name: _row(one, chosen, name, members, by) for name, one in found.items()}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("rule")
    if runs:
        table["sure"] = [
            int((one.stability(n=runs, seed=seed).table["p_selected"].astype(float) > SURE).sum())
            for one in found.values()
        ]
    numbers = chosen.astype(int)
    times = chosen.sum(axis=1).value_counts().reindex(range(len(found) + 1), fill_value=0).rename("areas")
    call = {"group": group, "by": by, "runs": runs, "seed": seed}
    return RuleComparison(table, numbers.T @ numbers, times.rename_axis("rules").astype(int), found, call)


def _row(
    one: Shortlist, chosen: pd.DataFrame, name: str, members: pd.Series[float] | None, by: str
) -> dict[str, float]:
    """Return the figures of one rule."""
    mine, first = chosen[name], chosen.iloc[:, 0]
    others = chosen.drop(columns=name).any(axis=1)
    summary = one.summarise(by=by)
    figures: dict[str, float] = {"areas": summary.areas, "unknown": int((~one.assessed).sum())}
    if by:
        figures["municipalities"] = summary.municipalities
    figures["residents"] = summary.residents
    figures["share_of_residents"] = float(summary.table["share_of_residents"]["selected"])
    if members is not None:
        inside = float(members[mine].sum())
        figures["group"] = inside
        figures["group_inside"] = inside / summary.residents if summary.residents > 0 else float("nan")
        figures["share_of_group"] = inside / float(members.sum()) if members.sum() > 0 else float("nan")
    either = int((mine | first).sum())
    figures["only_here"] = int((mine & ~others).sum())
    figures["jaccard"] = int((mine & first).sum()) / either if either else float("nan")
    return figures
