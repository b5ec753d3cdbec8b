"""Levels whose values cells are compared with: the own municipality, Land, size class, the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.screening.evaluation.whole_numbers import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.nation.cells import GridCells
    from quartiersatlas.nation.task import ScreenSpec

MUNICIPALITY, LAND, SIZE_CLASS, CITY = LEVELS
# residents from which a class begins: the German types of municipalities by size
SIZE_CLASSES = ((100_000, "100000+"), (20_000, "20000-99999"), (5_000, "5000-19999"), (0, "0-4999"))
DIGITS_OF_LAND = 2


def land_of(ags: str) -> str:
    """Return the Land of a municipality: the first two characters of its key.

    Examples
    --------
    >>> land_of("03001349")
    '03'
    """
    return ags[:DIGITS_OF_LAND]


def size_class_of(residents: int) -> str:
    """Return the size class of a municipality.

    Examples
    --------
    >>> size_class_of(4_999), size_class_of(5_000), size_class_of(250_000)
    ('0-4999', '5000-19999', '100000+')
    """
    return next(name for least, name in SIZE_CLASSES if residents >= least)


def size_classes_of(residents: NDArray[np.integer]) -> list[str]:
    """Return the size class of each municipality.

    Examples
    --------
    >>> size_classes_of(np.array([4_999, 5_000, 250_000]))
    ['0-4999', '5000-19999', '100000+']
    """
    least, names = zip(*reversed(SIZE_CLASSES), strict=True)
    place = np.searchsorted(least, residents, side="right") - 1
    return [names[k] for k in place.tolist()]


def level_groups(ags: str, residents: int, levels: tuple[str, ...]) -> dict[str, str]:
    """Return the group of a municipality at each level.

    Examples
    --------
    >>> level_groups("03001349", 7_000, ("land", "size_class", "city"))
    {'land': '03', 'size_class': '5000-19999', 'city': ''}
    """
    groups = {MUNICIPALITY: ags, LAND: land_of(ags), SIZE_CLASS: size_class_of(residents), CITY: ""}
    return {level: groups[level] for level in levels}


def official_rates(cells: GridCells, spec: ScreenSpec) -> dict[str, dict[str, tuple[int, int]]]:
    """Return the rates of municipalities whose counts are published, for rules that compare with them."""
    frame = cells.municipalities
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for name, rate in spec.rule.rates.items():
        columns = [f"official_{one}" for one in (rate.numerator, rate.denominator)]
        if all(column in frame for column in columns):
            both = frame[columns].dropna().astype("int64")
            for ags, x, n in zip(both.index, both[columns[0]], both[columns[1]], strict=True):
                found.setdefault(ags, {})[name] = (int(x), int(n))
    return found
