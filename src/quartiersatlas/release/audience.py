"""Who reads: in public no ranking, areas by name; inside the house everything that protection allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.release.release import Release

Audience = Literal["public", "internal"]


def check_audience(audience: str) -> None:
    """Refuse an audience there is no view for."""
    if audience not in ("public", "internal"):
        raise SpecError(f'audience is {audience!r}; there are "public" and "internal".')


def by_name(names: pd.Series[str]) -> pd.Index:
    """Return the keys in the order of their names as people sort them: Ä beside A; ties by key."""
    plain = names.str.normalize("NFKD").str.replace(r"[\u0300-\u036f]", "", regex=True).str.casefold()
    return plain.sort_index(kind="stable").sort_values(kind="stable").index


def reading_order(release: Release) -> pd.Index:
    """Return the keys in the order in which areas are listed."""
    keys = by_name(release.areas["name"])
    scores = [column.id for column in release.columns if column.kind == "score"]
    if release.is_public or not scores:
        return keys
    highest: pd.Series[float] = release.values[scores[0]].astype(float).loc[keys]
    return highest.sort_values(ascending=False, kind="stable", na_position="last").index


def shown_ranks(release: Release) -> pd.DataFrame:
    """Return the rank of each area on each score, 1 the highest need; no column in public."""
    scores = [column.id for column in release.columns if column.kind == "score" and not release.is_public]
    return release.values[scores].astype(float).rank(ascending=False, method="min").add_suffix("_rank")
