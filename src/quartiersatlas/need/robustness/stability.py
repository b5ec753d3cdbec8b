"""How stable is the shortlist? One Monte Carlo over data noise, weights, methods and limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import percent_text
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.robustness.replicates import (
    Method,
    Runs,
    as_published,
    count_failed,
    drawn,
    drawn_weights,
    outcomes,
    share_of_runs,
)
from quartiersatlas.need.robustness.variants import OWN, aggregations, normalisations, variant
from quartiersatlas.need.score.aggregate import BAND, class_numbers, places_of, rank_table
from quartiersatlas.need.score.arguments import check_ranges, check_run
from quartiersatlas.need.score.scales import ranks
from quartiersatlas.need.score.scores import axis_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.need.result import NeedIndex
    from quartiersatlas.need.robustness.replicates import Draws
    from quartiersatlas.need.spec.spec import NeedAxis, NeedSpec

    Array = NDArray[np.float64]
    Seed = int | np.random.Generator | None

SOURCES = ("data", "weights", "normalisation", "aggregation", "threshold")
STABILITY_LABELS = ("certain", "borderline", "not_selected")


@dataclass(frozen=True)
class Stability:
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
        ``p_selected`` from the upper one on is ``"certain"``, below the lower one ``"not_selected"``.
    n : int
        Number of runs.
    failed : int
        Runs in which some or all areas had no score: a redrawn value is out of the range of a transform or mean. They
        are left out of the shares and ranks of these areas.
    settings : dict
        What was varied, and how.
    not_redrawn : tuple of str
        Indicators without counts: their values stayed as they are.
    idle : tuple of str
        Sources that were asked for and could not vary: no indicator has counts, no group has a choice of weights, or
        the axes allow no other method.
    spec_id, spec_hash : str
        The spec it belongs to.
    places : DataFrame, optional
        Ranks of the scored areas on the first axis, one row per run; not there without a need index.
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
    idle: tuple[str, ...] = ()
    spec_id: str = ""
    spec_hash: str = ""
    places: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def borderline(self) -> list[str]:
        """The areas to talk about: neither surely in nor surely out."""
        return list(self.table.index[self.table["label"].eq("borderline")])

    def labels(self, lang: Lang = "de") -> pd.Series[str]:
        """Return the labels in German or English; missing for areas without a score."""
        words = {label: text(f"stability_{label}", lang) for label in STABILITY_LABELS}
        return self.table["label"].map(words, na_action="ignore")

    def notes(self, lang: Lang = "de") -> list[str]:
        """Return what a reader has to know: what was varied, where the limits of the labels lie, what was left out."""
        low, high = (percent_text(limit, lang) for limit in self.limits)
        varied, idle = (
            ", ".join(text(f"stability_{source}", lang) for source in sources)
            for sources in ([name for name in self.settings["vary"] if name not in self.idle], self.idle)
        )
        runs, number = number_text(self.n, 0, lang), self.settings["seed"]
        seed = text("stability_no_seed", lang) if number is None else text("stability_seed", lang, seed=number)
        lines = [
            text("stability_method", lang, runs=runs, varied=varied, seed=seed),
            text("stability_limits", lang, low=low, high=high),
        ]
        if self.failed:
            lines.append(text("stability_failed", lang, failed=number_text(self.failed, 0, lang), runs=runs))
        if idle:
            lines.append(text("stability_idle", lang, names=idle))
        if self.not_redrawn and "data" in self.settings["vary"]:
            lines.append(text("stability_not_redrawn", lang, names=", ".join(self.not_redrawn)))
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
            lines.append(f"  without a score for some or all areas: {self.failed} runs, left out of their shares")
        if self.idle:
            lines.append(f"  could not vary: {', '.join(self.idle)}")
        if self.not_redrawn and "data" in self.settings["vary"]:
            lines.append(f"  not redrawn, no counts: {list_some(self.not_redrawn)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>"


def stability(
    need: NeedIndex,
    n: int,
    seed: Seed,
    *,
    select: Choice,
    vary: Sequence[str],
    persistence: float,
    concentration: float,
    threshold: float,
    limits: tuple[float, float],
    progress: bool,
) -> Stability:
    """Run the Monte Carlo; see :meth:`quartiersatlas.need.NeedIndex.stability`."""
    check_run(n, seed, vary, limits, SOURCES)
    check_ranges(persistence, concentration, threshold)
    selection = selection_of(need.spec, select, len(need.scored))
    streams = streams_of(seed)
    noisy = "data" in vary
    draws = drawn(need.inputs, need.scored, n, streams["data"], persistence) if noisy else as_published(need)
    runs = runs_of(need, draws, n, streams, vary=vary, concentration=concentration, threshold=threshold)
    base = {axis.id: np.asarray(need.scores.loc[need.scored, axis.id], dtype=float) for axis in need.spec.axes}
    spread = {name: float(np.nanstd(score)) for name, score in base.items()}
    found = outcomes(need.spec, base, runs, need.ground, spread, progress=progress)
    chosen = selection.selected(found.scores, found.classes, runs.shift[:, None] if not selection.classes else 0.0)
    told = np.logical_and.reduce([~np.isnan(found.scores[name]) for name in selection.axes])
    known = np.logical_and.reduce([~np.isnan(score) for score in found.scores.values()])
    failed = count_failed(known, "stability")
    chances = {axis.id: _class_shares(found.classes[axis.id], axis) for axis in need.spec.axes}
    places = places_of(found.scores[need.spec.axes[0].id], need.scored)
    table = _table(need, base, selection, places, share_of_runs(chosen, told), chances, limits)
    probabilities = pd.concat(
        {
            axis.id: pd.DataFrame(chances[axis.id], index=need.scored, columns=[c.id for c in axis.classes])
            for axis in need.spec.axes
        },
        axis=1,
        names=["axis", "class"],
    )
    return Stability(
        table=table.reindex(need.scores.index),
        class_probabilities=probabilities.reindex(need.scores.index),
        size=pd.Series(chosen.sum(axis=1), name="areas")[np.asarray(told.any(axis=1))],
        core=list(need.scored[table["p_selected"].eq(1)]),
        selection=selection.text,
        limits=limits,
        n=n,
        failed=failed,
        settings={
            "vary": tuple(vary),
            "seed": int(seed) if isinstance(seed, int | np.integer) else None,
            "persistence": persistence,
            "concentration": concentration,
            "threshold": threshold,
            "methods": [method[:2] for method in runs.methods],
        },
        not_redrawn=tuple(str(name) for name in need.inputs.values if name not in need.inputs.counts),
        idle=idle_sources(vary, runs, has_counts=bool(need.inputs.counts)),
        spec_id=need.spec.id,
        spec_hash=need.spec.hash,
        places=places,
    )


def idle_sources(vary: Sequence[str], runs: Runs, *, has_counts: bool) -> tuple[str, ...]:
    """Return the sources that were asked for and cannot vary."""
    varies = {
        "data": has_counts,
        "weights": bool(runs.weights),
        "normalisation": len({method.normalisation for method in runs.methods}) > 1,
        "aggregation": len({method.aggregation for method in runs.methods}) > 1,
        "indicators": any(method.without for method in runs.methods),
    }
    return tuple(name for name in dict.fromkeys(vary) if not varies.get(name, True))


def streams_of(seed: Seed) -> dict[str, np.random.Generator]:
    """Give each source random numbers of its own, so that what one draws does not depend on the others."""
    return dict(zip(SOURCES, np.random.default_rng(seed).spawn(len(SOURCES)), strict=True))


def runs_of(
    need: NeedIndex,
    draws: Draws,
    n: int,
    streams: Mapping[str, np.random.Generator],
    *,
    vary: Sequence[str],
    concentration: float,
    threshold: float,
) -> Runs:
    """Draw weights, methods and limits for runs whose data are drawn."""
    scales, ways = methods_to_try(need, vary)
    scale = streams["normalisation"].integers(len(scales), size=n)
    way = streams["aggregation"].integers(len(ways), size=n)
    weights = drawn_weights(need.spec.axes, n, streams["weights"], concentration) if "weights" in vary else {}
    return Runs(
        draws=draws,
        shift=streams["threshold"].uniform(-threshold, threshold, n) if "threshold" in vary else np.zeros(n),
        weights=weights,
        methods=tuple(Method(a, b) for a in scales for b in ways),
        method=scale * len(ways) + way,
    )


def methods_to_try(need: NeedIndex, vary: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the scales and the aggregations to try, those of the spec first.

    An aggregation that the data does not allow on every scale (values at or below 0) is left out.
    """
    axes = need.spec.axes
    scales = _all_of([normalisations(axis) for axis in axes]) if "normalisation" in vary else [OWN]
    ways = _all_of([aggregations(axis) for axis in axes]) if "aggregation" in vary else [OWN]
    able = [way for way in ways if way == OWN or all(_computes(need, scale, way) for scale in scales)]
    return scales, able


def _all_of(lists: list[list[str]]) -> list[str]:
    """Return every name that occurs, in order; an axis that may not vary keeps its own method."""
    return list(dict.fromkeys(name for names in lists for name in names))


def _computes(need: NeedIndex, scale: str, way: str) -> bool:
    try:
        for axis in need.spec.axes:
            axis_score(variant(axis, scale, way) or axis, need.columns, need.ground)
    except SpecError:
        return False
    return True


def labelled(p: Array, limits: tuple[float, float]) -> NDArray[np.object_]:
    """Return the label of each probability of being selected; None where there is none."""
    label = np.where(p >= limits[1], "certain", np.where(p < limits[0], "not_selected", "borderline")).astype(object)
    label[np.isnan(p)] = None
    return label


def _class_shares(numbers: NDArray[np.int64], axis: NeedAxis) -> Array:
    """Return the share of the runs in each class, shape (n_areas, classes)."""
    return np.stack([share_of_runs(numbers == k, numbers >= 0) for k in range(len(axis.classes))], axis=1)


def _table(
    need: NeedIndex,
    base: Mapping[str, Array],
    selection: Selection,
    places: pd.DataFrame,
    p: Array,
    chances: Mapping[str, Array],
    limits: tuple[float, float],
) -> pd.DataFrame:
    published = {axis.id: class_numbers(base[axis.id], axis) for axis in need.spec.axes}
    table = pd.DataFrame(
        {"selected": selection.selected(base, published), "p_selected": p, "label": labelled(p, limits)},
        index=need.scored,
    )
    table = table.join(rank_table(places, need.scores.loc[need.scored, need.spec.axes[0].id]))
    for axis in need.spec.axes:
        if len(axis.classes) > 1:
            kept = np.take_along_axis(chances[axis.id], published[axis.id][:, None], axis=1)[:, 0]
            table[f"p_kept_{axis.id}"] = kept
    return table


Choice = float | int | Mapping[str, Sequence[str]] | Sequence[Mapping[str, Sequence[str]]] | None


@dataclass(frozen=True)
class Selection:
    """A rule of selection.

    Parameters
    ----------
    share, number : float, int, optional
        The areas with the highest score of the first axis: a share of the scored areas, or how many; equal scores at
        the border are all in.
    classes : tuple of dict
        One of these must hold: for each axis named in it, the area is in one of the classes (by their numbers).
    axes : tuple of str
        The axes it looks at.
    text : str
        The rule in words.
    """

    share: float | None = None
    number: int | None = None
    classes: tuple[dict[str, list[int]], ...] = ()
    axes: tuple[str, ...] = ()
    text: str = ""

    def selected(
        self, scores: Mapping[str, Array], classes: Mapping[str, NDArray[np.int64]], shift: Array | float = 0.0
    ) -> NDArray[np.bool_]:
        """Return who is selected, shape (..., n_areas); a shift of 0.1 takes 10 % more areas by score."""
        if not self.classes:
            score = scores[self.axes[0]]
            n = (~np.isnan(score)).sum(axis=-1, keepdims=True)
            wanted = n * self.share if self.share is not None else np.minimum(n, self.number or 0)
            most = np.maximum(1, np.floor(wanted * (1 + shift) + 0.5))
            highest: NDArray[np.bool_] = ranks(-score, "min") <= most
            return highest
        anyone = [
            np.logical_and.reduce([np.isin(classes[axis], numbers) for axis, numbers in condition.items()])
            for condition in self.classes
        ]
        chosen: NDArray[np.bool_] = np.logical_or.reduce(anyone)
        return chosen


def selection_of(spec: NeedSpec, choice: Choice, n_areas: int) -> Selection:
    """Turn what a caller names into a rule of selection.

    Parameters
    ----------
    spec : NeedSpec
        The spec, for axes and classes.
    choice : float, int, mapping, list of mappings or None
        A share in (0, 1) or a number of areas with the highest scores of the first axis; ``{"status": ["very_low"]}``:
        axes and classes that must all hold; a list of such: one of them must hold. None: the highest class of the first
        axis.
    n_areas : int
        Number of scored areas: no more can be selected.

    Raises
    ------
    SpecError
        An axis or class is not there, or a number is out of range.
    """
    first = spec.axes[0]
    if choice is None:
        if len(first.classes) < 2:  # noqa: PLR2004 - one class holds everybody
            raise SpecError(
                f"The first axis {first.id!r} has no classes to select by. Say how many: select=0.1, or select=20."
            )
        choice = {first.id: [first.classes[-1].id]}
    if isinstance(choice, int | np.integer) and not isinstance(choice, bool):
        if choice < 1:
            raise SpecError(f"select={choice}: at least one area must be selected.")
        if choice > n_areas:
            raise SpecError(f"select={choice}: only {n_areas} areas have a score. Name a smaller number, or a share.")
        return Selection(number=int(choice), axes=(first.id,), text=f"the {choice} highest scores of {first.id}")
    if isinstance(choice, float | np.floating):
        if not 0 < choice < 1:
            raise SpecError(
                f"select={choice!r}: a share of the areas is in (0, 1); a number of areas is a whole number."
            )
        return Selection(
            share=float(choice), axes=(first.id,), text=f"the highest {choice:.4g} of the scores of {first.id}"
        )
    named = list(choice) if isinstance(choice, list | tuple) else [choice]
    conditions = [one for one in named if isinstance(one, Mapping)]
    if len(conditions) < len(named):
        raise SpecError(
            f"select={choice!r}: name a share, a number of areas, or classes such as {{'status': ['low']}}."
        )
    found = tuple({axis: _numbers(spec, axis, names) for axis, names in one.items()} for one in conditions)
    if not found or not all(found):
        raise SpecError(f"select={choice!r} names no axis and no class.")
    axes = tuple(axis.id for axis in spec.axes if any(axis.id in one for one in found))
    words = " or ".join(
        " and ".join(
            f"{axis} in {{{', '.join(spec.axis(axis).classes[k].id for k in numbers)}}}"
            for axis, numbers in one.items()
        )
        for one in found
    )
    return Selection(classes=found, axes=axes, text=words)


def _numbers(spec: NeedSpec, axis: str, names: object) -> list[int]:
    known = [c.id for c in spec.axis(axis).classes]
    names = list(names) if isinstance(names, list | tuple | set | frozenset) else [names]
    if not names:
        raise SpecError(f"select: no class of axis {axis!r} is named; there are {', '.join(known)}.")
    for name in names:
        if name not in known:
            raise SpecError(f"select: axis {axis!r} has no class {name!r}; there are {', '.join(known)}.")
    return [known.index(str(name)) for name in names]
