"""Which indices there are: names, formulas, sources, ranges. The table, the command line and the tests read it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.segregation.evenness import dissimilarity
from quartiersatlas.segregation.exposure import interaction, isolation

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Compute = Callable[[NDArray[np.float64], NDArray[np.float64]], float]


@dataclass(frozen=True)
class SegregationIndex:
    """One index of the registry; ``compute`` takes the group's and the total counts."""

    id: str
    label_de: str
    label_en: str
    dimension: str
    reference: str
    formula: str
    source: str
    lowest: str
    highest: str
    needs_geometry: bool
    direction: str
    compute: Compute


INDICES = {
    index.id: index
    for index in (
        SegregationIndex(
            id="dissimilarity",
            label_de="Segregationsindex (Dissimilarität D)",
            label_en="Dissimilarity D",
            dimension="evenness",
            reference="rest",
            formula="1/2 sum_i |x_i/X - y_i/Y|",
            source="Duncan & Duncan 1955",
            lowest="0",
            highest="1",
            needs_geometry=False,
            direction="higher is more segregated",
            compute=lambda group, total: dissimilarity(group, total - group),
        ),
        SegregationIndex(
            id="isolation",
            label_de="Isolation xPx",
            label_en="Isolation xPx",
            dimension="exposure",
            reference="total",
            formula="sum_i (x_i/X) (x_i/t_i)",
            source="Bell 1954",
            lowest="X/T",
            highest="1",
            needs_geometry=False,
            direction="higher is more segregated",
            compute=isolation,
        ),
        SegregationIndex(
            id="interaction",
            label_de="Interaktion xPy",
            label_en="Interaction xPy",
            dimension="exposure",
            reference="rest",
            formula="sum_i (x_i/X) (y_i/t_i)",
            source="Bell 1954",
            lowest="0",
            highest="Y/T",
            needs_geometry=False,
            direction="lower is more segregated",
            compute=lambda group, total: interaction(group, total - group, total),
        ),
    )
}


def segregation_indices() -> pd.DataFrame:
    """List the indices: id, labels, dimension, reference, formula, source, range, needs geometry, direction.

    Returns
    -------
    DataFrame
        One row per index, on the id.

    Examples
    --------
    >>> segregation_indices().loc["dissimilarity", "source"]
    'Duncan & Duncan 1955'
    """
    rows = [{k: v for k, v in asdict(index).items() if k != "compute"} for index in INDICES.values()]
    return pd.DataFrame(rows).set_index("id")
