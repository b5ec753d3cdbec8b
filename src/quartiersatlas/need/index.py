"""The need index: indicators on one scale, aggregated up the hierarchy, classed; every step kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.errors import SpecError
from quartiersatlas.need.arguments import check_index
from quartiersatlas.need.cautions import cautions, nominal_weights
from quartiersatlas.need.classes import class_ids
from quartiersatlas.need.evaluate import axis_score
from quartiersatlas.need.exclusions import excluded_areas, incomplete_areas, reasons_text
from quartiersatlas.need.inputs import NeedInputs, columns_of, ground_of, need_inputs
from quartiersatlas.need.result import NeedIndex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need.spec import NeedSpec


def need_index(
    data: AreaData | pd.DataFrame,
    spec: NeedSpec,
    *,
    population: str | list[str] | None = None,
    exclude: Mapping[str, str] | None = None,
) -> NeedIndex:
    """Compute the need index of areas by the rules of a spec.

    Parameters
    ----------
    data : AreaData or DataFrame
        The spec's indicators as columns, on the district key; in a DataFrame, the counts that the spec names will do.
    spec : NeedSpec
        The rules.
    population : str or list of str, optional
        Column with the residents, or one per period used, the latest first; the data's, if not given. Needed where
        the spec has a minimum population or weighs areas.
    exclude : mapping of str to str, optional
        Areas left out by hand, beside those of the spec: key -> reason.

    Returns
    -------
    NeedIndex
        Excluded areas have NaN scores and a reason; nothing is imputed.

    Raises
    ------
    ColumnError
        An indicator of the spec is not in the data.
    CountError
        A numerator exceeds its denominator, or a count is above 2^53.
    SpecError
        Fewer than three areas are left, an indicator has no variance, is missing everywhere, holds text or marks such
        as -9999; a key to exclude is not there.

    Warns
    -----
    UserWarning
        An axis rests mainly on context indicators such as the share of residents with migration background, or on
        fewer than 15 areas; the spec is a preset that was not verified.

    Notes
    -----
    Up the hierarchy, each group puts its members on one scale and aggregates them. With the Berlin rules:
    ``z_i = (x_i - m) / s``, ``S = sum_k w_k d_k z_k``, ``score = (S - mean(S)) / sd(S)``; contribution of indicator k:
    ``w_k d_k z_k / sd(S)`` [1]_. Means and deviations are over the areas that are not excluded.

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
    check_index(data, spec, exclude)
    inputs = need_inputs(data, spec, population)
    keys = inputs.values.index
    excluded = excluded_areas(inputs, spec, {**spec.exclude, **(exclude or {})})
    scored = keys.difference(excluded.index, sort=False)
    if len(scored) < 3:  # noqa: PLR2004 - two areas differ by one standard deviation each, whatever their values
        raise SpecError(
            f"Only {len(scored)} areas are left to score; {len(excluded)} are excluded: {reasons_text(excluded)}."
        )
    columns = columns_of(inputs, scored)
    ground = ground_of(inputs, scored)
    scores = pd.DataFrame(
        {axis.id: pd.Series(axis_score(axis, columns, ground), index=scored) for axis in spec.axes}
    ).reindex(keys)
    return NeedIndex(
        spec=spec,
        scores=scores,
        classes=pd.DataFrame({axis.id: class_ids(scores[axis.id], axis) for axis in spec.axes}),
        excluded=excluded,
        incomplete=incomplete_areas(spec, inputs.values.loc[scored]),
        reference=_reference(spec, inputs, scored),
        inputs=inputs,
        warnings=cautions(spec, inputs, len(scored)),
    )


def _reference(spec: NeedSpec, inputs: NeedInputs, scored: pd.Index) -> pd.DataFrame:
    city = inputs.city
    rows = [
        {
            "axis": axis.id,
            "indicator": leaf.id,
            "weight": leaf.weight,
            "share_of_weight": share,
            "direction": leaf.direction,
            "mean": inputs.values.loc[scored, leaf.id].mean(),
            "sd": inputs.values.loc[scored, leaf.id].std(ddof=0),
            "city": city.get(leaf.id, float("nan")),
            "n_areas": len(scored),
        }
        for axis in spec.axes
        for leaf, share in nominal_weights(axis).items()
    ]
    return pd.DataFrame(rows)
