"""Which indices there are: names, formulas, sources, ranges. The table, the command line and the tests read it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.segregation.computing import COMPUTE, EXPECTED, GAP

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.segregation.geometry import Case

STANDARD = ("dissimilarity", "gini", "theil_h", "isolation", "interaction", "correlation_ratio")
STANDARD_MULTIGROUP = ("multigroup_dissimilarity", "information_theory", "mutual_information", "entropy")
DIRECTION = {
    "up": "higher is more segregated",
    "down": "lower is more segregated",
    "none": "higher is more diverse",
}


@dataclass(frozen=True)
class SegregationIndex:
    """One index of the registry.

    Parameters
    ----------
    id : str
        Its name in the table.
    dimension : str
        Evenness, exposure, concentration, centralisation, clustering, multigroup, diversity, spatial or ordinal.
    of : str
        Whose index it is: of a "group", of all groups ("composition"), of "both", or of ordered "classes".
    against : str
        Whom the group is compared with: "other" (the rest or a named group), "rest", "total", "area", "one another".
    needs : str
        "", "points", "polygons", "decay" (polygons and a unit of distance) or "radii" (points and radii).
    lowest, highest : str
        Range; empty where there is no bound.
    direction : str
        "up", "down" or "none".
    formula, source : str
        How it is computed and who defined it.
    """

    id: str
    dimension: str
    of: str
    against: str
    needs: str
    lowest: str
    highest: str
    direction: str
    formula: str
    source: str

    @property
    def adjustable(self) -> bool:
        """Whether it runs from 0 to 1, so that the value expected by chance can be taken out."""
        return (self.lowest, self.highest, self.direction) == ("0", "1", "up")

    @property
    def gap(self) -> str:
        """Name of the text that says why it is NaN where the counts alone do not tell."""
        return GAP.get(self.id, "note_no_spread")

    def label(self, lang: Lang) -> str:
        """Return the name in German or English."""
        return text(f"index_{self.id}", lang)

    def meaning(self, lang: Lang) -> str:
        """Return a sentence that says what the index tells, in German or English."""
        return text(f"index_{self.id}_meaning", lang)

    def compute(self, case: Case) -> NDArray[np.float64]:
        """Return the index of each place."""
        return COMPUTE[self.id](case)

    def expected(self, case: Case) -> NDArray[np.float64] | None:
        """Return the value expected of each place without segregation; None where none is known."""
        return EXPECTED[self.id](case) if self.id in EXPECTED else None


@cache
def registry() -> dict[str, SegregationIndex]:
    """Return every index by its id."""
    table = files("quartiersatlas.segregation").joinpath("indices.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines(), delimiter=";")
    return {row["id"]: SegregationIndex(**row) for row in rows}


def segregation_indices() -> pd.DataFrame:
    """List the indices: id, labels, dimension, reference, formula, source, range, needs geometry, direction.

    Returns
    -------
    DataFrame
        One row per index, on the id. ``of`` says whether it is the index of a group, of all groups ("composition"),
        of both or of ordered classes; ``reference`` with whom a group is compared ("other" is the rest of the
        residents or the group that is named).

    Examples
    --------
    >>> segregation_indices().loc["dissimilarity", "source"]
    'Duncan & Duncan 1955'
    """
    rows = [
        {
            "id": index.id,
            "label_de": index.label("de"),
            "label_en": index.label("en"),
            "dimension": index.dimension,
            "of": index.of,
            "reference": index.against,
            "formula": index.formula,
            "source": index.source,
            "lowest": index.lowest,
            "highest": index.highest,
            "needs_geometry": index.needs != "",
            "needs": index.needs,
            "direction": DIRECTION[index.direction],
        }
        for index in registry().values()
    ]
    return pd.DataFrame(rows).set_index("id")


def chosen(wanted: Iterable[str] | str, *, groups_are_everybody: bool) -> list[SegregationIndex]:
    """Return the indices for ids, dimensions, "standard" or "all"; ordinal ones only by name."""
    entries = registry()
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    by_name = {
        "standard": STANDARD + (STANDARD_MULTIGROUP if groups_are_everybody else ()),
        "all": tuple(i.id for i in entries.values() if i.dimension != "ordinal"),
    }
    for index in entries.values():
        by_name.setdefault(index.id, (index.id,))
        by_name[index.dimension] = tuple(i.id for i in entries.values() if i.dimension == index.dimension)
    unknown = [name for name in names if name not in by_name]
    if unknown:
        from difflib import get_close_matches

        close = get_close_matches(str(unknown[0]), by_name, n=3, cutoff=0.6)
        hint = f" Did you mean {list_some(close)}?" if close else ""
        raise SpecError(f"There is no index {unknown[0]!r}.{hint} There are: {', '.join(by_name)}.")
    return [entries[i] for i in dict.fromkeys(i for name in names for i in by_name[name])]
