"""How stable is the shortlist? One Monte Carlo over data noise, weights, methods and limits."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.base.progress import with_progress
from quartiersatlas.catalogue import check_lang, number_text, text
from quartiersatlas.catalogue.texts import number_texts, percent_text
from quartiersatlas.charts import Chart, Charted
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.pictures.certainty import MOST, StableAreas, certainty_chart, rank_chart
from quartiersatlas.need.robustness.contradiction import DrawnMeans, contradicted, contradiction_texts
from quartiersatlas.need.robustness.options import SOURCES, RandomSource, stability_options
from quartiersatlas.need.robustness.redraw import Redraws
from quartiersatlas.need.robustness.replicates import (
    ReplicateRuns,
    Tally,
    as_published,
    blocks_of_runs,
    published_scores,
    random_streams,
    replicate_runs,
    score_replicates,
    unused_sources,
)
from quartiersatlas.need.robustness.selection import Choice, Selection, selection_of
from quartiersatlas.need.score.scales import ranks
from quartiersatlas.need.score.scores import class_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.need.score.inputs import NeedInputs
    from quartiersatlas.need.score.need_scores import NeedScores

    Array = NDArray[np.float64]

STABILITY_LABELS = ("certain", "borderline", "not_selected")
BAND = (0.05, 0.95)  # of the rank interval


def stability(
    need: NeedScores,
    n: int = 1000,
    seed: RandomSource = None,
    *,
    select: Choice = None,
    vary: Sequence[str] = SOURCES,
    persistence: float = 0.0,
    concentration: float = 6.0,
    threshold: float = 0.1,
    limits: tuple[float, float] = (0.1, 0.9),
    redraw: str = "posterior",
    cluster: float | Mapping[str, float] = 1.0,
    shared: float = 0.0,
    progress: bool = False,
) -> Stability:
    """Return what becomes of classes, ranks and shortlist when nothing is taken as exact.

    Parameters
    ----------
    n : int, default 1000
        Number of runs, at least 1.
    seed : int, Generator or None, default None
        Source of the draws; the same whole number gives the same result, None another one each time.
    select : float, int, mapping or list of mappings, optional
        Who is on the shortlist: a share in (0, 1) or a number of areas with the highest scores of the first axis;
        ``{"status": ["low", "very_low"]}``: classes, all of the named axes; a list of such: one of them. The
        highest class of the first axis, if not given.
    vary : sequence of {"data", "weights", "normalisation", "aggregation", "threshold"}
        What is not taken as exact; everything by default.
    persistence : float, default 0
        Of changes between two dates: the share of the persons, in [0, 1], who are counted at both dates and for
        whom the same chance decides. 0 treats the dates as independent, which overstates the noise of a register.
        The ``correlation`` of :meth:`change_test` follows from it, see :func:`quartiersatlas.rate_change`.
    concentration : float, default 6
        Of the Dirichlet distribution of weights, per member of a group; higher is nearer to the spec.
    threshold : float, default 0.1
        Limits of classes move by up to this many standard deviations of the score; quantiles by this part of
        their distance from the nearer end; a number of areas by this part; limits between numbers of conditions
        stay. In [0, 1).
    limits : (float, float), default (0.1, 0.9)
        Labels: ``"certain"`` from the second one on, ``"not_selected"`` below the first, ``"borderline"`` between, and
        where the selection as published says the opposite: see ``contradictions`` of the result.
    redraw : {"posterior", "raw"}, default "posterior"
        ``"posterior"``: rates that the counts leave possible, given what the rates of all areas are like. ``"raw"``:
        the counts once more, as if the observed rates were the true ones; for quarters and cells in a field where
        neighbours are alike, which the mean of all areas says little about.
    cluster : float or mapping of str to float, default 1
        Design effect, from 1 on: how many persons one chance decides about, such as 3 for households of three on
        benefits; one number, or indicator -> number.
    shared : float, default 0
        Share of the persons, in [0, 1], who stand behind two indicators and for whom one chance decides in both. 1
        where the same residents are behind all of them and the same circumstances make them count.
    progress : bool, default False
        Whether to show a bar; needs ``pip install "quartiersatlas[progress]"``.

    Returns
    -------
    Stability
        Areas without a score have none here either.

    Raises
    ------
    SpecError
        A parameter is out of range, ``select`` names what is not there, or no run could be computed.

    Notes
    -----
    Data, ``"posterior"``: the rate of an area becomes ``Beta(x / k + a, (n - x) / k + b)`` with the design effect k and
    ``Beta(a, b)`` fitted to the rates of all areas (beta-binomial likelihood; ``Beta(1/2, 1/2)`` of fewer than ten
    areas, or where the fit fails, which the notes say). Indicators that go together over the areas say something of
    each other: their normal places are joined by the correlation of the true rates, by moments
    (:func:`quartiersatlas.need.robustness.prior.posterior`). Of up to 2,000 areas, the prior is fitted to twelve
    resamples of them, each for a part of the runs: it is not taken as exact either. ``"raw"``: ``Binomial(n / k, x /
    n)``. Registers are complete counts: the first says where the rate behind a count may lie, the second what a count
    of similar residents could be, were the observed rate the true one, which counts chance twice where counts are small
    (`docs/need_spec.md` has the calibration of both). An indicator without counts stays as it is and is named in
    ``not_redrawn``; unknown counts and exclusions stay. The city value is computed anew in each run. Runs are computed
    in blocks, whose size changes no digit.
    Weights: ``Dirichlet`` around those of the spec, in every group. Normalisation: the spec's own, z-scores,
    minimum to maximum, percentile ranks; aggregation: the spec's own, arithmetic, geometric and Mazziotta-Pareto
    means, in all groups of an axis; not where limits refer to the score's own scale or conditions are counted. In a
    run, an indicator that is the same everywhere tells nobody apart. Approach: [1]_.

    References
    ----------
    .. [1] Saisana, M., Saltelli, A. & Tarantola, S. (2005). Uncertainty and sensitivity analysis techniques as
           tools for the quality assessment of composite indicators. Journal of the Royal Statistical Society A
           168(2), 307-323.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> spec = qa.NeedSpec.preset("berlin-mss-2019")
    >>> names = [indicator.id for axis in spec.axes for indicator in axis.indicators]
    >>> shares = pd.DataFrame(np.random.default_rng(1).uniform(5, 40, (20, 6)), columns=names).assign(residents=1000.0)
    >>> need = qa.need_index(shares, spec, population="residents")
    >>> stable = need.stability(n=200, seed=1, select={"status": ["low", "very_low"]}, vary=["weights"])
    >>> bool(stable.table["p_selected"].between(0, 1).all())
    True
    """
    how: dict[str, Any] = {"vary": vary, "persistence": persistence, "concentration": concentration}
    how |= {"threshold": threshold, "redraw": redraw, "cluster": cluster, "shared": shared}
    call: dict[str, Any] = {"n": n, "seed": deepcopy(seed), "select": select, "limits": limits, **how}
    options = stability_options(n, seed, limits, **how)
    selection = selection_of(need.spec, select, len(need.scored_keys))
    streams = random_streams(seed)
    redraws = None
    if "data" in options.vary:
        redraws = Redraws(need.inputs, need.scored_keys, n, streams["data"], options)
    runs = replicate_runs(need, as_published(need), n, streams, options)
    base, spread = published_scores(need)
    found = _Counted(need, selection, n)
    blocks = blocks_of_runs(n, len(need.scored_keys) * len(need.inputs.values.columns))
    for start, stop in with_progress(blocks, progress=progress, unit="block"):
        draws = runs.draws if redraws is None else redraws.part(start, stop)
        found.add(runs.part(start, stop, draws), start, spread)
    found.tally.check()
    run_ranks = pd.DataFrame(found.ranks, columns=need.scored_keys)
    table = _table(need, base, selection, run_ranks, found.tally.share, found.shares, limits)
    return Stability(
        contradictions=found.drawn.contradictions(table, limits),
        inputs=need.inputs,
        table=table.reindex(need.scores.index),
        class_probabilities=_side_by_side(need, found.shares),
        size=pd.Series(found.tally.sizes, name="areas"),
        core=list(need.scored_keys[table["p_selected"].eq(1)]),
        selection=selection.text,
        limits=limits,
        n=n,
        failed=found.failed,
        settings=options.settings(seed, runs.methods),
        not_redrawn=tuple(str(name) for name in need.inputs.values if name not in need.inputs.counts),
        unfitted=() if redraws is None else redraws.unfitted,
        unused=unused_sources(options.vary, runs, has_counts=bool(need.inputs.counts)),
        spec_id=need.spec.id,
        spec_hash=need.spec.hash,
        ranks=run_ranks,
        made_by="need",
        call=call,
        names=need.inputs.names,
    )


class _Counted:
    """What blocks of runs add up to."""

    def __init__(self, need: NeedScores, selection: Selection, n: int) -> None:
        self.need, self.selection = need, selection
        areas = len(need.scored_keys)
        self.tally, self.failed = Tally(areas), 0
        deciding = {leaf.id for axis in selection.axes for leaf in need.spec.axis(axis).indicators}
        self.drawn = DrawnMeans(need.inputs, need.scored_keys, deciding)
        self.classes = {axis.id: np.zeros((areas, len(axis.classes))) for axis in need.spec.axes}
        self.ranks = np.empty((n, areas), dtype=np.float32)

    def add(self, runs: ReplicateRuns, start: int, spread: Mapping[str, float]) -> None:
        """Score a block of runs and count what becomes of the areas."""
        self.drawn.add(runs.draws, len(runs))
        found = score_replicates(self.need.spec, self.classes, runs, self.need.context, spread)
        places = ranks(-found.scores[self.need.spec.axes[0].id], "min")
        shift = 0.0 if self.selection.classes else runs.shift[:, None]
        chosen = self.selection.selected(found.scores, found.classes, shift, places)
        self.tally.add(chosen, _known(found.scores[name] for name in self.selection.axes))
        self.failed += int((~_known(found.scores.values())).any(axis=1).sum())
        for name, counted in self.classes.items():
            for k in range(counted.shape[1]):
                counted[:, k] += (found.classes[name] == k).sum(axis=0)
        self.ranks[start : start + len(places)] = places

    @property
    def shares(self) -> dict[str, Array]:
        """Axis -> share of the runs in each class, shape (n_areas, classes)."""
        with np.errstate(invalid="ignore"):  # of areas that never have a score
            return {name: counted / counted.sum(axis=1, keepdims=True) for name, counted in self.classes.items()}


def _known(scores: Iterable[Array]) -> NDArray[np.bool_]:
    """Return where there are all of some scores."""
    found: NDArray[np.bool_] = np.logical_and.reduce([~np.isnan(score) for score in scores])
    return found


def _side_by_side(need: NeedScores, shares: Mapping[str, Array]) -> pd.DataFrame:
    """Return the share of the runs in each class, all areas, columns (axis, class)."""
    frames = {
        axis.id: pd.DataFrame(shares[axis.id], index=need.scored_keys, columns=[c.id for c in axis.classes])
        for axis in need.spec.axes
    }
    return pd.concat(frames, axis=1, names=["axis", "class"]).reindex(need.scores.index)


def _table(
    need: NeedScores,
    base: Mapping[str, Array],
    selection: Selection,
    run_ranks: pd.DataFrame,
    p: Array,
    chances: Mapping[str, Array],
    limits: tuple[float, float],
) -> pd.DataFrame:
    published = {axis.id: class_numbers(base[axis.id], axis) for axis in need.spec.axes}
    chosen = selection.selected(base, published)
    table = pd.DataFrame(
        {"selected": chosen, "p_selected": p, "label": stability_labels(p, limits, chosen)}, index=need.scored_keys
    )
    table = table.join(rank_table(run_ranks, need.scores.loc[need.scored_keys, need.spec.axes[0].id], ranked=True))
    for axis in need.spec.axes:
        if len(axis.classes) > 1:
            kept = np.take_along_axis(chances[axis.id], published[axis.id][:, None], axis=1)[:, 0]
            table[f"p_kept_{axis.id}"] = kept
    return table


def stability_labels(
    p: Array, limits: tuple[float, float], selected: NDArray[np.bool_] | None = None
) -> NDArray[np.object_]:
    """Return the label of each probability of being selected; None where there is none.

    Where the selection as published says the opposite of the runs, nothing is certain: the area is borderline.
    """
    label = np.where(p >= limits[1], "certain", np.where(p < limits[0], "not_selected", "borderline")).astype(object)
    if selected is not None:
        label[contradicted(p, selected, limits)] = "borderline"
    label[np.isnan(p)] = None
    return label


def rank_table(run_ranks: pd.DataFrame, score: pd.Series[float], *, ranked: bool = False) -> pd.DataFrame:
    """Return the rank as published and the interval of ranks over the runs, on the district key.

    Parameters
    ----------
    run_ranks : DataFrame, shape (runs, n_areas)
        Ranks in each run. They may be ranks among more areas: only the order of those named in ``score`` counts.
    score : Series of float
        The score as published, of the areas to rank.
    ranked : bool
        Whether the ranks are already those among the areas of ``run_ranks``, so that they need not be found again where
        ``score`` names the same areas.

    Returns
    -------
    DataFrame
        ``rank``, ``rank_lower``, ``rank_median``, ``rank_upper`` (5 %, 50 %, 95 % of the runs in which the area has a
        score); missing for areas without a score.
    """
    keys = score.index[score.notna()]
    lower, median, upper = _intervals(run_ranks, keys, ranked=ranked)
    rank = ranks(np.asarray(-score[keys], dtype=float), "min")
    columns = {"rank": rank, "rank_lower": lower, "rank_median": median, "rank_upper": upper}
    return pd.DataFrame(columns, index=keys).reindex(score.index)


def _intervals(run_ranks: pd.DataFrame, keys: pd.Index, *, ranked: bool) -> Array:
    """Return lower end, median and upper end of the ranks of some areas among themselves, shape (3, areas)."""
    if ranked and keys.equals(run_ranks.columns):
        return _quantiles(run_ranks.to_numpy())
    among = np.empty((len(run_ranks), len(keys)), dtype=np.float32)
    where = run_ranks.columns.get_indexer(keys)
    values = run_ranks.to_numpy()
    step = max(1, CELLS // max(len(keys), 1))
    for start in range(0, len(among), step):
        some = np.where(where >= 0, values[start : start + step][:, where], np.nan)
        among[start : start + step] = ranks(some.astype(float), "min")
    return _quantiles(among)


def _quantiles(run_ranks: NDArray[np.floating[Any]]) -> Array:
    """Return lower end, median and upper end of the ranks of each area over its runs; whole ranks.

    The k-th of m ranks in ascending order, k the smallest number with ``k / m >= q``.
    """
    found = np.full((3, run_ranks.shape[1]), np.nan)
    step = max(1, CELLS // max(len(run_ranks), 1))
    for start in range(0, run_ranks.shape[1], step):
        ordered = np.sort(np.ascontiguousarray(run_ranks[:, start : start + step].T), axis=1)  # NaN last
        m = (~np.isnan(ordered)).sum(axis=1)
        for row, q in zip(found, (BAND[0], 0.5, BAND[1]), strict=True):
            place = np.ceil(m * q - PLACE).astype(np.int64).clip(min=1)
            row[start : start + step] = np.take_along_axis(ordered, place[:, None] - 1, axis=1)[:, 0]
    return found


CELLS = 1_000_000  # ranks sorted at a time
PLACE = 1e-9  # 0.05 of 1,000 runs is the fiftieth


@dataclass(frozen=True, eq=False)
class Stability(Charted):
    """What becomes of the areas when data, weights, methods and limits are not taken as exact.

    Parameters
    ----------
    table : DataFrame
        On the district key: ``selected`` (as published), ``p_selected`` (share of the runs), ``label``
        (``"certain"``, ``"borderline"``, ``"not_selected"``), ``rank`` (1 is the highest need on the first axis),
        ``rank_lower``, ``rank_median``, ``rank_upper`` (5 %, 50 %, 95 % of the runs), and ``p_kept_<axis>`` (share of
        the runs in which the class is the published one). Missing for areas without a score.
    class_probabilities : DataFrame
        On the district key, columns (axis, class): share of the runs.
    size : Series of int
        Number of areas selected in each run in which there are scores.
    core : list of str
        Areas selected in every run in which they have a score.
    selection : str
        The rule of selection in words.
    limits : tuple of float
        ``p_selected`` from the upper one on is ``"certain"`` of a selected area, below the lower one ``"not_selected"``
        of another.
    n : int
        Number of runs.
    failed : int
        Runs in which some or all areas had no score: a redrawn value is out of the range of a transform or mean. They
        are left out of the shares and ranks of these areas.
    settings : dict
        What was varied, and how.
    not_redrawn : tuple of str
        Indicators without counts: their values stayed as they are.
    unfitted : tuple of str
        Indicators whose rates gave no prior: ``Beta(1/2, 1/2)`` is in its place.
    unused : tuple of str
        Sources that were asked for and could not vary: no indicator has counts, no group has a choice of weights, or
        the axes allow no other method.
    spec_id, spec_hash : str
        The spec it belongs to.
    ranks : DataFrame, optional
        Ranks of the scored areas on the first axis, one row per run; not there without a need index.
    made_by : str
        Whose method made it: ``"need"`` or ``"shortlist"``.
    call : dict
        The arguments of that method; a generator of random numbers as it was before the first draw.
    names : mapping of str to str
        Key -> name of the area, where the data had names.
    contradictions : DataFrame
        Areas that are selected as published and in fewer runs than the lower limit, or not selected and in at least as
        many as the upper one: ``selected``, ``p_selected``, and the ``indicator`` whose redrawn values differ most from
        the ``value`` as given (in deviations over the areas), with its denominator (``persons``) and the mean over the
        runs (``drawn``). For use within the house: nothing here is protected.
    inputs : NeedInputs, optional
        What was redrawn.
    """

    table: pd.DataFrame
    class_probabilities: pd.DataFrame
    size: pd.Series[int]
    core: list[str]
    selection: str
    limits: tuple[float, float]
    n: int
    failed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    not_redrawn: tuple[str, ...] = ()
    unfitted: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    spec_id: str = ""
    spec_hash: str = ""
    ranks: pd.DataFrame | None = field(default=None, repr=False)
    made_by: str = ""
    call: Mapping[str, Any] = field(default_factory=dict, repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    contradictions: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    inputs: NeedInputs | None = field(default=None, repr=False)

    def chart(
        self,
        kind: str | None = None,
        lang: Lang = "de",
        *,
        area: str = "",
        most: int = MOST,
        names: Mapping[str, str] | None = None,
    ) -> Chart:
        """Return a chart of the result as plain data.

        Parameters
        ----------
        kind : {"certainty", "rank_interval"}, optional
            ``"certainty"`` (if not given): in which share of the runs areas are selected; ``"rank_interval"``: their
            ranks with intervals, for the analyst and not for the public.
        lang : {"de", "en"}, default "de"
            Language.
        area : str, optional
            Key of an area that stands out.
        most : int, default 24
            Areas that are drawn at most.
        names : mapping of str to str, optional
            Key -> name; those of the data, if not given.

        Returns
        -------
        Chart
            With title, sentence, note and table in the language.

        Raises
        ------
        SpecError
            There is no such kind or language, or no ranks, as no need index was looked at.
        """
        check_lang(lang)
        choice(kind, (None, "certainty", "rank_interval"), "kind")
        if kind == "rank_interval" and "rank" not in self.table:
            raise SpecError("There are no ranks: the rule does not look at a need index.")
        areas = StableAreas(self.table, self.limits, self.n, self.names if names is None else names, area)
        return (rank_chart if kind == "rank_interval" else certainty_chart)(areas, lang, most=most)

    @property
    def borderline(self) -> list[str]:
        """The areas to talk about: neither surely in nor surely out."""
        return list(self.table.index[self.table["label"].eq("borderline")])

    def labels(self, lang: Lang = "de") -> pd.Series[str]:
        """Return the labels in German or English; missing for areas without a score."""
        words = {label: text(f"stability_{label}", lang) for label in STABILITY_LABELS}
        return self.table["label"].map(words, na_action="ignore")

    def why_contradicted(self, lang: Lang = "de") -> list[str]:
        """Return a sentence for each area of which the runs say the opposite of the selection as published.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        list of str
            With the value that differs most, the persons it rests on and the mean of the runs: unprotected, for use
            within the house.
        """
        check_lang(lang)
        if self.inputs is None:
            return []
        return contradiction_texts(self.contradictions, self.inputs, self.names, lang)

    def notes(self, lang: Lang = "de") -> list[str]:
        """Return what a reader has to know: what was varied, where the limits of the labels lie, what was left out."""
        low, high = (percent_text(limit, lang) for limit in self.limits)
        varied, unused = (
            ", ".join(text(f"stability_{source}", lang) for source in sources)
            for sources in ([name for name in self.settings["vary"] if name not in self.unused], self.unused)
        )
        runs, number = number_text(self.n, 0, lang), self.settings["seed"]
        seed = text("stability_no_seed", lang) if number is None else text("stability_seed", lang, seed=number)
        lines = [
            text("stability_method", lang, runs=runs, varied=varied, seed=seed),
            text("stability_limits", lang, low=low, high=high),
        ]
        if "data" in self.settings["vary"] and "data" not in self.unused:
            lines += self._of_counts(lang)
        if self.failed:
            lines.append(text("stability_failed", lang, failed=number_text(self.failed, 0, lang), runs=runs))
        if unused:
            lines.append(text("stability_unused", lang, names=unused))
        if self.not_redrawn and "data" in self.settings["vary"]:
            lines.append(text("stability_not_redrawn", lang, names=", ".join(self.not_redrawn)))
        return lines

    def _of_counts(self, lang: Lang) -> list[str]:
        """Return how counts were drawn again: by which method, and who decides together."""
        lines = [text(f"stability_redraw_{self.settings['redraw']}", lang)]
        if self.unfitted:
            lines.append(text("stability_unfitted", lang, names=", ".join(self.unfitted)))
        cluster, written = self.settings["cluster"], int(lang == "en")
        if isinstance(cluster, dict):
            sizes = ", ".join(f"{name} {number_texts(size)[written]}" for name, size in cluster.items())
            lines.append(text("stability_clusters", lang, sizes=sizes))
        elif cluster != 1:
            lines.append(text("stability_cluster", lang, size=number_texts(cluster)[written]))
        if self.settings["shared"]:
            lines.append(text("stability_shared", lang, share=percent_text(self.settings["shared"], lang)))
        return lines

    def __repr__(self) -> str:
        counts = self.table["label"].value_counts()
        labels = ", ".join(f"{text(f'stability_{label}', 'en')} {counts.get(label, 0)}" for label in STABILITY_LABELS)
        low, high = self.size.quantile(BAND[0]), self.size.quantile(BAND[1])
        published = int(self.table["selected"].eq(other=True).sum())
        lines = [
            f"Stability of {self.spec_id} ({self.spec_hash}), {self.n} runs over {', '.join(self.settings['vary'])}",
            f"  selected: {self.selection}",
            f"  {labels} (certain from {self.limits[1]:g}, not selected below {self.limits[0]:g})",
            f"  areas: {published} as published, {low:.0f} to {high:.0f} in 90 % of the runs, {len(self.core)} in all",
        ]
        if self.failed:
            runs = "1 run" if self.failed == 1 else f"{self.failed} runs"
            lines.append(f"  without a score for some or all areas: {runs}, left out of their shares")
        lines += [f"  {line}" for line in self.why_contradicted("en")]
        if self.unused:
            lines.append(f"  could not vary: {', '.join(self.unused)}")
        if self.not_redrawn and "data" in self.settings["vary"]:
            lines.append(f"  not redrawn, no counts: {list_some(self.not_redrawn)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>{self._picture()}"
