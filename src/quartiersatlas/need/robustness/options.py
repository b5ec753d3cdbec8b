"""What may vary from run to run and how far, checked before anything is drawn; each refusal names the repair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from quartiersatlas.base.checks import choice
from quartiersatlas.errors import SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


MOST_RUNS = 100_000  # a share of so many runs is exact to a third of a percentage point
SOURCES = ("data", "weights", "normalisation", "aggregation", "threshold")
FACTORS = (*SOURCES, "indicators")
REDRAWS = ("posterior", "raw")
RandomSource = int | np.random.Generator | None


@dataclass(frozen=True)
class RunOptions:
    """What varies from run to run, and how far.

    Parameters
    ----------
    vary : tuple of str
        What is not taken as exact.
    persistence, concentration, threshold, redraw, cluster, shared
        As in :meth:`quartiersatlas.need.NeedIndex.stability`.

    Raises
    ------
    SpecError
        A number is out of range.
    """

    vary: tuple[str, ...] = SOURCES
    persistence: float = 0.0
    concentration: float = 6.0
    threshold: float = 0.1
    redraw: str = "posterior"
    cluster: float | Mapping[str, float] = 1.0
    shared: float = 0.0

    def __post_init__(self) -> None:
        _check_ranges(self.persistence, self.concentration, self.threshold)
        _check_redraw(self.redraw, self.cluster, self.shared)

    def cluster_of(self, indicator: str) -> float:
        """Return how many persons one chance decides about."""
        found = self.cluster.get(indicator, 1.0) if isinstance(self.cluster, Mapping) else self.cluster
        return float(found)

    def check_clusters(self, counted: Iterable[str]) -> None:
        """Refuse clusters of indicators that have no counts."""
        if isinstance(self.cluster, Mapping) and (odd := [name for name in self.cluster if name not in set(counted)]):
            raise SpecError(f"cluster names indicators without counts: {list_some(odd)}.")

    def settings(self, seed: RandomSource, methods: Sequence[tuple[str, ...]]) -> dict[str, Any]:
        """Return what varied, and how, for the record of the result."""
        return {
            "vary": self.vary,
            "seed": int(seed) if isinstance(seed, int | np.integer) else None,
            "persistence": self.persistence,
            "concentration": self.concentration,
            "threshold": self.threshold,
            "redraw": self.redraw,
            "cluster": dict(self.cluster) if isinstance(self.cluster, Mapping) else self.cluster,
            "shared": self.shared,
            "methods": [method[:2] for method in methods],
        }


def stability_options(
    n: object,
    seed: object,
    limits: object,
    *,
    vary: Sequence[str],
    **how: Any,  # noqa: ANN401 - of RunOptions, which checks them
) -> RunOptions:
    """Return the options of a Monte Carlo; what cannot be run is refused."""
    if not 1 <= _is_whole(n, "stability: n") <= MOST_RUNS:
        raise SpecError(f"stability: n is {n}; at least one run is needed, and {MOST_RUNS:,} are enough for any share.")
    if not isinstance(seed, np.random.Generator):
        _check_seed(seed, "stability", "a whole number from 0 on, a numpy Generator, or None")
    chosen = _choices(vary, SOURCES, "stability: vary")
    pair = list(limits) if isinstance(limits, list | tuple) else []
    if len(pair) != 2 or not all(_is_number(limit) for limit in pair):  # noqa: PLR2004 - lower and upper
        raise SpecError(f"stability: limits are {limits!r}; give two shares of the runs, such as limits=(0.1, 0.9).")
    if not 0 <= pair[0] <= pair[1] <= 1:
        raise SpecError(f"stability: limits are {limits!r}; they must rise within [0, 1].")
    return RunOptions(chosen, **how)


def sensitivity_options(
    n: object,
    seed: object,
    *,
    factors: Sequence[str],
    **how: Any,  # noqa: ANN401 - of RunOptions, which checks them
) -> RunOptions:
    """Return the options of a decomposition of the variance; what cannot be computed is refused."""
    chosen = _choices(factors, FACTORS, "sensitivity: factors")
    if len(chosen) < 2:  # noqa: PLR2004 - one factor makes everything
        raise SpecError("sensitivity: at least two factors are needed to share the variance.")
    whole = _is_whole(n, "sensitivity: n")
    if whole <= 1 or whole & (whole - 1):
        raise SpecError(f"sensitivity: n is {n}; the Sobol sequence needs a power of two, such as 256 or 1024.")
    if whole > MOST_RUNS:
        raise SpecError(f"sensitivity: n is {n}; at most {MOST_RUNS:,} points are drawn. Take n=1024.")
    _check_seed(seed, "sensitivity", "a whole number from 0 on, or None")
    return RunOptions(chosen, **how)


def _check_ranges(persistence: object, concentration: object, threshold: object) -> None:
    """Refuse parameters out of range."""
    if not _is_number(persistence) or not 0 <= persistence <= 1:
        raise SpecError(f"persistence is {persistence!r}; it is a share of persons in [0, 1].")
    if not _is_number(concentration) or not (concentration > 0 and isfinite(concentration)):
        raise SpecError(
            f"concentration is {concentration!r}; it must be a number above 0. To keep the weights of the spec, leave "
            f"'weights' out of what varies."
        )
    if not _is_number(threshold) or not 0 <= threshold < 1:
        raise SpecError(f"threshold is {threshold!r}; it must be in [0, 1).")


def _check_redraw(redraw: object, cluster: object, shared: object) -> None:
    """Refuse what counts cannot be redrawn by."""
    choice(redraw, REDRAWS, "redraw")
    for name, size in (cluster if isinstance(cluster, Mapping) else {"": cluster}).items():
        if not _is_number(size) or not (1 <= size < float("inf")):
            of = f"[{name!r}]" if name else ""
            raise SpecError(
                f"cluster{of} is {size!r}; it is a number of persons from 1 on, such as cluster=3 for households."
            )
    if not _is_number(shared) or not 0 <= shared <= 1:
        raise SpecError(f"shared is {shared!r}; it is a share of persons in [0, 1].")
    if shared and redraw == "raw":
        raise SpecError("shared persons are only for redraw='posterior': leave shared out, or redraw='raw'.")


def _choices(names: object, known: Sequence[str], where: str) -> tuple[str, ...]:
    """Return names that are known, each once; one name alone is one name."""
    if isinstance(names, str):
        names = (names,)
    if not isinstance(names, list | tuple):
        raise SpecError(f"{where} is {names!r}; give a list of names, such as {list(known[:2])!r}.")
    for name in names:
        choice(name, known, where)
        if names.count(name) > 1:
            raise SpecError(f"{where} names {name!r} {names.count(name)} times; once is enough.")
    return tuple(names)


def _check_seed(seed: object, where: str, allowed: str) -> None:
    """Refuse what random numbers cannot start from."""
    if seed is not None and (isinstance(seed, bool | np.bool_) or not isinstance(seed, Integral) or seed < 0):
        raise SpecError(f"{where}: seed is {seed!r}; it must be {allowed}, such as seed=1.")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def _is_whole(n: object, where: str) -> int:
    if isinstance(n, bool | np.bool_) or not isinstance(n, Integral):
        written = float(n) if isinstance(n, float | np.floating) else 0.5
        hint = f": n={int(written)}" if written.is_integer() and abs(written) <= MOST_RUNS else ", such as n=1024"
        raise SpecError(f"{where} is {n!r}; it must be a whole number{hint}.")
    return int(n)
