"""What leaves of a comparison inside areas: verdicts and numbers of units, nothing where the rate is withheld."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.errors import SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.indicators.within import WithinArea
    from quartiersatlas.intake import AreaData


@dataclass(frozen=True, kw_only=True)
class ReleasedWithin:
    """Whether areas contain both, as it may be known.

    Parameters
    ----------
    indicator : str
        Column of the release.
    labels : (str, str)
        Its label in German and English.
    rows : tuple of (str, int, str)
        Area, units, verdict; areas whose value does not leave are not there.
    """

    indicator: str
    labels: tuple[str, str]
    rows: tuple[tuple[str, int, str], ...]

    @property
    def table(self) -> pd.DataFrame:
        """On the area: ``units``, ``verdict``."""
        return pd.DataFrame(self.rows, columns=["area", "units", "verdict"]).set_index("area")


def released_within(
    found: WithinArea | None, data: AreaData, shown: Mapping[str, pd.Series[Any]]
) -> ReleasedWithin | None:
    """Return what may leave: a verdict is made of the counts of the area, so it goes where they may not be shown.

    Raises
    ------
    SpecError
        It was made of a table without a name that the release knows, its rate does not leave, or it is of other areas.
    """
    if found is None:
        return None
    if found.indicator not in shown:
        raise SpecError(
            f"release: within: the rate {found.indicator!r} does not leave with this release, so nobody knows where it "
            f"would be withheld. Make it of joined units, by a rate of these data: "
            f"qa.within_area(blocks, 'sgb2_rate', area='district')."
        )
    unknown = found.table.index.difference(data.areas.index)
    if len(unknown):
        raise SpecError(f"release: within: there are no areas {list_some(unknown)} in the data.")
    values = pd.Series(shown[found.indicator], index=data.areas.index)
    told = found.public[values.reindex(found.table.index).notna()]
    rows = zip(told.index, told["units"], told["verdict"], strict=True)
    return ReleasedWithin(
        indicator=found.indicator,
        labels=found.labels,
        rows=tuple((str(key), int(units), str(verdict)) for key, units, verdict in rows),
    )
