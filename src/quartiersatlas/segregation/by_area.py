"""Columns that name their areas are laid side by side by these names, or refused: never by their place in the file."""

from __future__ import annotations

from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from quartiersatlas.errors import JoinError, list_some

if TYPE_CHECKING:
    from collections.abc import Callable

Options = ParamSpec("Options")
Result = TypeVar("Result")
Indexed = pd.Series | pd.DataFrame

OF_PAIRS = ("one", "length", "centre", "radii")  # not one row per area


def by_area(function: Callable[Options, Result]) -> Callable[Options, Result]:
    """Let a function of several columns align Series and DataFrames by their index.

    The order is that of the first one. Columns with other areas are refused, and so are columns in another order beside
    plain arrays, which name no areas.

    Raises
    ------
    JoinError
        When the function is called with columns whose areas are not the same.

    Examples
    --------
    >>> @by_area
    ... def rest(group, population):
    ...     return population - group
    >>> rest(pd.Series({"01": 1, "02": 5}), pd.Series({"02": 7, "01": 9})).to_dict()
    {'01': 8, '02': 2}
    """
    form = signature(function)
    skipped = {*OF_PAIRS, *(["other"] if "one" in form.parameters else [])}

    @wraps(function)
    def called(*args: Options.args, **kwargs: Options.kwargs) -> Result:
        if sum(isinstance(value, Indexed) for value in (*args, *kwargs.values())) > 0:
            bound = form.bind(*args, **kwargs)
            bound.arguments |= _aligned({k: v for k, v in bound.arguments.items() if k not in skipped})
            return function(*bound.args, **bound.kwargs)
        return function(*args, **kwargs)

    return called


def _aligned(columns: dict[str, object]) -> dict[str, Indexed]:
    """Return the columns that have an index, in the order of the first."""
    indexed = {name: column for name, column in columns.items() if isinstance(column, Indexed)}
    (first, model), *others = indexed.items()
    plain = [name for name, column in columns.items() if name not in indexed and np.ndim(column) > 0]  # type: ignore[arg-type]
    aligned = {first: model}
    for name, column in others:
        if column.index.equals(model.index):
            aligned[name] = column
            continue
        _refuse_other_areas(first, model.index, name, column.index)
        if plain:
            raise JoinError(
                f"{name!r} has the areas in another order than {first!r}, and {list_some(plain)} has no index to "
                f"order it by: pass it as a Series, or bring all into one order: {name}.loc[{first}.index]."
            )
        aligned[name] = column.loc[model.index]
    return aligned


def _refuse_other_areas(first: str, model: pd.Index, name: str, index: pd.Index) -> None:
    """Refuse columns on other areas, or on keys that appear twice."""
    for which, keys in ((first, model), (name, index)):
        if not keys.is_unique:
            raise JoinError(
                f"The index of {which!r} names areas twice: {list_some(keys[keys.duplicated()])}. "
                f"Pass arrays if both columns are in the same order: {which}.to_numpy()."
            )
    apart = index.symmetric_difference(model, sort=False)
    if len(apart):
        raise JoinError(
            f"{first!r} and {name!r} are not on the same areas: {list_some(apart)} of one of them only. Take both from "
            f"one table; if their rows are the same areas in the same order, pass arrays: {name}.to_numpy()."
        )
