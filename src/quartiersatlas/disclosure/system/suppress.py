"""The cells that are withheld for others: a good pattern, and the cheapest one where the table is small enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.disclosure.system.cheapest import cheapest
from quartiersatlas.disclosure.system.partners import fast_pattern

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quartiersatlas.disclosure.system.partners import Task


def suppress(task: Task, effort: str = "auto") -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return the withheld cells, and the width that each interval can have at all.

    Parameters
    ----------
    task : Task
        What has to be protected.
    effort : {"auto", "fast"}, default "auto"
        Whether the cheapest pattern is looked for where that is small enough.

    Returns
    -------
    withheld : ndarray of bool
        The cells not shown.
    need : ndarray
        The widths asked for; less where even withholding everything gives less.
    """
    withheld, need = fast_pattern(task)
    return (cheapest(task, withheld, need), need) if effort == "auto" else (withheld, need)
