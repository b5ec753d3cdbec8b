"""A need spec from a workbook, with sheet, row and column where something is wrong, and written back as sheets."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NoReturn

from quartiersatlas.base.checks import existing_file
from quartiersatlas.base.toml import refuse_unknown
from quartiersatlas.base.workbook import CellValue, WorkbookSheet, sheet_to_edit
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.intake.tables.values.cells import written
from quartiersatlas.intake.tables.values.one_cell import read_number
from quartiersatlas.intake.tables.workbooks.sheets import open_workbook
from quartiersatlas.need.spec.records import NeedAxis, NeedClass, NeedGroup, NeedIndicator, NeedRules, SpecPlace
from quartiersatlas.need.spec.spec_toml import PARTS, AnyRules, spec_from_dict, stated
from quartiersatlas.need.spec.steps import Breaks, Normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from quartiersatlas.intake.tables.values.scan import Decimal


OPTIONAL_SHEETS = {"exclude"}
REQUIRED = {
    "spec": ["key"],
    "groups": ["id"],
    "indicators": ["id", "parent"],
    "classes": ["axis", "id", "label_de", "label_en"],
    "exclude": ["key", "reason"],
}
NEEDED_KEYS = ("id", "source")
AXIS_ONLY = ("standardise.",)


@dataclass(frozen=True)
class SheetRow:
    """A row of a sheet: its number in the workbook and the cells that are not empty."""

    sheet: str
    number: int
    cells: dict[str, Any]

    def refuse(self, column: str, message: str) -> NoReturn:
        """Raise an error that names the cell."""
        raise SpecError(f"sheet {self.sheet!r}, row {self.number}, column {column!r}: {message}")


@dataclass
class SheetContent:
    """What a TOML file would hold, and the row that every place in it came from."""

    content: dict[str, Any] = field(default_factory=dict)
    rows: dict[SpecPlace, SheetRow] = field(default_factory=dict)


def spec_from_workbook(kind: type[AnyRules], path: str | Path) -> AnyRules:
    """Read a spec from a workbook."""
    path = existing_file(path, "need spec")
    found = SheetContent()
    try:
        sheets = _sheets(path)
        _read_spec(found, sheets["spec"])
        _read_exclude(found, sheets["exclude"])
        _read_axes(found, sheets["groups"], sheets["indicators"], sheets["classes"])
        try:
            return spec_from_dict(kind, found.content)
        except SpecError as error:
            raise SpecError(f"{_cell_of(error.place, found.rows)}{error}") from None
    except SpecError as error:
        raise SpecError(f"{path.name}, {error}") from None


def _cell_of(place: SpecPlace, rows: dict[SpecPlace, SheetRow]) -> str:
    """Name the cell of a place: of the row that holds it, the column called like the rest of the place."""
    for cut in range(len(place), -1, -1):
        row = rows.get(place[:cut])
        if row is not None:
            rest = ".".join(map(str, place[cut:]))
            if row.sheet == "spec":
                column = "value"
            else:
                column = next((name for name in (rest, f"{rest}.method") if name in LAYOUT[row.sheet]), "id")
            return f"sheet {row.sheet!r}, row {row.number}, column {column!r}: "
    return ""


def _read_spec(found: SheetContent, rows: list[SheetRow]) -> None:
    kinds = columns(NeedRules)
    seen = _by_id(rows, "key")
    for name, row in seen.items():
        _refuse_unknown([name], kinds, f"sheet 'spec', row {row.number}, column 'key'")
        found.rows[name,] = row
        if "value" in row.cells:
            found.content[name] = _typed(row, "value", kinds[name])
    for name in NEEDED_KEYS:
        if name not in seen:
            raise SpecError(f"sheet 'spec', column 'key': the row {name!r} is missing.")
        if name not in found.content:
            seen[name].refuse("value", f"{name} is empty.")


def _read_exclude(found: SheetContent, rows: list[SheetRow]) -> None:
    keys = _by_id(rows, "key")
    if keys:
        found.content["exclude"] = {key: row.cells["reason"] for key, row in keys.items()}


def _read_axes(
    found: SheetContent, groups: list[SheetRow], indicators: list[SheetRow], classes: list[SheetRow]
) -> None:
    if not groups:
        raise SpecError("sheet 'groups' has no rows below its header.")
    by_id = _by_id(groups, "id")
    for row in groups:
        _refuse_parent(row, by_id)
    axis_of = {name: _axis_of(name, by_id) for name in by_id}
    for row in groups:
        only_axis = [column for column in row.cells if "parent" in row.cells and column.startswith(AXIS_ONLY)]
        if only_axis:
            row.refuse(only_axis[0], f"{row.cells['id']!r} is a domain; only an axis has {only_axis[0]}.")
    for row in indicators:
        _refuse_parent(row, by_id)
    for row in classes:
        _refuse_axis(row, by_id)
    _refuse_repeated(indicators, lambda row: axis_of[row.cells["parent"]])
    _refuse_repeated(classes, lambda row: row.cells["axis"])
    below = {
        "domains": _by_parent(groups, "parent"),
        "indicators": _by_parent(indicators, "parent"),
        "classes": _by_parent(classes, "axis"),
    }
    axes = [row for row in groups if "parent" not in row.cells]
    found.content["axes"] = [_part(found, row, ("axes", i), below) for i, row in enumerate(axes)]


def _part(
    found: SheetContent, row: SheetRow, place: SpecPlace, below: dict[str, dict[str, list[SheetRow]]]
) -> dict[str, Any]:
    """Return a row as a TOML table, with everything below it."""
    found.rows[place] = row
    part: dict[str, Any] = {}
    for column, value in row.cells.items():
        if column not in ("parent", "axis"):
            name, _, option = column.partition(".")
            if option:
                part.setdefault(name, {})[option] = value
            else:
                part[name] = value
    if row.sheet == "groups":
        for name, children in below.items():
            rows = children.get(row.cells["id"], [])
            if rows:
                part[name] = [_part(found, child, (*place, name, i), below) for i, child in enumerate(rows)]
    return part


def _refuse_parent(row: SheetRow, groups: dict[str, SheetRow]) -> None:
    parent = row.cells.get("parent")
    if parent is not None and parent not in groups:
        row.refuse("parent", f"there is no group {parent!r}; the sheet 'groups' has {list_some(groups, 20)}.")


def _refuse_axis(row: SheetRow, groups: dict[str, SheetRow]) -> None:
    axis = row.cells["axis"]
    if axis not in groups:
        row.refuse("axis", f"there is no axis or domain {axis!r}; the sheet 'groups' has {list_some(groups, 20)}.")


def _axis_of(name: str, groups: dict[str, SheetRow]) -> str:
    """Return the axis above a group."""
    way = [name]
    while (parent := groups[way[-1]].cells.get("parent")) is not None:
        if parent in way:
            groups[way[-1]].refuse("parent", f"{' -> '.join([*way, parent])} is a circle; an axis has no parent.")
        way.append(parent)
    return way[-1]


def _by_id(rows: list[SheetRow], column: str) -> dict[str, SheetRow]:
    found: dict[str, SheetRow] = {}
    for row in rows:
        name = row.cells[column]
        if name in found:
            row.refuse(column, f"{name!r} is a duplicate of row {found[name].number}.")
        found[name] = row
    return found


def _by_parent(rows: list[SheetRow], column: str) -> dict[str, list[SheetRow]]:
    found: dict[str, list[SheetRow]] = {}
    for row in rows:
        if column in row.cells:
            found.setdefault(row.cells[column], []).append(row)
    return found


def _refuse_repeated(rows: list[SheetRow], axis_of: Callable[[SheetRow], str]) -> None:
    """Refuse a duplicate id under one axis."""
    found: dict[tuple[str, str], SheetRow] = {}
    for row in rows:
        name = (axis_of(row), row.cells["id"])
        if name in found:
            row.refuse("id", f"{name[1]!r} is a duplicate of row {found[name].number} for the same axis {name[0]!r}.")
        found[name] = row


def _sheets(path: Path) -> dict[str, list[SheetRow]]:
    """Return the rows of every sheet, as text and numbers."""
    book = open_workbook(path)
    _refuse_unknown(book.sheet_names, LAYOUT, "the workbook")
    missing = [name for name in LAYOUT if name not in book.sheet_names and name not in OPTIONAL_SHEETS]
    if missing:
        raise SpecError(f"the sheet {missing[0]!r} is missing; the workbook has {list_some(book.sheet_names, 20)}.")
    grids = {name: book.rows(name) for name in book.sheet_names}
    return {name: list(_rows(name, grids.get(name, []))) for name in LAYOUT}


def _rows(sheet: str, grid: Sequence[Sequence[object]]) -> Iterator[SheetRow]:
    """Yield the rows below the header that are not empty."""
    filled = [(n, cells) for n, cells in enumerate(grid, start=1) if not all(map(_is_empty, cells))]
    if not filled:
        if sheet in OPTIONAL_SHEETS:
            return
        raise SpecError(f"sheet {sheet!r} is empty; it needs the columns {list_some(REQUIRED[sheet])}.")
    (header_row, header), *body = filled
    names = [written(cell).strip() for cell in header]
    _check_header(sheet, header_row, [name for name in names if name])
    for number, cells in body:
        row = SheetRow(sheet, number, {})
        for place, (name, cell) in enumerate(zip(names, cells, strict=True), start=1):
            if not _is_empty(cell) and not name:
                row.refuse(_letters(place), f"{written(cell)!r} has no column name above it.")
            if not _is_empty(cell):
                row.cells[name] = cell
        for name in REQUIRED[sheet]:
            if name not in row.cells:
                row.refuse(name, "the cell is empty.")
        row.cells.update({name: _typed(row, name, LAYOUT[sheet][name]) for name in row.cells})
        yield row


def _check_header(sheet: str, number: int, names: list[str]) -> None:
    where = f"sheet {sheet!r}, row {number}"
    _refuse_unknown(names, LAYOUT[sheet], where)
    for name in names:
        if names.count(name) > 1:
            raise SpecError(f"{where}, column {name!r}: the column is there {names.count(name)} times.")
    for name in REQUIRED[sheet]:
        if name not in names:
            raise SpecError(f"{where}: the column {name!r} is missing; the sheet has {list_some(names, 20)}.")


def _refuse_unknown(names: Iterable[str], known: Iterable[str], where: str) -> None:
    try:
        refuse_unknown(names, known, where)
    except SpecError as error:
        raise SpecError(str(error).removeprefix("In ")) from None


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _typed(row: SheetRow, column: str, kind: str) -> Any:  # noqa: ANN401 - text or a number
    """Return a cell as text or as a number, by the kind that is declared."""
    cell = row.cells[column]
    if kind == "any":
        return cell
    if kind == "str":
        return written(cell).strip()
    if "str" in kind and not _is_number_text(cell):  # a number, or the name of one
        return written(cell).strip()
    number = _number(row, column, cell)
    return int(number) if kind.startswith("int") and number.is_integer() else number


def _is_number_text(cell: object) -> bool:
    return not isinstance(cell, str) or any(read_number(cell.strip(), mark).number is not None for mark in MARKS)


MARKS: tuple[Decimal, ...] = (",", ".")


def _number(row: SheetRow, column: str, cell: object) -> float:
    if isinstance(cell, bool):
        row.refuse(column, f"{cell} is not a number.")
    if isinstance(cell, int | float):
        return float(cell)
    if not isinstance(cell, str):
        row.refuse(column, f"{cell} is a date or time; the program took a number for one. Write the number again.")
    found = (read_number(cell.strip(), mark).number for mark in MARKS)
    readings = {reading for reading in found if reading is not None}
    if not readings:
        row.refuse(column, f"{cell!r} is not a number.")
    if len(readings) > 1:
        low, high = sorted(readings, key=abs)
        row.refuse(column, f"the text {cell!r} may be {low:g} or {high:g}. Store it as a number.")
    return readings.pop()


def _letters(place: int) -> str:
    """Return the letters of a column: 1 is A, 27 is AA."""
    letters = ""
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


RULES = {"normalise": Normalise, "standardise": Normalise, "breaks": Breaks}
SHOWN = {"direction", "weight", "transform", "aggregate", "min_present", "min_population", "min_population_in"}
SHOWN |= {"method", "normalise", "standardise", "breaks"}  # written even where they are the default


def columns(part: type) -> dict[str, str]:
    """Return the columns of a part of a spec, with the kind of their values; rules have one column per option.

    Examples
    --------
    >>> columns(NeedClass)["upper"], list(columns(NeedAxis))[5:8]
    ('float | None', ['normalise.ddof', 'normalise.reference', 'normalise.weighting'])
    """
    found: dict[str, str] = {}
    for declared_field in fields(part):
        if declared_field.name in RULES:
            found |= {
                f"{declared_field.name}.{option.name}": str(option.type)
                for option in fields(RULES[declared_field.name])
            }
        elif declared_field.name not in PARTS:
            found[declared_field.name] = str(declared_field.type)
    return found


# sheet -> column -> kind of its values; a row of the sheet "spec" is one key
LAYOUT: dict[str, dict[str, str]] = {
    "spec": {"key": "str", "value": "any"},
    "groups": {"id": "str", "parent": "str", **columns(NeedAxis)},
    "indicators": {"id": "str", "parent": "str", **columns(NeedIndicator)},
    "classes": {"axis": "str", **columns(NeedClass)},
    "exclude": {"key": "str", "reason": "str"},
}


def spec_sheets(spec: NeedRules) -> list[WorkbookSheet]:
    """Return the sheets of a spec."""
    groups = [(group, parent) for axis in spec.axes for group, parent in _with_parents(axis, "")]
    given = dict(stated(spec, SHOWN))
    rows: dict[str, list[dict[str, CellValue]]] = {
        "spec": [{"key": name, "value": given.get(name)} for name in columns(NeedRules)],
        "groups": [{"parent": parent or None, **_cells(group)} for group, parent in groups],
        "indicators": [
            {"parent": group.id, **_cells(member)}
            for group, _ in groups
            for member in group.members
            if isinstance(member, NeedIndicator)
        ],
        "classes": [{"axis": group.id, **_cells(part)} for group, _ in groups for part in group.classes],
        "exclude": [{"key": key, "reason": reason} for key, reason in spec.exclude.items()],
    }
    return [
        sheet_to_edit(
            name,
            list(kinds),
            frozenset(column for column, kind in kinds.items() if kind == "str"),
            [[row.get(column) for column in kinds] for row in rows[name]],
        )
        for name, kinds in LAYOUT.items()
    ]


def _with_parents(group: NeedGroup, parent: str) -> Iterator[tuple[NeedGroup, str]]:
    yield group, parent
    for member in group.members:
        if isinstance(member, NeedGroup):
            yield from _with_parents(member, group.id)


def _cells(part: Any) -> dict[str, CellValue]:  # noqa: ANN401 - any part of a spec
    found: dict[str, CellValue] = {}
    for name, value in stated(part, SHOWN):
        if name in RULES:
            found |= {f"{name}.{option}": setting for option, setting in stated(value, SHOWN)}
        else:
            found[name] = value
    return found
