"""The need index: z per indicator, weighted sum, z of the sum, classes; every step kept."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Catalogue, Message
from quartiersatlas.errors import ColumnError, SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.data import checked_counts
from quartiersatlas.need.classes import class_number
from quartiersatlas.need.normalise import z_score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.need.spec import NeedAxis, NeedSpec


@dataclass(frozen=True)
class NeedIndex:
    """Scores and classes of areas, with what made them.

    Parameters
    ----------
    spec : NeedSpec
        The rules.
    scores : DataFrame
        One column per axis: the standardised sum; NaN for excluded areas. Higher is more need.
    classes : DataFrame
        One column per axis: class id; missing for excluded areas.
    contributions : DataFrame
        Columns (axis, indicator): parts of the score; they add up to it.
    excluded : DataFrame
        On the key: ``reason`` (``population``, ``manual``, ``missing``) and ``detail``.
    reference : DataFrame
        One row per axis and indicator: unweighted mean and standard deviation over the scored areas.
    warnings : tuple of Message
        What a reader of the index has to know.
    """

    spec: NeedSpec
    scores: pd.DataFrame
    classes: pd.DataFrame
    contributions: pd.DataFrame
    excluded: pd.DataFrame
    reference: pd.DataFrame
    warnings: tuple[Message, ...] = ()

    def on(self, index: pd.Index) -> NeedIndex:
        """Return the index in the order of other areas' keys.

        Raises
        ------
        SpecError
            They are not the same areas.
        """
        odd = self.scores.index.symmetric_difference(index)
        if len(odd):
            raise SpecError(
                f"The need index is of other areas: {len(odd)} keys are on one side only: {list_some(odd)}."
            )
        return replace(
            self,
            scores=self.scores.loc[index],
            classes=self.classes.loc[index],
            contributions=self.contributions.loc[index],
            excluded=self.excluded.loc[[key for key in index if key in self.excluded.index]],
        )

    @property
    def table(self) -> pd.DataFrame:
        """Scores and classes side by side, with the reason where an area has none."""
        classes = self.classes.add_suffix("_class")
        return self.scores.join(classes).join(self.excluded)

    def __repr__(self) -> str:
        lines = [f"NeedIndex {self.spec.id} ({self.spec.hash}): {len(self.scores) - len(self.excluded)} areas scored"]
        for axis in self.spec.axes:
            counts = self.classes[axis.id].value_counts()
            lines.append(f"  {axis.id}: " + ", ".join(f"{c.id} {counts.get(c.id, 0)}" for c in axis.classes))
        if len(self.excluded):
            lines.append(f"  excluded ({len(self.excluded)}): {list_some(self.excluded.index, 10)}")
        return "\n".join(lines + [f"  warning: {warning}" for warning in self.warnings])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>"


def need_index(
    data: AreaData | pd.DataFrame,
    spec: NeedSpec,
    *,
    population: str | None = None,
    exclude: Mapping[str, str] | None = None,
) -> NeedIndex:
    """Compute the need index of areas by the rules of a spec.

    Parameters
    ----------
    data : AreaData or DataFrame
        The spec's indicators as columns, on the district key.
    spec : NeedSpec
        The rules.
    population : str, optional
        Column with the residents; the data's, if not given. Needed where the spec has a minimum population.
    exclude : mapping of str to str, optional
        Areas left out by hand: key -> reason.

    Returns
    -------
    NeedIndex
        Excluded areas have NaN scores and a reason; nothing is imputed.

    Raises
    ------
    ColumnError
        An indicator of the spec is not in the data.
    SpecError
        Fewer than three areas are left, an indicator has no variance or holds text, a key to exclude is not there.

    Warns
    -----
    UserWarning
        An axis rests mainly on context indicators such as the share of residents with migration background, or on
        fewer than 15 areas.

    Notes
    -----
    ``z_i = (x_i - m) / s``, ``S = sum_k w_k d_k z_k``, ``score = (S - mean(S)) / sd(S)``; contribution of indicator k:
    ``w_k d_k z_k / sd(S)`` [1]_. Means and deviations are unweighted over the areas that are not excluded (ddof 0).

    References
    ----------
    .. [1] Senatsverwaltung für Stadtentwicklung und Wohnen Berlin (2019). Monitoring Soziale Stadtentwicklung 2019.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> spec = qa.NeedSpec.preset("berlin-mss-2019")
    >>> names = [indicator.id for axis in spec.axes for indicator in axis.indicators]
    >>> shares = pd.DataFrame(np.random.default_rng(1).random((20, 6)), columns=names).assign(residents=1000.0)
    >>> need = qa.need_index(shares, spec, population="residents")
    >>> bool(np.allclose(need.contributions["status"].sum(axis=1), need.scores["status"]))
    True
    """
    catalogue = data.catalogue if isinstance(data, AreaData) else Catalogue.builtin()
    frame = data.values if isinstance(data, AreaData) else data
    population = population or (data.population if isinstance(data, AreaData) else None)
    for axis in spec.axes:
        for indicator in axis.indicators:
            if indicator.id not in frame.columns:
                raise ColumnError.not_found(indicator.id, frame.columns, f"The spec {spec.id!r} asks for data that")
    excluded = _excluded(frame, spec, population, exclude or {})
    scored = frame.loc[frame.index.difference(excluded.index, sort=False)]
    if len(scored) < 3:  # noqa: PLR2004 - two areas differ by one standard deviation each, whatever their values
        raise SpecError(
            f"Only {len(scored)} areas are left to score; {len(excluded)} are excluded: .excluded says why."
        )
    parts = {axis.id: _contributions(axis, scored) for axis in spec.axes}
    scores = pd.DataFrame({axis: part.sum(axis=1) for axis, part in parts.items()}).reindex(frame.index)
    return NeedIndex(
        spec=spec,
        scores=scores,
        classes=pd.DataFrame({axis.id: _class_ids(scores[axis.id], axis) for axis in spec.axes}),
        contributions=pd.concat(parts, axis=1, names=["axis", "indicator"]).reindex(frame.index),
        excluded=excluded,
        reference=_reference(spec, scored),
        warnings=_warnings(spec, catalogue, len(scored)),
    )


def _excluded(frame: pd.DataFrame, spec: NeedSpec, population: str | None, manual: Mapping[str, str]) -> pd.DataFrame:
    """List who is left out and why: too few residents, by hand, an unknown indicator."""
    unknown_keys = [key for key in manual if key not in frame.index]
    if unknown_keys:
        raise SpecError(f"exclude: {list_some(unknown_keys)} are not keys of the data.")
    rows: dict[str, tuple[str, str]] = {}
    if spec.min_population > 0:
        if population is None:
            raise SpecError(
                f"The spec {spec.id!r} leaves out areas below {spec.min_population:g} residents. "
                f"Name their column: need_index(..., population='residents')."
            )
        if population not in frame.columns:
            raise ColumnError.not_found(population, frame.columns, "The data")
        residents = checked_counts(frame[population])
        for key in frame.index[residents < spec.min_population]:
            rows[key] = ("population", f"{spec.min_population:g}")
        for key in frame.index[residents.isna()]:
            rows[key] = ("missing", population)
    rows.update({key: ("manual", reason) for key, reason in manual.items()})
    wanted = list(dict.fromkeys(i.id for axis in spec.axes for i in axis.indicators))
    gaps = frame[wanted].isna()
    for key in gaps.index[gaps.any(axis=1)]:
        rows.setdefault(key, ("missing", ", ".join(gaps.columns[gaps.loc[key]])))
    ordered = {key: rows[key] for key in frame.index if key in rows}
    return pd.DataFrame.from_dict(ordered, orient="index", columns=["reason", "detail"])


def _contributions(axis: NeedAxis, scored: pd.DataFrame) -> pd.DataFrame:
    """Return w_k d_k z_k / sd(S) per indicator; the rows add up to the score."""
    weighted = pd.DataFrame({i.id: i.weight * i.direction * z_score(_numbers(scored, i.id)) for i in axis.indicators})
    total = weighted.sum(axis=1).rename(axis.id)
    z_score(total)  # refuses indicators that cancel each other in every area
    return weighted / float(total.std(ddof=0))


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series[float]:
    from pandas.api.types import is_numeric_dtype

    if not is_numeric_dtype(frame[column].dtype):
        raise SpecError(f"The indicator {column!r} holds text, not numbers: {list_some(frame[column].unique(), 3)}.")
    return frame[column].astype(float)


def _class_ids(scores: pd.Series[float], axis: NeedAxis) -> pd.Series[str]:
    names = np.array([c.id for c in axis.classes], dtype=object)[class_number(scores, axis.breaks)]
    return pd.Series(names, index=scores.index, dtype=object).where(scores.notna(), None)


def _reference(spec: NeedSpec, scored: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "axis": axis.id,
            "indicator": i.id,
            "weight": i.weight,
            "direction": i.direction,
            "mean": scored[i.id].mean(),
            "sd": scored[i.id].std(ddof=0),
            "n_areas": len(scored),
        }
        for axis in spec.axes
        for i in axis.indicators
    ]
    return pd.DataFrame(rows)


def _warnings(spec: NeedSpec, catalogue: Catalogue, n_scored: int) -> tuple[Message, ...]:
    """Return what a reader has to know, and warn the analyst."""
    found = []
    for axis in spec.axes:
        known = [(i, catalogue[i.id]) for i in axis.indicators if i.id in catalogue]
        context = [i for i, meaning in known if meaning.role == "context"]
        share = sum(i.weight for i in context) / sum(i.weight for i in axis.indicators)
        if share >= 0.5:  # noqa: PLR2004 - half
            names = ", ".join(i.id for i in context)
            found.append(Message("warning_context", {"axis": axis.id, "share": f"{share:.0%}", "names": names}))
        found += [
            Message("warning_direction", {"axis": axis.id, "name": i.id})
            for i, meaning in known
            if meaning.direction == -i.direction
        ]
    if n_scored < 15:  # noqa: PLR2004 - a convention of practice: fewer areas make z-scores arbitrary
        found.append(Message("warning_few_areas", {"areas": n_scored}))
    for message in found:
        warnings.warn(f"Need index {spec.id!r}: {message}", UserWarning, stacklevel=3)
    return tuple(found)
