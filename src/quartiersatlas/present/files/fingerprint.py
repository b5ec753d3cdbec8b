"""The fingerprint of a release: digests of what map, report and files show of it, and of nothing else.

So it answers no guess about what is withheld: who has it has the numbers themselves.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pandas as pd
import shapely

from quartiersatlas.present.files.seal import COLUMN, Fingerprint, digest
from quartiersatlas.present.files.tables import columns_table, layers_of, notes_table, tables_of
from quartiersatlas.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.present.files.seal import Kind

DIGESTS: WeakKeyDictionary[Release, dict[str, str]] = (
    WeakKeyDictionary()
)  # a release is sealed: its digests never change


def fingerprint_of(release: Release, kind: Kind, lang: Lang, earlier: Sequence[Release] = ()) -> Fingerprint:
    """Return the fingerprint of a release, the same in either language.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> frame = gpd.GeoDataFrame({"name": ["A", "B"], "residents": [900, 800]}, index=["1", "2"], crs="EPSG:25832",
    ...                          geometry=[shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000)])
    >>> release = qa.release(qa.join(frame))
    >>> found = fingerprint_of(release, "map", "de")
    >>> found.release == fingerprint_of(release, "report", "en").release
    True
    """
    parts = dict(_parts(release))
    if earlier:
        parts["earlier"] = digest([str(_parts(part)) for part in earlier])
    return Fingerprint(kind, lang, __version__, parts)


def _parts(release: Release) -> dict[str, str]:
    """Return the digests of a release, made once for all files that are written of it."""
    if release not in DIGESTS:
        DIGESTS[release] = _digests(release)
    return DIGESTS[release]


def _digests(release: Release) -> dict[str, str]:
    tables = {**tables_of(release, "en"), **layers_of(release, "en")}
    shown = release.values
    values = [release.residents.rename("residents"), *(shown[column.id] for column in release.columns)]
    others = [_frame(frame) for name, frame in tables.items() if name != "areas"]
    words = (
        release.city,
        release.title,
        release.subtitle,
        release.source,
        release.as_of,
        release.comment,
        *release.notices,
    )
    return {
        "areas": digest([_frame(release.areas.reset_index())]),
        "values": "".join(digest(_cells(column), COLUMN) for column in values),
        "results": digest([_frame(tables["areas"]), *others]),
        "words": digest(words),
        "method": digest([_frame(notes_table(release, "en")), _frame(columns_table(release, "en", tables))]),
        "need": digest([release.spec_hash]),
        "protection": digest([str(asdict(release.protection))]),
    }


def _frame(frame: pd.DataFrame) -> str:
    """Return a frame as text that is the same wherever it is made."""
    plain = pd.DataFrame(frame)
    if "geometry" in frame:
        plain = plain.assign(geometry=shapely.to_wkb(frame["geometry"].to_numpy(), hex=True))
    return "\x1e".join(f"{name}\x1f{chr(31).join(_cells(plain[name]))}" for name in plain.columns)


def _cells(column: pd.Series) -> list[str]:
    return ["" if cell is None or cell is pd.NA or cell != cell else str(cell) for cell in column.tolist()]  # noqa: PLR0124 - NaN
