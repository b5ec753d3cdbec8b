"""What leaves of the areas: name, parents, geometry, and whether they may show anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.intake.marks import MARKS
from quartiersatlas.intake.notices import is_notice

if TYPE_CHECKING:
    from quartiersatlas.intake import AreaData


def structure(data: AreaData) -> list[str]:
    """Return the columns of the areas that leave: name, parents, geometry; not the marks of the intake."""
    return [c for c in data.areas.columns if c not in MARKS and not is_notice(c)]


def parent_columns(data: AreaData) -> list[str]:
    """Return the columns that name the larger areas an area belongs to."""
    return [c for c in structure(data) if c not in ("name", data.areas.geometry.name)]


def area_states(data: AreaData, small: pd.Series[bool]) -> pd.Series[str]:
    """Return the state of each area: shown, small, uninhabited or unknown."""
    residents = data.residents()
    states = np.where(residents.eq(0), "uninhabited", np.where(small, "small", "shown"))
    states = np.where(residents.isna(), "unknown", states)
    return pd.Series(states, index=data.areas.index, name="state", dtype="str")
