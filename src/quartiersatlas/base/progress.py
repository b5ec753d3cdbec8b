"""A progress bar for work that takes longer than two seconds, where one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from quartiersatlas.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Iterable

Item = TypeVar("Item")


def with_progress(items: Iterable[Item], *, progress: bool, unit: str, total: int | None = None) -> Iterable[Item]:
    """Give the items, with a progress bar where one is wanted.

    Raises
    ------
    DependencyError
        A bar is wanted and tqdm is not installed.
    """
    if not progress:
        return items
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise DependencyError('progress=True needs tqdm: pip install "quartiersatlas[progress]".') from error
    return cast("Iterable[Item]", tqdm(items, unit=unit, total=total))
