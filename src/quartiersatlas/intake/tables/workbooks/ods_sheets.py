"""What an .ods workbook says beside its cells."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from quartiersatlas.intake.tables.values.cells import Fault
from quartiersatlas.intake.tables.workbooks.number_formats import NumberFormat, number_format
from quartiersatlas.intake.tables.workbooks.package_parts import Attributes, Package, new_parser
from quartiersatlas.intake.tables.workbooks.sheet_facts import NOT_COMPUTED, Merged, Place, SheetFacts

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

CONTENT = "content.xml"
OTHER_WORKBOOK = re.compile(r"'((?:file|https?|ftp|smb|\.{1,2}/)[^']*)'#")
CELLS = ("table-cell", "covered-table-cell")
HIDDEN = ("collapse", "filter")
ERROR = re.compile(r"#[A-Z/0!?]+[!?]?|(?:Err|Fehler):\d+")
LONGEST_FORMULA = 60
MOST_REPEATED = 1_100_000  # rows that one element may stand for
MOST_COLUMNS = 16_384


@dataclass
class OdsSheets:
    """The sheets of an open document: what their cells do not tell."""

    sheets: dict[str, SheetFacts]

    @classmethod
    def of(cls, package: Package) -> OdsSheets:
        """Read the content of the package, all sheets of it."""
        scan = _OdsScan(new_parser())
        package.parse(CONTENT, scan.start, scan.parser, scan.end)
        return cls(scan.sheets)

    def facts(self, sheet: str) -> SheetFacts:
        """Return what a sheet says besides its values."""
        return self.sheets.get(sheet, SheetFacts())

    def is_empty(self, sheet: str) -> bool:
        """Return True if a sheet has no cell with anything in it."""
        return self.facts(sheet).filled == 0


@dataclass
class _OdsCell:
    """The cell that is being read."""

    attributes: Attributes
    repeated: int
    text: list[str] = field(default_factory=list)


@dataclass
class _OdsScan:
    """One way through the content: the styles come first, then the sheets."""

    parser: XMLParserType
    sheets: dict[str, SheetFacts] = field(default_factory=dict)
    number_styles: dict[str, NumberFormat] = field(default_factory=dict)
    cell_styles: dict[str, NumberFormat] = field(default_factory=dict)
    column_styles: dict[int, str] = field(default_factory=dict)
    number_style: str = ""
    found: SheetFacts = field(default_factory=SheetFacts)
    row: int = 0
    row_repeated: int = 1
    next_row: int = 0
    column: int = 0
    cell: _OdsCell | None = None
    in_annotation: bool = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Take the start of an element."""
        if name in CELLS:
            self.cell = _OdsCell(_bare(attributes), _count(attributes, "number-columns-repeated"))
            self.parser.CharacterDataHandler = self._take
        elif name == "annotation":
            self.in_annotation = True
        elif name == "table-row":
            self._start_row(_bare(attributes))
        elif name == "table-column":
            self._start_column(_bare(attributes))
        elif name == "table":
            self.found = self.sheets[_bare(attributes).get("name", "")] = SheetFacts()
            self.next_row, self.column = 0, 0
            self.column_styles.clear()
        else:
            self._start_style(name, attributes)

    def _take(self, text: str) -> None:
        if self.cell is not None and not self.in_annotation:
            self.cell.text.append(text)

    def end(self, name: str) -> None:
        """Take the end of an element."""
        if name in CELLS and self.cell is not None:
            self.parser.CharacterDataHandler = None
            self._finish(self.cell)
            self.column += self.cell.repeated
            self.cell = None
        elif name == "annotation":
            self.in_annotation = False

    def _start_style(self, name: str, attributes: Attributes) -> None:
        if name in ("number-style", "percentage-style"):
            self.number_style = _bare(attributes).get("name", "")
        elif name == "number" and self.number_style:
            bare = _bare(attributes)
            zeros = _count(bare, "min-integer-digits")
            is_code = not int(bare.get("decimal-places", "0") or 0) and bare.get("grouping") != "true"
            shown = number_format("0" * min(zeros, 30)) if is_code else None
            if shown is not None:
                self.number_styles[self.number_style] = shown
            self.number_style = ""
        elif name == "style":
            bare = _bare(attributes)
            if bare.get("data-style-name") in self.number_styles:
                self.cell_styles[bare.get("name", "")] = self.number_styles[bare["data-style-name"]]

    def _start_column(self, attributes: Attributes) -> None:
        repeated = _count(attributes, "number-columns-repeated")
        for column in range(self.column, self.column + min(repeated, MOST_COLUMNS)):
            if attributes.get("visibility") in HIDDEN:
                self.found.hidden_columns.append(column)
            self.column_styles[column] = attributes.get("default-cell-style-name", "")
        self.column += repeated

    def _start_row(self, attributes: Attributes) -> None:
        self.row, self.column = self.next_row, 0
        self.row_repeated = _count(attributes, "number-rows-repeated")
        self.next_row = self.row + self.row_repeated
        if attributes.get("visibility") in HIDDEN:
            self.found.hidden_rows |= set(range(self.row, self.row + min(self.row_repeated, MOST_REPEATED)))

    def _finish(self, cell: _OdsCell) -> None:
        """Keep what a cell says, for all the cells that it stands for."""
        attributes, text = cell.attributes, "".join(cell.text).strip()
        spanned = _count(attributes, "number-rows-spanned"), _count(attributes, "number-columns-spanned")
        if spanned != (1, 1):
            last = Place(self.row + spanned[0] - 1, self.column + spanned[1] - 1)
            self.found.merged.append(Merged(Place(self.row, self.column), last))
        kind = attributes.get("value-type", "")
        if not kind and not text and "formula" not in attributes:
            return
        self._extend(cell)
        fault = _fault(attributes, text)
        shown = self._shown(attributes, kind)
        other = OTHER_WORKBOOK.search(attributes.get("formula", ""))
        stands_for = self.row_repeated * cell.repeated
        if (fault is None and shown is None and other is None) or stands_for > MOST_REPEATED:
            return
        for row in range(self.row, self.row + self.row_repeated):
            for column in range(self.column, self.column + cell.repeated):
                if fault is not None:
                    self.found.faults[Place(row, column)] = fault
                elif shown is not None:
                    self.found.format(row, column, shown)
                if other is not None:
                    self.found.elsewhere[Place(row, column)] = posixpath.basename(unquote(other.group(1)))

    def _extend(self, cell: _OdsCell) -> None:
        self.found.fill(self.row + self.row_repeated - 1, self.column + cell.repeated - 1)
        self.found.filled += self.row_repeated * cell.repeated - 1

    def _shown(self, attributes: Attributes, kind: str) -> NumberFormat | None:
        if kind == "percentage":
            return number_format("0%")
        style = attributes.get("style-name") or self.column_styles.get(self.column, "")
        return self.cell_styles.get(style) if kind == "float" else None


def _bare(attributes: Attributes) -> Attributes:
    """Return attributes without the prefixes of their names; those of the format itself come before the extensions."""
    bare = {key.rpartition(":")[2]: value for key, value in attributes.items() if key.startswith("calcext")}
    if bare.get("value-type") == "error":
        bare["error"] = "true"
    return bare | {key.rpartition(":")[2]: value for key, value in attributes.items() if not key.startswith("calcext")}


def _count(attributes: Attributes, name: str) -> int:
    value = attributes.get(name) or attributes.get(f"table:{name}") or attributes.get(f"number:{name}") or "1"
    return max(int(value), 1)


def _fault(attributes: Attributes, text: str) -> Fault | None:
    """Return what is wrong with a cell that has a formula or shows an error."""
    formula = attributes.get("formula")
    if "error" in attributes or (formula is not None and ERROR.fullmatch(text)):
        return Fault(text or "#N/A", f"error {text or '#N/A'}, read as missing")
    has_result = bool(text) or any(
        name in attributes for name in ("value", "string-value", "date-value", "time-value", "boolean-value")
    )
    is_blank_text = attributes.get("value-type") == "string"
    if formula is not None and not has_result and not is_blank_text:
        return Fault("=" + formula.removeprefix("of:=")[:LONGEST_FORMULA], NOT_COMPUTED)
    return None
