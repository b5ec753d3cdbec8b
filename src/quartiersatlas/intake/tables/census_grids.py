"""Tables of census grids among others: their marks mean what their layout says, their flags speak of the whole row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.intake.cells.layouts import SIZES, census_layouts, layout_of_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from quartiersatlas.intake.tables.rows import Body
    from quartiersatlas.intake.tables.values.codes import Meaning

AUTO = "auto"
CERTAIN = ("", "0")  # marks of a flag that say nothing


@dataclass(frozen=True)
class CensusGrid:
    """What is known of a table because its header is that of a published census grid.

    Parameters
    ----------
    name : str
        The layout; empty for any other table.
    flag : str
        The column whose marks make the values of the row unreliable.
    places : tuple of str
        Columns that say where a cell is, which no flag is about.
    symbols : mapping of str to str
        What marks mean.
    notes : list of str
        What was decided.
    """

    name: str = ""
    flag: str = ""
    places: tuple[str, ...] = ()
    symbols: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, header: Sequence[str], symbols: str | Mapping[str, Meaning]) -> CensusGrid:
        """Return what a header tells; a profile that the caller names stays."""
        name = layout_of_columns(list(header))
        if not name:
            return cls()
        layout = census_layouts()[name]
        places = tuple(one.replace("{size}", size) for one in layout.places for size in SIZES.values())
        flag = layout.flag if layout.flag in header else ""
        if isinstance(symbols, str) and symbols != AUTO:
            return cls(name, flag, places)
        marks = ", ".join(f"{mark!r} is {state}" for mark, state in layout.symbols.items() if mark)
        note = f"read as {layout.title}: {marks}, if symbols= says nothing else"
        return cls(name, flag, places, layout.symbols, (note,))

    def meanings(self, symbols: str | Mapping[str, Meaning]) -> str | Mapping[str, Meaning]:
        """Return the symbols of the caller on top of those of the layout."""
        if not self.symbols:
            return symbols
        return {**self.symbols, **({} if isinstance(symbols, str) else symbols)}

    def without_flag(self, body: Body, *, keep: bool) -> tuple[Body, NDArray[np.bool_] | None]:
        """Return the rows without the column of the flag, and which of them it marks."""
        if not self.flag or self.flag not in body.cells:
            return body, None
        marks = np.array([text.strip() for text in body.cells[self.flag].texts()], dtype=object)
        cells = {name: column for name, column in body.cells.items() if keep or name != self.flag}
        return replace(body, cells=cells), ~np.isin(marks, CERTAIN)

    def flagged(
        self, values: pd.DataFrame, status: pd.DataFrame, marked: NDArray[np.bool_] | None
    ) -> tuple[pd.DataFrame, list[str]]:
        """Return the status with the numbers of marked rows as unreliable, and a note."""
        if marked is None or not marked.any():
            return status, []
        numbers = [name for name in values.columns if values[name].dtype.kind in "fiu" and name not in self.places]
        found: dict[str, Any] = {}
        for name in numbers:
            is_number = marked & status[name].isin(["value", "zero"]).to_numpy()
            found[name] = status[name].mask(is_number, "unreliable")
        rows = count_noun(int(marked.sum()), "row")
        return status.assign(**found), [f"{self.flag!r} marks {rows}: their numbers are unreliable"]
