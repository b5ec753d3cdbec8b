"""Layouts of census grids: what is the cell, what is a count, what does a mark mean."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import expects
from quartiersatlas.base.toml import read_toml, refuse_unknown
from quartiersatlas.errors import SpecError, list_some, near_names

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZES = {100: "100m", 1000: "1km", 10_000: "10km"}
MEANINGS = ("zero", "missing", "suppressed")


@dataclass(frozen=True)
class CellLayout:
    """How a gridded census is published.

    Parameters
    ----------
    name, title, source : str
        What it is and who describes it.
    id : str
        The column with the code of the cell; ``{size}`` is 100m, 1km or 10km.
    decimal, encoding : str
        How the file is written.
    symbols : mapping of str to str
        Marks and codes instead of numbers -> ``"zero"``, ``"missing"`` or ``"suppressed"``.
    flag : str
        Column whose marks say something about the values of the same row.
    flags : mapping of str to str
        These marks -> status.
    columns : mapping of str to str or list of str
        Name -> column of the file, or columns whose sum it is.
    means : mapping of str to str
        Names that are means and shares -> the count they are the mean of.
    rates : mapping of str to list of str
        Name -> numerator and denominator.
    places : list of str
        Other columns that are no values.
    labels, value : list of str, str
        Of a file with one row per cell and label.
    input_protection : str
        What the publisher has done to the counts.
    """

    name: str
    id: str
    title: str = ""
    source: str = ""
    decimal: str = ","
    encoding: str = "utf-8"
    symbols: Mapping[str, str] = field(default_factory=dict)
    flag: str = ""
    flags: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Any] = field(default_factory=dict)
    means: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, Any] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    value: str = ""
    input_protection: str = ""

    def at(self, size: int) -> CellLayout:
        """Return the layout for cells of a size."""
        text = SIZES.get(size, f"{size}m")
        places = tuple(one.replace("{size}", text) for one in self.places)
        return replace(self, id=self.id.replace("{size}", text), places=places)

    def with_symbols(self, symbols: Mapping[str, str] | None) -> CellLayout:
        """Return the layout with other meanings of marks.

        Raises
        ------
        SpecError
            A meaning is unknown.
        """
        if symbols is None:
            return self
        for mark, meaning in symbols.items():
            expects(mark, str, "symbols", 'symbols={"–": "zero", "-1": "zero"}')
            if meaning not in MEANINGS:
                raise SpecError(f"symbols: {mark!r} cannot mean {meaning!r}; it must be one of {list_some(MEANINGS)}.")
        return replace(self, symbols={**self.symbols, **symbols})


def cell_layout(layout: str | Path) -> CellLayout:
    """Return a layout by name, or from a TOML file with one table per layout or a single one.

    Raises
    ------
    SpecError
        There is none of this name.
    InputError
        The file is missing or no TOML.

    Examples
    --------
    >>> cell_layout("zensus2022").at(1000).id
    'GITTER_ID_1km'
    """
    expects(layout, (str, Path), "layout", 'layout="zensus2022"')
    if isinstance(layout, Path) or str(layout).endswith(".toml"):
        content = read_toml(layout, "layout")
        return _layout(Path(layout).stem, content)
    known = census_layouts()
    if layout not in known:
        close = near_names(layout, known)
        hint = f" Did you mean {list_some(close)}?" if close else ""
        raise SpecError(
            f"There is no layout {layout!r}.{hint} There are {list_some(known, 9)}, or a file ending .toml."
        )
    return known[layout]


@cache
def census_layouts() -> dict[str, CellLayout]:
    """Return the layouts that come with the library, by name."""
    content = read_toml(Path(__file__).with_name("layouts.toml"), "layout")
    return {name: _layout(name, entry) for name, entry in content.items()}


def _layout(name: str, entry: Mapping[str, Any]) -> CellLayout:
    known = {one for one in CellLayout.__dataclass_fields__ if one != "name"}
    refuse_unknown(entry, known, f"layout {name}")
    if "id" not in entry:
        raise SpecError(f"layout {name}: id names the column with the code of the cell.")
    settled: dict[str, Any] = {
        key: tuple(value) if key in ("places", "labels") else value for key, value in entry.items()
    }
    return CellLayout(name=name, **settled)


def layout_of_columns(columns: list[str]) -> str:
    """Return the name of the layout to which a header belongs; empty if to none.

    Examples
    --------
    >>> layout_of_columns(["GITTER_ID_1km", "x_mp_1km", "y_mp_1km", "Einwohner"])
    'zensus2022'
    """
    names = set(columns)
    for name, layout in census_layouts().items():
        if any(layout.at(size).id in names for size in SIZES) and (not layout.value or layout.value in names):
            return name if name != "zensus2011" or not names & {"Anzahl_q"} else "zensus2011_long"
    return ""
