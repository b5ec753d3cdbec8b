"""What callers hand over, checked before anything is computed; each refusal names the argument and the repair."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from numbers import Integral, Real
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
import pandas as pd

from quartiersatlas.errors import CountError, SpecError, list_some
from quartiersatlas.intake import AreaData

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_COUNTED = 2.0**53  # beyond, neighbouring whole numbers are the same float


def check_index(data: object, spec: object, exclude: object) -> None:
    """Refuse what is no data, no spec, and no areas to leave out with their reasons."""
    from quartiersatlas.need.spec.spec import NeedSpec

    if not isinstance(data, AreaData | pd.DataFrame):
        raise SpecError(
            f"need_index: data is a {type(data).__name__}; give joined data, or a table on the district key: "
            f"pandas.DataFrame(columns, index=keys)."
        )
    if isinstance(spec, str):
        raise SpecError(
            f"need_index: spec is the text {spec!r}; read it first: NeedSpec.preset({spec!r}), "
            f"NeedSpec.from_toml(path) or NeedSpec.from_excel(path)."
        )
    if not isinstance(spec, NeedSpec):
        raise SpecError(f"need_index: spec is a {type(spec).__name__}; give a NeedSpec: NeedSpec.from_dict(content).")
    if exclude is not None and not isinstance(exclude, Mapping):
        raise SpecError(
            f"need_index: exclude is a {type(exclude).__name__}; each area left out has a reason: "
            f"exclude={{key: 'reason'}}."
        )


def check_countable(counts: pd.Series[float]) -> None:
    """Refuse counts that a number of double precision cannot tell from the next."""
    huge = counts.index[counts.gt(MOST_COUNTED)]
    if len(huge):
        raise CountError(
            f"{len(huge)} counts in {counts.name!r} are above 2^53 ({list_some(huge)}): no numbers of persons. Were "
            f"keys or codes read as counts?"
        )


def check_run(n: object, seed: object, vary: object, limits: object, sources: Sequence[str]) -> None:
    """Refuse a Monte Carlo that cannot be run."""
    if _is_whole(n, "stability: n") < 1:
        raise SpecError(f"stability: n is {n}; at least one run is needed.")
    if seed is not None and not isinstance(seed, np.random.Generator):
        check_seed(seed, "stability", "a whole number from 0 on, a numpy Generator, or None")
    check_choices(vary, sources, "stability: vary")
    pair = list(limits) if isinstance(limits, list | tuple) else []
    if len(pair) != 2 or not all(_is_number(limit) for limit in pair):  # noqa: PLR2004 - lower and upper
        raise SpecError(f"stability: limits are {limits!r}; give two shares of the runs, such as limits=(0.1, 0.9).")
    if not 0 <= pair[0] <= pair[1] <= 1:
        raise SpecError(f"stability: limits are {limits!r}; they must rise within [0, 1].")


def check_sensitivity(n: object, seed: object, factors: object, known: Sequence[str]) -> None:
    """Refuse a decomposition that cannot be computed."""
    check_choices(factors, known, "sensitivity: factors")
    if len(factors) < 2:  # type: ignore[arg-type]  # noqa: PLR2004 - one factor makes everything
        raise SpecError(f"sensitivity: {len(factors)} factors; at least two are needed to share the variance.")  # type: ignore[arg-type]
    whole = _is_whole(n, "sensitivity: n")
    if whole <= 1 or whole & (whole - 1):
        raise SpecError(f"sensitivity: n is {n}; the Sobol sequence needs a power of two, such as 256 or 1024.")
    check_seed(seed, "sensitivity", "a whole number from 0 on")


def check_ranges(persistence: object, concentration: object, threshold: object) -> None:
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


def check_choices(names: object, known: Sequence[str], where: str) -> None:
    """Refuse names that are not known, stand twice, or are a text instead of a list."""
    if not isinstance(names, list | tuple):
        hint = f"[{names!r}]" if isinstance(names, str) else f"{list(known[:2])!r}"
        raise SpecError(f"{where} is {names!r}; give a list: {hint}.")
    for name in names:
        if name not in known:
            raise SpecError(f"{where} names {name!r}; there are {', '.join(known)}.")
        if names.count(name) > 1:
            raise SpecError(f"{where} names {name!r} {names.count(name)} times; once is enough.")


def check_seed(seed: object, where: str, allowed: str) -> None:
    """Refuse what random numbers cannot start from."""
    if isinstance(seed, bool | np.bool_) or not isinstance(seed, Integral) or seed < 0:
        raise SpecError(f"{where}: seed is {seed!r}; it is {allowed}, such as seed=1.")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def _is_whole(n: object, where: str) -> int:
    if isinstance(n, bool | np.bool_) or not isinstance(n, Integral):
        is_written_with_decimals = isinstance(n, float | np.floating) and float(n).is_integer()
        hint = f": n={int(n)}" if is_written_with_decimals else ", such as n=1024"  # type: ignore[call-overload]
        raise SpecError(f"{where} is {n!r}; it must be a whole number{hint}.")
    return int(n)
