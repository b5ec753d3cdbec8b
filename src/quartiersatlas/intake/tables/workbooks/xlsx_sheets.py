"""What an .xlsx or .xlsm workbook says beside its cells: formats, hidden rows, formulas, errors, other workbooks."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

from quartiersatlas.intake.tables.values.cells import Fault
from quartiersatlas.intake.tables.workbooks.number_formats import BUILT_IN, NumberFormat, number_format
from quartiersatlas.intake.tables.workbooks.package_parts import Attributes, Package, new_parser, value_of
from quartiersatlas.intake.tables.workbooks.sheet_facts import (
    NOT_COMPUTED,
    Place,
    SheetFacts,
    column_number,
    merged_range,
)

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

WORKBOOK = "xl/workbook.xml"
OTHER_WORKBOOK = re.compile(r"(?<![\w\]])'?\[(\d+)\]")
DIGITS = "0123456789"
LONGEST_FORMULA = 60
LONGEST_RUN = 16_384  # columns of a sheet
TRUE = ("1", "true", "on")


@dataclass
class XlsxSheets:
    """The sheets of a package: what their cells do not tell."""

    package: Package
    parts: dict[str, str] = field(default_factory=dict)
    asks_to_compute: bool = False
    other_workbooks: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, package: Package) -> XlsxSheets:
        """Read which sheets there are, and what holds for all of them."""
        roots = package.related("")
        workbook = next((part for part in roots.values() if part.endswith("workbook.xml")), WORKBOOK)
        related = package.related(workbook)
        found = cls(package)
        others: list[str] = []

        def start(name: str, attributes: Attributes) -> None:
            if name == "sheet":
                found.parts[attributes.get("name", "")] = related.get(value_of(attributes, "id") or "", "")
            elif name == "calcPr":
                found.asks_to_compute = attributes.get("fullCalcOnLoad") in TRUE
            elif name == "externalReference":
                others.append(related.get(value_of(attributes, "id") or "", ""))

        package.parse(workbook, start)
        found.other_workbooks = [found._name_of(part) for part in others]
        return found

    def _name_of(self, part: str) -> str:
        """Return the name of another workbook, without the folders that it lies in."""
        targets = list(self.package.related(part).values())
        return posixpath.basename(unquote(targets[0]).replace("\\", "/")) if targets else ""

    @cached_property
    def formats(self) -> list[NumberFormat | None]:
        """What each style of the workbook means for the numbers."""
        codes: dict[int, str] = dict(BUILT_IN)
        styles: list[int] = []
        inside = ""

        def start(name: str, attributes: Attributes) -> None:
            nonlocal inside
            if name in ("cellXfs", "cellStyleXfs"):
                inside = name
            elif name == "numFmt" and attributes.get("numFmtId", "").isdigit():
                codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
            elif name == "xf" and inside == "cellXfs":
                number = attributes.get("numFmtId", "0")
                styles.append(int(number) if number.isdigit() else 0)

        part = next((name for name in self.package.names if name.lower().endswith("/styles.xml")), "")
        if part:
            self.package.parse(part, start)
        return [number_format(codes[style]) if style in codes else None for style in styles]

    def is_empty(self, sheet: str) -> bool:
        """Return True if a sheet has no cell with anything in it."""
        part = self.parts.get(sheet, "")
        if not self.package.has(part):
            return True
        try:
            self.package.parse(part, _stop_at_value)
        except _NotEmptyError:
            return False
        return True

    def facts(self, sheet: str) -> SheetFacts:
        """Read what a sheet says besides its values."""
        part = self.parts.get(sheet, "")
        if not part or not self.package.has(part):
            return SheetFacts()
        scan = _XlsxScan(new_parser(), self.formats, self.other_workbooks, self.asks_to_compute)
        self.package.parse(part, scan.start, scan.parser)
        scan.finish()
        scan.found.take_computed_zeros()
        return scan.found


@dataclass
class _XlsxScan:
    """One way through the cells of a sheet."""

    parser: XMLParserType
    formats: list[NumberFormat | None]
    other_workbooks: list[str]
    asks_to_compute: bool
    found: SheetFacts = field(default_factory=SheetFacts)
    row: int = -1
    row_name: str = "0"
    row_digits: int = 1
    column: int = -1
    kind: str = ""
    shown: NumberFormat | None = None
    is_filled: bool = False
    has_formula: bool = False
    shared: str = ""
    formula: list[str] = field(default_factory=list)
    result: list[str] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)
    styles: dict[str, NumberFormat | None] = field(init=False)
    elsewhere: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.styles = {str(style): shown for style, shown in enumerate(self.formats)}

    def start(self, name: str, attributes: Attributes) -> None:
        """Take the start of an element."""
        if name == "c":
            self._start_cell(attributes)
        elif name in ("v", "is"):
            self.is_filled = True
            if self.has_formula or self.kind == "e":
                self.parser.CharacterDataHandler = self.result.append
        elif name == "f":
            self.has_formula = self.is_filled = True
            self.shared = attributes.get("si", "")
            self.parser.CharacterDataHandler = self.formula.append
        elif name == "row":
            self._start_row(attributes)
        elif name == "col":
            self._hidden_columns(attributes)
        elif name == "mergeCell":
            self.found.merged.append(merged_range(attributes.get("ref", "A1")))

    def _start_row(self, attributes: Attributes) -> None:
        self.finish()
        number = attributes.get("r")
        self._take_row(number or str(self.row + 2))
        self.column = -1
        if attributes.get("hidden") in TRUE or _is_zero(attributes.get("ht")):
            self.found.hidden_rows.add(self.row)

    def _start_cell(self, attributes: Attributes) -> None:
        if self.is_filled:
            self.finish()
        reference = attributes.get("r")
        if reference is None:
            self.column += 1
        else:
            column = self.columns.get(reference[: -self.row_digits]) if reference.endswith(self.row_name) else None
            self.column = self._column_of(reference) if column is None else column
        self.kind = attributes.get("t", "n")
        style = attributes.get("s")
        self.shown = self.styles.get(style) if style is not None else None

    def _column_of(self, reference: str) -> int:
        """Return the column that a reference names, and take its row, which need not be that of the row around it."""
        letters = reference.rstrip(DIGITS)
        column = self.columns[letters] = column_number(letters)
        self._take_row(reference[len(letters) :])
        return column

    def _take_row(self, name: str) -> None:
        self.row, self.row_name, self.row_digits = int(name) - 1, name, len(name)

    def _hidden_columns(self, attributes: Attributes) -> None:
        if attributes.get("hidden") in TRUE or _is_zero(attributes.get("width")):
            first, last = int(attributes.get("min", "1")), int(attributes.get("max", "1"))
            self.found.hidden_columns += range(first - 1, min(last, first + LONGEST_RUN))

    def finish(self) -> None:
        """Keep what the last cell says."""
        if not self.is_filled:
            return
        self.is_filled = False
        self.found.fill(self.row, self.column)
        if self.shown is not None and self.kind == "n":
            self.found.format(self.row, self.column, self.shown)
        if self.has_formula or self.kind == "e":
            self._finish_formula()

    def _finish_formula(self) -> None:
        self.parser.CharacterDataHandler = None
        place = Place(self.row, self.column)
        formula, result = "".join(self.formula).strip(), "".join(self.result).strip()
        if self.has_formula:
            self.found.formulas[self.column] = self.found.formulas.get(self.column, 0) + 1
            self._look_elsewhere(place, formula)
        if self.kind == "e":
            self.found.faults[place] = Fault(result or "#N/A", f"error {result or '#N/A'}, read as missing")
        elif self.kind == "n" and self.has_formula:
            fault = Fault(f"={formula}"[:LONGEST_FORMULA], NOT_COMPUTED)
            if not result:
                self.found.faults[place] = fault
            elif result == "0" and self.asks_to_compute:
                self.found.computed_zeros[place] = fault
        self.has_formula, self.shared = False, ""
        self.formula.clear()
        self.result.clear()

    def _look_elsewhere(self, place: Place, formula: str) -> None:
        """Keep which other workbook a formula names; the cells that share a formula do not repeat it."""
        named = OTHER_WORKBOOK.search(formula)
        other = self.elsewhere.get(self.shared) if self.shared and not formula else None
        if named:
            number = int(named.group(1)) - 1
            other = self.other_workbooks[number] if 0 <= number < len(self.other_workbooks) else ""
            if self.shared:
                self.elsewhere[self.shared] = other
        if other is not None:
            self.found.elsewhere[place] = other


class _NotEmptyError(Exception):
    """A cell with a value was found."""


def _stop_at_value(name: str, _: Attributes) -> None:
    if name in ("v", "is", "f"):
        raise _NotEmptyError


def _is_zero(measure: str | None) -> bool:
    """Return True if a height or a width is given, and is 0."""
    try:
        return measure is not None and float(measure) == 0
    except ValueError:
        return False
