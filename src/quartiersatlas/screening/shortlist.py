"""Screening: which areas meet a rule, which do not, which cannot be assessed; each with its reasons, and how stable."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import check_lang
from quartiersatlas.catalogue.references import checked_references
from quartiersatlas.charts import Chart, Charted
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.need import NeedIndex
from quartiersatlas.need.robustness.options import SOURCES
from quartiersatlas.screening.evaluation.collected import collect_evidence
from quartiersatlas.screening.evaluation.evaluate import evaluate
from quartiersatlas.screening.evaluation.reasons import k_of_table, reasons_table
from quartiersatlas.screening.evaluation.runs import selection_stability
from quartiersatlas.screening.evaluation.warnings_of_rules import check_small_town, rule_warnings, warn_of
from quartiersatlas.screening.language.names import condition_names
from quartiersatlas.screening.language.rule_spec import RuleSpec
from quartiersatlas.screening.language.rules import EXAMPLES, Adjacent, Hotspot, Rule
from quartiersatlas.screening.missing_persons import missing_persons
from quartiersatlas.screening.ranked import markdown_table, ranked_table, reasons_in_words
from quartiersatlas.screening.summary import Summary, summarise
from quartiersatlas.space.barriers import checked_barriers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang, Message
    from quartiersatlas.catalogue.references import Reference
    from quartiersatlas.need.robustness.options import RandomSource
    from quartiersatlas.need.robustness.stability import Stability
    from quartiersatlas.screening.evaluation.collected import Barriers
    from quartiersatlas.screening.evaluation.evidence import Evidence


def screen(
    data: AreaData,
    rule: Rule | RuleSpec,
    *,
    need: NeedIndex | None = None,
    references: Mapping[str, Reference] | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    crossings: gpd.GeoDataFrame | None = None,
) -> Shortlist:
    """Apply a rule to areas and keep the reason for every area and condition.

    Parameters
    ----------
    data : AreaData
        Joined data with what the rule names.
    rule : Rule or RuleSpec
        Such as ``above_city("sgb2_rate") & worst_share("need", 0.2)``, or an official rule with its levels:
        ``RuleSpec.preset("mtc-epc-2022")``.
    need : NeedIndex, optional
        Needed for rules on ``"need"``, its axes and its classes.
    references : mapping of str to Reference, optional
        Published values that the rule names, with their source; those of the rule file and of the data are there too.
    barriers, crossings : GeoDataFrame, optional
        Rivers, railways, and bridges across them, as for :func:`neighbours`: no cluster reaches across, and nobody is
        beside the other bank. Only for rules with a :func:`hotspot` or :func:`adjacent_to`.

    Returns
    -------
    Shortlist
        With ``.selected``, ``.assessed``, ``.reasons``, ``.summary`` and, where the rule has levels, ``.levels``.

    Raises
    ------
    ColumnError, SpecError
        The rule names what is not there, or asks of 3 to 14 areas what so few cannot give; barriers are given, and the
        rule does not go by neighbours.
    GeometryError
        Barriers or crossings do not fit, see :func:`neighbours`.
    ArgumentError
        The data, the rule or the need index is something else.

    Warns
    -----
    UserWarning
        The rule rests on context indicators alone, on counts, which are high in large areas, or looks at the better
        side of an indicator; a limit is written as a fraction of a percent; several municipalities are compared with
        their total. ``.warnings`` holds these and more, such as ties at a limit.

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
    >>> shortlist = qa.screen(data, qa.above_city("poverty"))
    >>> shortlist.keys
    ['1', '2']
    """
    expects(data, AreaData, "screen", "data = qa.join(areas, table)")
    expects(rule, (Rule, RuleSpec), "screen: rule", f"{EXAMPLES['above_city']} & {EXAMPLES['worst_share']}")
    if need is not None:
        expects(need, NeedIndex, "screen: need", "need = qa.need_index(data, spec)")
        need = need.on(data.areas.index)
    spec = rule if isinstance(rule, RuleSpec) else None
    tree = rule.rule if isinstance(rule, RuleSpec) else rule
    known = _references(data, {} if spec is None else spec.references, checked_references(references, "screen"))
    _check_barriers(data, tree, barriers, crossings)
    evidence = collect_evidence(data, tree, need, known, (barriers, crossings))
    check_small_town(tree, data)
    keys = data.areas.index
    outcome, held = evaluate(tree, evidence)
    selected = pd.Series(np.broadcast_to(outcome.yes, (1, len(keys)))[0], index=keys, name="selected")
    assessed = pd.Series(np.broadcast_to(outcome.known, (1, len(keys)))[0], index=keys, name="assessed")
    messages = rule_warnings(data, tree, evidence, held, selected, assessed)
    warn_of(messages)
    return Shortlist(
        rule=tree,
        selected=selected,
        assessed=assessed,
        reasons=reasons_table(tree, held, outcome, evidence, keys, known),
        residents=data.residents(),
        warnings=messages,
        data=data,
        need=need,
        spec=spec,
        references=known,
        levels=None if spec is None or not spec.levels else _levels(spec, data, need, known, (barriers, crossings)),
        k_of=k_of_table(tree, [one.truth for one in held], keys),
        barriers=barriers,
        crossings=crossings,
    )


def asks_for_clusters(rule: Rule | RuleSpec) -> bool:
    """Return True for a rule that goes by neighbours."""
    tree = rule.rule if isinstance(rule, RuleSpec) else rule
    return isinstance(tree, Rule) and any(isinstance(one, Hotspot | Adjacent) for one in tree.every)


def _check_barriers(
    data: AreaData, rule: Rule, barriers: gpd.GeoDataFrame | None, crossings: gpd.GeoDataFrame | None
) -> None:
    """Refuse barriers that do not fit, and such as nothing would ask for."""
    checked_barriers(data.areas, barriers, crossings, "screen")
    if barriers is not None and not asks_for_clusters(rule):
        raise SpecError(
            "screen: barriers cut neighbours, and only hotspot(...) and adjacent_to(...) go by neighbours, which this "
            "rule has not. "
            "Leave them out here: candidate areas take their own, candidate_areas(..., barriers=...)."
        )


def _references(data: AreaData, own: Mapping[str, Reference], given: Mapping[str, Reference]) -> dict[str, Reference]:
    """Return published values by name; a rule file and a call may not mean two things by one name."""
    for name in own.keys() & given.keys():
        if own[name] != given[name]:
            raise SpecError(
                f"screen: references has {name!r} ({given[name].source}), and so has the rule file "
                f"({own[name].source}). Leave it out, or give it another name."
            )
    return {**data.references, **given, **own}


def _levels(
    spec: RuleSpec,
    data: AreaData,
    need: NeedIndex | None,
    references: Mapping[str, Reference],
    barriers: Barriers,
) -> pd.Series:
    """Return the strictest level of a rule that each area meets, None where it meets none."""
    found = pd.Series([None] * len(data.areas), index=data.areas.index, name="level", dtype=object)
    for name, rule in spec.level_rules().items():  # strictest last
        outcome, _ = evaluate(rule, collect_evidence(data, rule, need, references, barriers))
        found[np.broadcast_to(outcome.yes, (1, len(found)))[0]] = name
    return found


@dataclass(frozen=True, eq=False)
class Shortlist(Charted):
    """Areas that meet a rule.

    Parameters
    ----------
    rule : Rule
        The rule.
    selected : Series of bool
        On the district key; False also where the area cannot be assessed.
    assessed : Series of bool
        Whether the outcome of the rule is known; False where it depends on a value that is unknown.
    reasons : DataFrame
        One row per area and condition, as ``reasons_table`` describes it: key, condition, kind, indicator,
        value, limit, distance, unit, reference, factor, source, held (missing: unknown), decisive, unknown_because.
    residents : Series of float
        Residents of each area.
    warnings : tuple of Message
        What a reader of the shortlist has to know.
    data, need : AreaData, NeedIndex, optional
        What was screened.
    spec : RuleSpec, optional
        The official rule that was applied.
    references : mapping of str to Reference
        Published values that the rule could name.
    levels : Series of str, optional
        The strictest level of the rule that each area meets; None where it meets none.
    k_of : DataFrame
        One row per area and "at least k of": how many of its parts hold.
    barriers, crossings : GeoDataFrame, optional
        What cuts neighbours, and what opens it.
    """

    rule: Rule
    selected: pd.Series[bool]
    assessed: pd.Series[bool]
    reasons: pd.DataFrame
    residents: pd.Series[float]
    warnings: tuple[Message, ...] = ()
    data: AreaData | None = field(default=None, repr=False)
    need: NeedIndex | None = field(default=None, repr=False)
    spec: RuleSpec | None = field(default=None, repr=False)
    references: Mapping[str, Reference] = field(default_factory=dict, repr=False)
    levels: pd.Series | None = field(default=None, repr=False)
    k_of: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    barriers: gpd.GeoDataFrame | None = field(default=None, repr=False)
    crossings: gpd.GeoDataFrame | None = field(default=None, repr=False)

    @property
    def keys(self) -> list[str]:
        """The keys of the selected areas."""
        return list(self.selected.index[self.selected])

    @property
    def call(self) -> dict[str, Any]:
        """The options, to call it again: ``screen(data, rule, need=need, **shortlist.call)``."""
        return {"references": self.references, "barriers": self.barriers, "crossings": self.crossings}

    @cached_property
    def evidence(self) -> Evidence:
        """What the rule looks at."""
        barriers = (self.barriers, self.crossings)
        return collect_evidence(self._screened(), self.rule, self.need, self.references, barriers)

    def _screened(self) -> AreaData:
        if self.data is None:
            raise SpecError("This shortlist does not hold the data it was made of: make it with screen(data, rule).")
        return self.data

    def stability(
        self,
        n: int = 1000,
        seed: RandomSource = 1,
        *,
        vary: Sequence[str] = SOURCES,
        persistence: float = 0.0,
        concentration: float = 6.0,
        threshold: float = 0.1,
        limits: tuple[float, float] = (0.1, 0.9),
        redraw: str = "posterior",
        cluster: float | Mapping[str, float] = 1.0,
        shared: float = 0.0,
    ) -> Stability:
        """Apply the rule many times, to data and need indices that are not taken as exact.

        Parameters
        ----------
        n, seed, vary, persistence, concentration, threshold, limits, redraw, cluster, shared
            As in :meth:`quartiersatlas.need.NeedIndex.stability`. Where limits move, so do the share of ``worst_share``
            and the number of ``worst_n``; a city value is that of the same run.

            Where a condition tests counts, the nearest whole counts of a redrawn rate are tested.

        Returns
        -------
        Stability
            ``p_selected`` and ``label`` of every area that could be assessed; with a need index the ranks of its first
            axis. No class probabilities, which are those of ``need.stability()``.

        Raises
        ------
        SpecError
            A parameter is out of range, or the shortlist was not made by :func:`screen`.

        Examples
        --------
        >>> import geopandas as gpd
        >>> import pandas as pd
        >>> import shapely
        >>> import quartiersatlas as qa
        >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
        >>> named = {"name": ["A", "B", "C"]}
        >>> areas = gpd.GeoDataFrame(named, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
        >>> table = pd.DataFrame({"poor": [300.0, 205, 90], "residents": [1000.0] * 3}, index=areas.index)
        >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
        >>> shortlist = qa.screen(data, qa.above_city("poverty"))
        >>> shortlist.stability(n=500, seed=1).borderline
        ['2']
        """
        return selection_stability(
            self.rule,
            self.evidence,
            self._screened(),
            self.need,
            self.selected,
            self.assessed,
            n=n,
            seed=seed,
            vary=vary,
            persistence=persistence,
            concentration=concentration,
            threshold=threshold,
            limits=limits,
            redraw=redraw,
            cluster=cluster,
            shared=shared,
        )

    def chart(self, kind: str | None = None, lang: Lang = "de", **options: Any) -> Chart:  # noqa: ANN401 - of that chart
        """Return a chart of how sure the selection is; see :meth:`quartiersatlas.need.Stability.chart`.

        Parameters
        ----------
        kind : {"certainty", "rank_interval"}, optional
            ``"certainty"``, if not given. 1,000 runs of :meth:`stability` with seed 1.
        lang : {"de", "en"}, default "de"
            Language.
        **options
            As that method takes them.

        Returns
        -------
        Chart
            With title, sentence, note and table in the language.
        """
        return self.stability().chart(kind, lang, **options)

    def missing(self, how: Literal["status", "moving"] = "status") -> pd.DataFrame:
        """Return how many people are missing: the smallest change after which an area enters or leaves the list.

        Counts of one area change, all other areas stay as they are. The area moves its own city value, its municipality
        and the order of the worst with it.

        Parameters
        ----------
        how : {"status", "moving"}
            ``"status"``: residents change their status, denominators stay. ``"moving"``: persons of a group come or go,
            and are in the denominators too; where two groups share one, only one of them moves.

        Returns
        -------
        DataFrame
            On the district key: ``persons``, the number (missing where there is none); ``smallest``, what is known of
            it: ``"exact"`` (there is no smaller one), ``"one_count"`` (none, if only one of the counts that act
            together changes), ``"found"`` (it does what is said of it, a smaller one may exist); ``enters``, whether
            the area would enter (else leave); ``flips``, the ids of the conditions that come out the other way, as in
            ``.reasons``; ``also_moves``, the keys of other areas that come or go with it, where the rule asks for the
            worst, caps, or goes by neighbours; ``why_not``, where there is no number: ``"missing"``, ``"precision"``,
            ``"few"`` or ``"others"`` (a condition cannot be judged; ``"precision"`` for all areas under a need index of
            rounded counts), ``"fixed"`` (persons change no condition), ``"beyond"`` (no possible number does it),
            ``"not_found"`` (none of those tried out does); and ``change_<column>`` for each column of counts, with its
            sign.

        Raises
        ------
        SpecError
            More than five counts stand in several conditions each, or the shortlist was not made by :func:`screen`.

        Notes
        -----
        Counts are the same where their column is: rates of one numerator change together. A person may be in two of
        them, so that the number is one of cases, not of heads. Ready-made numbers, classes of a column and clusters
        stay as they are. The number is the smallest there is; under a need index it is so among changes of one of its
        counts alone, as far as all smaller numbers could be tried out.

        Examples
        --------
        >>> import geopandas as gpd
        >>> import pandas as pd
        >>> import shapely
        >>> import quartiersatlas as qa
        >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
        >>> named = {"name": ["A", "B", "C"]}
        >>> areas = gpd.GeoDataFrame(named, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
        >>> table = pd.DataFrame({"poor": [300.0, 205, 90], "residents": [1000.0] * 3}, index=areas.index)
        >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
        >>> qa.screen(data, qa.above_city("poverty")).missing()["change_poor"].tolist()
        [-153, -10, 163]
        """
        found = missing_persons(self.rule, self.evidence, how, self.need)
        keys = self.selected.index
        ids = dict(zip(self.rule.conditions, condition_names(self.rule), strict=True))
        names = [ids[condition] for condition in found.conditions]
        none = np.isnan(found.persons)
        table = pd.DataFrame(
            {
                "persons": _whole(found.persons, none),
                "smallest": found.smallest,
                "enters": pd.arrays.BooleanArray(found.enters.copy(), ~np.asarray(self.assessed)),
                "flips": [tuple(name for name, one in zip(names, row, strict=True) if one) for row in found.flips],
                "also_moves": [tuple(keys[places]) for places in found.also_moves],
                "why_not": found.why_not,
            },
            index=keys,
        )
        changes = {f"change_{name}": _whole(more, none) for name, more in found.changes.items()}
        return table.assign(**changes)

    @property
    def summary(self) -> Summary:
        """Areas and residents that are selected, assessed, and there at all; :meth:`summarise` adds a group."""
        return summarise(self._screened(), self.selected, self.assessed)

    def summarise(self, group: str = "", *, by: str = "", stability: Stability | None = None) -> Summary:
        """Return what the rule selects in the form of the study of 2011.

        Parameters
        ----------
        group : str, optional
            A column of counts, such as residents with migration background; never a rate.
        by : str, optional
            A higher level: the municipalities that have a selected area are counted.
        stability : Stability, optional
            Of :meth:`stability`: how many areas are sure and how many borderline.

        Returns
        -------
        Summary
            Numbers, and one sentence: ``.sentence("de", rounded=True)``.

        Raises
        ------
        ColumnError
            The group or level is not there.
        CountError
            The group is a rate.

        Examples
        --------
        >>> import geopandas as gpd
        >>> import pandas as pd
        >>> import shapely
        >>> import quartiersatlas as qa
        >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
        >>> named = {"name": ["A", "B", "C"]}
        >>> areas = gpd.GeoDataFrame(named, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
        >>> table = pd.DataFrame({"poor": [300.0, 205, 90], "residents": [1000.0] * 3}, index=areas.index)
        >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
        >>> qa.screen(data, qa.above_city("poverty")).summarise("poor").sentence("en")
        '2,000 residents live in 2 areas, among them 505 poor, which is 84.9% of all poor.'
        """
        return summarise(self._screened(), self.selected, self.assessed, group=group, by=by, stability=stability)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The shortlist as a ranked table for internal use, the surest need first; on the district key.

        Selected areas come first, by the rank of the need index if there is one, then by P(selected). Columns: name and
        higher levels, ``selected``, ``assessed``, ``level`` (of an official rule), ``residents``, ``score``, ``rank``,
        ``rank_lower``, ``rank_upper`` (5 % and 95 % of the runs), ``p_selected``, ``label``, ``reasons`` (ids of the
        conditions that hold), and ``persons_missing`` (:meth:`missing`). 1,000 runs of :meth:`stability` with seed 1.
        """
        return ranked_table(
            self._screened(),
            self.selected,
            self.assessed,
            self.reasons,
            need=self.need,
            stability=self.stability(),
            persons=self.missing()["persons"],
            levels=self.levels,
        )

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """Return :attr:`table` with the outlines of the areas.

        Returns
        -------
        GeoDataFrame
            In the order of the table.
        """
        import geopandas as gpd

        areas = self._screened().areas
        return gpd.GeoDataFrame(self.table, geometry=areas.geometry.reindex(self.table.index), crs=areas.crs)

    def to_markdown(self, lang: Lang = "de") -> str:
        """Return the selected areas as a Markdown table, for internal use: nothing in it is protected.

        Parameters
        ----------
        lang : {"de", "en"}
            Language of headings and reasons.

        Returns
        -------
        str
            One line per selected area.

        Raises
        ------
        SpecError
            The language is unknown.
        """
        check_lang(lang)
        labels = {name: self._label(name, lang) for name in self.reasons["indicator"].unique()}
        return markdown_table(self.table, reasons_in_words(self.reasons, labels, lang), lang)

    def _label(self, name: str, lang: Lang) -> str:
        """Return what an indicator or an axis of the need index is called."""
        axes = () if self.need is None else self.need.spec.axes
        axis = next((axis for at, axis in enumerate(axes) if name == axis.id or (name == "need" and not at)), None)
        if axis is not None:
            return axis.label(lang)
        if self.spec is not None and name in self.spec.labels:
            return self.spec.label(name, lang)
        return self._screened().catalogue.get(name).label(lang)

    def __repr__(self) -> str:
        selected, assessed = int(self.selected.sum()), int(self.assessed.sum())
        unknown = self.assessed.index[~self.assessed]
        share = self.residents[self.selected].sum() / self.residents.sum() if self.residents.sum() > 0 else float("nan")
        lines = [
            f"Shortlist: {selected} of {assessed} assessed areas meet {self.rule}",
            f"  {share:.1%} of residents",
        ]
        if len(unknown):
            lines.append(f"  not assessed ({len(unknown)}): {list_some(unknown, 10)}")
        return "\n".join([*lines, *(f"  {warning}" for warning in self.warnings)])

    def _repr_html_(self) -> str:
        table = "" if self.data is None else self.summary.table.to_html()
        return f"<pre>{escape(repr(self))}</pre>{table}"


def _whole(numbers: NDArray[Any], none: NDArray[np.bool_]) -> pd.arrays.IntegerArray:
    """Return whole numbers that can be missing."""
    return pd.arrays.IntegerArray(np.where(none, 0, numbers).astype(np.int64), none.copy())
