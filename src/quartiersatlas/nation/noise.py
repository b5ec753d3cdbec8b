"""Runs of a screening: counts drawn again, or changed as the census offices change them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

BINOMIAL, CELL_KEY = "binomial", "cell_key"


@dataclass(frozen=True)
class CellKeyNoise:
    """The changes of the cell-key method: of all with these properties the distribution of maximum entropy [1]_.

    The offices publish neither the largest change nor the variance of the census of 2022; these are assumptions, to be
    tried from (2, 1, 0) to (5, 3, 2).

    Parameters
    ----------
    largest : int
        Largest change D of a count.
    variance : float
        Variance V of the change.
    absent : int
        Counts from 1 to this one do not occur in the output (js): read it off the file.

    References
    ----------
    .. [1] Giessing, S. (2016). Computational issues in the design of transition probabilities and disclosure risk
           estimation for additive noise. Privacy in Statistical Databases, 237-251.

    Examples
    --------
    >>> import quartiersatlas as qa
    >>> support, p = qa.CellKeyNoise(2, 1.0, 0).distribution(5)
    >>> dict(zip(support.tolist(), p.round(4).tolist()))
    {-2: 0.0638, -1: 0.2447, 0: 0.383, 1: 0.2447, 2: 0.0638}
    """

    largest: int = 2
    variance: float = 1.0
    absent: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.largest, int) or not 1 <= self.largest <= 20:  # noqa: PLR2004 - offices use 2 to 10
            raise SpecError(f"CellKeyNoise: largest is {self.largest!r}; it must be a whole number from 1 to 20.")
        if not isinstance(self.absent, int) or not 0 <= self.absent < self.largest:
            raise SpecError(f"CellKeyNoise: absent is {self.absent!r}; it must be a whole number below largest.")
        if not 0 < self.variance < self.largest**2:
            raise SpecError(f"CellKeyNoise: variance is {self.variance!r}; it lies between 0 and largest squared.")

    @property
    def last(self) -> int:
        """The count from which on all counts have the same distribution."""
        return self.largest + self.absent + 1

    def distribution(self, count: int) -> tuple[Ints, Floats]:
        """Return the possible changes of a true count and their probabilities.

        Parameters
        ----------
        count : int
            The true count, at least 0.

        Returns
        -------
        tuple of ndarray
            Changes, ascending, and probabilities; a count of 0 is never changed.

        Notes
        -----
        ``p_v ~ exp(a v + b v^2)`` on the allowed v, with ``sum p_v v = 0`` and ``sum p_v v^2 = V``; where no
        distribution has this variance, the nearest that has one.
        """
        return _distribution(self.largest, float(self.variance), self.absent, count)

    @property
    def table(self) -> Floats:
        """Cumulative probabilities, shape (last + 1, 2 largest + 1), of the changes -largest to largest."""
        found = np.zeros((self.last + 1, 2 * self.largest + 1))
        for count in range(self.last + 1):
            support, p = self.distribution(count)
            found[count, support + self.largest] = p
        cumulative: Floats = np.cumsum(found, axis=1)
        return cumulative


@lru_cache(maxsize=4096)
def _distribution(largest: int, variance: float, absent: int, count: int) -> tuple[Ints, Floats]:
    v = np.arange(-largest, largest + 1)
    after = count + v
    v = v[(after >= 0) & ~((after >= 1) & (after <= absent))] if count else np.zeros(1, np.int64)
    if len(v) == 1:
        return v, np.ones(1)
    below, above = -v[v < 0], v[v > 0]
    least = 0 if (v == 0).any() else int(below.min() * above.min())
    most = int(below.max() * above.max())
    if variance <= least or variance >= most:  # the nearest there is: the two changes next to 0, or the two farthest
        down, up = (below.min(), above.min()) if variance <= least else (below.max(), above.max())
        return np.array([-down, up]), np.array([up, down]) / (up + down)
    return v, _probabilities(v, _parameters(v, variance))


def _parameters(v: Ints, variance: float) -> Floats:
    """Solve the two conditions for a and b."""
    from scipy.optimize import root

    def off(ab: Floats) -> list[float]:
        p = _probabilities(v, ab)
        return [float(p @ v), float(p @ v**2) - variance]

    for start in ([0.0, -0.5 / variance], [0.0, 0.0], [0.5, -0.3], [-0.5, 0.1], [0.3, 0.3]):
        found = root(off, start, tol=1e-13)
        if np.abs(off(found.x)).max() < 1e-9:  # noqa: PLR2004 - persons
            return np.asarray(found.x)
    raise SpecError(f"CellKeyNoise: no distribution of variance {variance:g} was found.")


def _probabilities(v: Ints, ab: Floats) -> Floats:
    size = ab[0] * v + ab[1] * v**2
    weight = np.exp(np.clip(size - size.max(), -700, 0))
    p: Floats = weight / weight.sum()
    return p


def noise_of(noise: str | CellKeyNoise, smallest: int) -> str | CellKeyNoise:
    """Return how runs are drawn; of the cell-key method with what the cells show.

    Raises
    ------
    SpecError
        It is neither ``"binomial"`` nor ``"cell_key"`` nor a :class:`CellKeyNoise`.
    """
    if isinstance(noise, CellKeyNoise) or noise == BINOMIAL:
        return noise
    if noise == CELL_KEY:
        absent = min(max(smallest - 1, 0), 4)
        return CellKeyNoise() if not absent else CellKeyNoise(absent + 2, float(absent), absent)
    raise SpecError(f'noise must be "binomial", "cell_key" or a CellKeyNoise, not {noise!r}.')


def stream(seed: int, ags: str, column: str) -> np.random.Generator:
    """Return the random numbers of one column of one municipality, whatever part of a run it is in.

    Examples
    --------
    >>> stream(1, "03001349", "mig").integers(1000) == stream(1, "03001349", "mig").integers(1000)
    np.True_
    """
    digest = hashlib.sha256(f"{seed}|{ags}|{column}".encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest[:16], "big")))


def perturbed(counts: Ints, table: Floats, runs: int, rng: np.random.Generator) -> Ints:
    """Return counts changed by the cell-key method, shape (runs, n_cells); runs follow each other in the stream."""
    largest = table.shape[1] // 2
    limits = table[np.minimum(counts, len(table) - 1)]
    u = rng.random((runs, len(counts)))
    found = np.broadcast_to(counts - largest, u.shape).copy()
    for k in range(2 * largest):
        found += u >= limits[:, k]
    changed: Ints = np.maximum(found, 0)
    return changed
