"""Cells of the INSPIRE grid: from their codes to coordinates, and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quartiersatlas.errors import KeyColumnError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

CODE = re.compile(r"((?:[A-Z]{2}_)?CRS3035RES)?(\d+)(k?m)N(\d+)E(\d+)")  # long, size, unit, northing, easting


def inspire_cells(ids: Iterable[str]) -> pd.DataFrame:
    """Read the codes of INSPIRE grid cells.

    Parameters
    ----------
    ids : list of str
        Codes such as ``"CRS3035RES100mN2684000E4334100"`` (with or without a country such as ``"DE_"`` before them) or
        the short ``"100mN26840E43341"`` and ``"1kmN2684E4334"``.

    Returns
    -------
    DataFrame
        One row per code, in the given order, on the codes: ``x``, ``y`` of the lower left corner in metres of
        EPSG:3035, and ``cell_size`` in metres.

    Raises
    ------
    KeyColumnError
        A text is no code of a grid cell, or its corner is not on the grid of its size.

    Notes
    -----
    Short codes leave out the zeros: of as many digits as the cell size in metres has zeros at its end [1]_. The long
    code has the northing and the easting of the lower left corner in metres [2]_.

    References
    ----------
    .. [1] INSPIRE Data Specification on Geographical Grid Systems - Technical Guidelines, coding system.
    .. [2] Regulation (EU) 2018/1799, article 3; Regulation (EU) No 1089/2010, annex II.

    Examples
    --------
    >>> inspire_cells(["100mN26840E43341", "CRS3035RES1000mN2684000E4334000"]).to_numpy().tolist()
    [[4334100, 2684000, 100], [4334000, 2684000, 1000]]
    """
    import pandas as pd

    codes = list(ids)
    found = [CODE.fullmatch(code.strip()) if isinstance(code, str) else None for code in codes]
    wrong = [str(code) for code, match in zip(codes, found, strict=True) if match is None]
    if wrong:
        raise KeyColumnError(
            f"{len(wrong)} of {len(codes)} texts are no codes of INSPIRE grid cells: {list_some(wrong)}. "
            f"Expected is 'CRS3035RES100mN2684000E4334100' or short '100mN26840E43341'. All of them: err.keys",
            wrong,
        )
    parts = pd.DataFrame([match.groups() for match in found if match], columns=["long", "size", "unit", "y", "x"])
    size = parts["size"].astype("int64") * parts["unit"].map({"m": 1, "km": 1000})
    zeros = {one: 10 ** (len(str(one)) - len(str(one).rstrip("0"))) for one in size.unique()}
    factor = size.map(zeros).where(parts["long"].isna(), 1)
    cells = pd.DataFrame(
        {"x": parts["x"].astype("int64") * factor, "y": parts["y"].astype("int64") * factor, "cell_size": size}
    ).astype("int64")
    misses = (cells["x"] % size).ne(0) | (cells["y"] % size).ne(0)
    off = [codes[i] for i in misses.index[misses]]
    if off:
        raise KeyColumnError(
            f"{len(off)} codes name a corner that is not on the grid of their cell size: {list_some(off)}. "
            f"All of them: err.keys",
            off,
        )
    return cells.set_index(pd.Index(codes, name="cell", dtype=object))
