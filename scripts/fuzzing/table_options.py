"""Tables that are asked for with every option, and workbooks with everything a sheet can hold beside its numbers."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import openpyxl

import quartiersatlas as qa
from fuzzing.faults import HOSTILE, MARKS, ODD, dice, inside_damaged
from fuzzing.verdict import BrokenPromiseError, ending

if TYPE_CHECKING:
    import random
    from pathlib import Path

NOT_IN_A_WORKBOOK = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
HEADERS = ("key", "Ort", "Jahr", "Merkmal", "Einwohner 2023", "Einwohner 2024", "Anteil (%)", "Hinweis")
FORMATS = (
    "General",
    "0.0%",
    "0000",
    "#,##0",
    "0.00E+00",
    '0" Personen"',
    "[Red]-0",
    "dd.mm.yyyy",
    "@",
    "[<5]0;General",
)
CELLS: tuple[Any, ...] = (
    *(0, 1, 5, -3, 12.5, 1e15, 1e-9, 0.243, True, "", " ", "x", "12,5", "1.234", "12 %", "<3", "[c]", "=1+1", "=A2"),
    *("=[1]Blatt!A1", "#N/A", "=1/0", dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4), dt.time(1, 2), "2021/22"),  # noqa: DTZ001
    *MARKS,
)


def run_options(seed: int, folder: Path) -> str:
    """Read a table of odd cells with one to three options; the result is whole, or the error is ours."""
    rng = dice(seed)
    kind = rng.choice([".csv", ".csv", ".json", ".xlsx", ".xlsx"])
    file = folder / f"table{kind}"
    file.write_bytes({".csv": _text, ".json": _json, ".xlsx": _workbook}[kind](_rows(rng), rng))
    options = {
        name: rng.choice(values) for name, values in rng.sample(sorted(_choices(rng).items()), rng.randint(0, 3))
    }
    end = ending(lambda: qa.read_table(file, key="key", **options))
    if end.how == "done":
        refuse_torn(end.value)
        ending(lambda: repr(end.value) + end.value._repr_html_())
    return f"{kind} {end.how}"


def _rows(rng: random.Random) -> list[list[Any]]:
    """Return a header and rows: mostly as they should be, with some odd cells."""
    body = []
    share = rng.choice([0.0, 0.02, 0.1])
    for i in range(rng.randint(1, 12)):
        row: list[Any] = [f"{i + 1:02d}", rng.choice(["Süd", "Höfe"]), 2023 + i % 2, rng.choice("mw"), 100 + i, 90 + i]
        row += [round(0.7 * i + 3.3, 1), "synthetisch"]
        body.append([rng.choice([*CELLS, *HOSTILE]) if rng.random() < share else cell for cell in row])
    header = [rng.choice([*HOSTILE, "key", ""]) if rng.random() < share / 2 else name for name in HEADERS]
    return [header, *body]


def _text(rows: list[list[Any]], rng: random.Random) -> bytes:
    delimiter = rng.choice(";\t")
    lines = [delimiter.join(str(cell).replace(delimiter, " ") for cell in row) for row in rows]
    above = rng.choice([[], [], ["Einwohner der Stadt", ""], [delimiter * 7]])
    below = rng.choice([[], [], ["", "Quelle: Amt"], [f"Summe{delimiter * 7}"], [delimiter * 7] * 3])
    return "\n".join([*above, *lines, *below]).encode("utf-8", "surrogatepass")


def _json(rows: list[list[Any]], rng: random.Random) -> bytes:
    header, *body = rows
    records: Any = [dict(zip(map(str, header), row, strict=True)) for row in body]
    if records and rng.random() < 0.4:
        rng.choice(records)[rng.choice(HEADERS)] = rng.choice(ODD)
    shape = rng.choice(["list", "list", "inner", "by key", "columns", "odd"])
    if shape == "inner":
        records = {rng.choice(["data", "result", "features"]): records, "count": rng.choice([len(records), 99])}
    elif shape == "by key":
        records = {str(record.get("key")): record for record in records}
    elif shape == "columns":
        records = {name: [record.get(name) for record in records] for name in HEADERS}
    elif shape == "odd":
        records = rng.choice([*ODD, {"key": records}, [records], {"years": [2023], "values": records}])
    return json.dumps(records, default=str).encode("utf-8", "surrogatepass")


def _workbook(rows: list[list[Any]], rng: random.Random) -> bytes:
    """Write a workbook with formats, hidden parts, merged cells and further sheets."""
    book = openpyxl.Workbook()
    sheet = book.active
    for y, row in enumerate(rows, start=1 + rng.choice([0, 0, 2])):
        for x, value in enumerate(row, start=1 + rng.choice([0, 0, 0, 0, 0, 0, 0, 0, 0, 1])):
            if isinstance(value, str) and NOT_IN_A_WORKBOOK.search(value):
                continue
            with suppress(ValueError, TypeError):  # numbers that no workbook holds
                sheet.cell(y, x, value).number_format = rng.choice(FORMATS) if rng.random() < 0.05 else "General"
    number = len(rows)
    changes = {
        "hidden row": lambda: setattr(sheet.row_dimensions[rng.randint(1, number)], "hidden", True),
        "hidden column": lambda: setattr(sheet.column_dimensions[rng.choice("ABCDE")], "hidden", True),
        "merged": lambda: sheet.merge_cells(rng.choice(["A1:B1", "A2:A3", "E1:F1", "C2:D4", "B2:B9"])),
        "further sheet": lambda: book.create_sheet(rng.choice(["Blatt 2", "Legende"]), rng.choice([0, 1])),
        "hidden sheet": lambda: setattr(
            book.create_sheet("Alt", 0), "sheet_state", rng.choice(["hidden", "veryHidden"])
        ),
        "far cell": lambda: sheet.cell(rng.choice([5000, 1_048_576]), rng.choice([20, 16_384]), "x"),
        "format of a column": lambda: _formatted(sheet, rng),
        "filter": lambda: setattr(sheet.auto_filter, "ref", "A1:H3"),
    }
    for change in rng.sample(sorted(changes), rng.choice([0, 0, 1, 2])):
        changes[change]()
    file = io.BytesIO()
    book.save(file)
    return inside_damaged(file.getvalue(), rng) if rng.random() < 0.3 else file.getvalue()


def _formatted(sheet: Any, rng: random.Random) -> None:
    column, form = rng.randint(1, 8), rng.choice(FORMATS)
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, column).number_format = form


def _choices(rng: random.Random) -> dict[str, list[Any]]:
    """Return what every option may be: what fits, what does not, and what a project file can hold by mistake."""
    odd = [value for value in ODD if isinstance(value, str | list | dict)]
    return {
        "columns": [["Ort"], {"n": "Einwohner 2024"}, {"n": "nicht da"}, ["Ort", "Ort"], {"key": "Ort"}, {}, ["key"]],
        "text": ["Ort", ["Jahr"], ["nicht da"], ["key"]],
        "symbols": [
            "din55301",
            "genesis",
            "x",
            {"x": "missing"},
            {"5": "suppressed"},
            {"[c]": ["suppressed", 1, 4]},
            {"x": "Unsinn"},
            {"": "missing"},
            {"x": ["suppressed"]},
            {"x": ["suppressed", 5, 1]},
            {"x": rng.choice(odd)},
        ],
        "sheet": ["Sheet", "Sheet1", "Blatt 2", "Alt", "nicht da", ""],
        "layer": ["x", ""],
        "records": ["data", "result", "nicht.da", "", "."],
        "encoding": ["utf-8", "cp1252", "utf-16", "Unsinn", "hex", ""],
        "delimiter": [";", ",", "\t", "", ";;", "x", '"', "\n", "\0", "ä"],
        "decimal": [",", ".", "x"],
        "header_rows": [0, 1, 2, 3, 99, -1, True],
        "filters": [
            {"Jahr": 2024},
            {"Jahr": [2023, 2024]},
            {"Jahr": "2024"},
            {"x": 1},
            {"Jahr": 1900},
            {"key": "01"},
            {"Jahr": rng.choice(ODD)},
            {},
        ],
        "key_pattern": [2, 3, 0, -1, "[0-9]+", "(", "", "(0|0)*1"],
        "pivot": [
            ["Merkmal", "Einwohner 2024"],
            [["Merkmal", "Jahr"], "Einwohner 2024"],
            ["x", "y"],
            [],
            ["Ort"],
            ["key", "key"],
            ["Merkmal", "Merkmal"],
            [1, "x"],
            [[], "Einwohner 2024"],
            [["Merkmal"], 7],
        ],
        "years": [2023, 2024, 1900, "long", "2021/22", "x", 0, -1, 10**20],
        "skip_rows": [2, [2, 3], [1], [999], [0], [-1], [], [2, 2]],
        "drop": [{"Merkmal": "m"}, {"Merkmal": ["m", "w"]}, {"x": "m"}, {}, {"Jahr": rng.choice(ODD)}],
        "without_key": ["skip", "raise", "x"],
        "fill_down": ["Ort", ["Ort", "Merkmal"], "Einwohner 2024", "key", "x"],
        "aggregate": ["sum", "mean"],
        "hidden": ["read", "skip", "x"],
    }


def refuse_torn(table: Any) -> None:
    """Refuse a table whose parts do not fit each other: values, status, bounds, problems."""
    values, status = table.values, table.status
    kept = {
        "status fits the values": values.shape == status.shape and list(values.columns) == list(status.columns),
        "both have the same keys": list(values.index) == list(status.index),
        "keys are text": all(isinstance(key, str) and key for key in values.index),
        "names are text": all(isinstance(name, str) for name in values.columns),
        "names are unique": values.columns.is_unique,
    }
    broken = [promise for promise, holds in kept.items() if not holds]
    for name in values.columns if not broken else ():
        column, how = values[name], status[name]
        if column.dtype.kind == "f":
            hidden = column.isna() != how.isin(["suppressed", "missing", "not_applicable"])
            broken += [f"{name!r}: no value without a reason, no reason beside a value"] if hidden.any() else []
            broken += [f"{name!r}: zeros are zeros"] if ((column == 0) != (how == "zero")).any() else []
    if broken:
        raise BrokenPromiseError(f"{'; '.join(broken)}: not so in {table!r}\n{values.head()}\n{status.head()}")
