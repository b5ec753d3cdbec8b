"""Damaged tables: every cell that is not listed is what the file says; and the same table, written otherwise."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unicodedata import normalize
from xml.sax.saxutils import escape

import pandas as pd

import quartiersatlas as qa
from fuzzing.faults import damaged, dice, inside_damaged
from fuzzing.table_options import run_options
from fuzzing.verdict import BrokenPromiseError, ending

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ["key", "Straße", "Einwohner", "Anteil", "Wanderung"]
OTHER_FORMATS = (".json", ".parquet", ".dbf", ".xlsx")
SAME_FORMATS = (".csv", ".csv", ".csv", ".txt", ".xlsx", ".ods", ".json", ".parquet")


def run(seed: int, folder: Path) -> str:
    """Run one case: mostly damaged text files, some of other formats, some that only look different."""
    kind = dice(-seed - 1).choice(["text", "text", "options", "options", "other", "same"])
    return f"{kind}: {CASES[kind](seed, folder)}"


def run_text(seed: int, folder: Path) -> str:
    """Damage one text file and read it; return how it ended."""
    rng = dice(seed)
    raw = damaged(base_file(rng), rng)
    file = folder / "table.csv"
    file.write_bytes(raw)
    end = ending(lambda: qa.read_table(file, key="key"))
    if end.how != "done":
        return end.how
    faults = unlisted(end.value, raw)
    if faults:
        raise BrokenPromiseError(f"changed and not listed: {faults[:3]} in {end.value!r}")
    return "read, with problems" if len(end.value.problems) > 8 else "read"


def base_rows(rng: random.Random) -> Iterator[list[str]]:
    """Return rows as cities print them, decimal comma and all."""
    for i in range(30):
        residents = f"{rng.randint(1000, 99_999):,}".replace(",", ".") if i % 7 else rng.choice("-.")
        share = f"{rng.uniform(0, 100):.2f}".replace(".", ",") if i % 9 else "x"
        place = rng.choice(["Große Höfe", "Süd", "Am Wall"])
        yield [f"{i + 1:04d}", place, residents, share, str(rng.randint(-500, 500))]


def base_file(rng: random.Random) -> bytes:
    """Return an undamaged file in one of several dialects and encodings."""
    encoding = rng.choice(["utf-8", "utf-8-sig", "cp1252", "cp1252", "cp1252", "utf-16"])
    text = io.StringIO()
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(
        text, delimiter=rng.choice(";;\t|"), quoting=quoting, lineterminator=rng.choice(["\n", "\r\n", "\r"])
    )
    writer.writerows([COLUMNS, *base_rows(rng)])
    return text.getvalue().encode(encoding)


NUMBER = re.compile(r"(?P<sign>[-+−–]?)\s*(?P<whole>\d{1,3}(?:(?P<group>[.,\s'’])\d{3})+|\d*)(?P<places>[.,]\d+)?\s*%?")


def oracle(cell: str, decimal: str) -> Decimal | None:
    """Return the number that a cell is by the rules of print, or None; exact, and written without the library."""
    found = NUMBER.fullmatch(cell.strip())
    places = found and found["places"]
    if not found or not (found["whole"] or places) or (places and places[0] != decimal):
        return None
    if found["group"] == decimal == ",":  # 80,934 beside 12,34 is a decimal; 80.934 beside 12.34 is refused
        return Decimal(cell.strip().replace(",", "."))
    if found["group"] == decimal:
        return None
    whole = re.sub(r"[.,\s'’]", "", found["whole"])
    number = Decimal((whole or "0") + (places or "").replace(",", "."))
    return -number if found["sign"] in tuple("-−–") else number


def unlisted(table: Any, raw: bytes) -> list[tuple[Any, ...]]:
    """Return the numbers of a table that are neither what the file's cell says nor listed in its problems."""
    names, body, decimal = _as_file_says(table, raw)
    listed = set(zip(table.problems["row"], table.problems["column"], strict=True))
    if len(body) != len(table.values):
        raise BrokenPromiseError(f"rows were lost or made: {len(body)} in the file, {len(table.values)} read")
    faults: list[tuple[Any, ...]] = []
    for name in table.values.columns:
        position = names.index(name) if name in names else int(name.rpartition("_")[2]) - 1
        is_text = not pd.api.types.is_numeric_dtype(table.values[name])
        told = any(note.startswith("read as text") and repr(name) in note for note in table.notes)
        if told != is_text:
            raise BrokenPromiseError(f"column {name!r} turned into text and no note says so")
        for (line, row), value, status in zip(body, table.values[name], table.status[name], strict=True):
            cell = row[position].strip()
            if is_text:
                faults += [] if value == normalize("NFC", cell) else [(line, name, cell, value)]
            elif (line, name) not in listed:
                number = oracle(cell, decimal)
                same = number is not None and float(number) == value and status == ("zero" if value == 0 else "value")
                faults += [] if same else [(line, name, cell, value, status)]
    return faults


def _as_file_says(table: Any, raw: bytes) -> tuple[list[str], list[tuple[int, list[str]]], str]:
    """Return header, lines with their cells, and decimal mark, read without the library as the table says it did."""
    found = re.fullmatch(r"(\S+), delimiter '(.+)', decimal '(.)'", table.written)
    if found is None:
        raise BrokenPromiseError(f"how the file is written is not said: {table.written!r}")
    encoding, delimiter, decimal = found.groups()
    text = raw.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    split = any("joined again" in note for note in table.notes)
    reader = csv.reader(io.StringIO(text), delimiter="," if split else delimiter.encode().decode("unicode_escape"))
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    if split:
        rows = [(line, ",".join(row).split(";")) for line, row in rows]
    aside = set(
        table.problems.loc[table.problems["done"].str.contains("set aside") & (table.problems["column"] == ""), "row"]
    )
    rows = [(line, row) for line, row in rows if line not in aside]
    (_, header), body = rows[0], rows[1:]
    return [name.strip() for name in header], body, decimal


def written(ending: str, folder: Path) -> bytes:
    """Write a good table in one of the other formats; return its bytes."""
    frame = pd.DataFrame({"key": [f"{i:04d}" for i in range(20)], "Ort": "Süd", "a": range(20), "b": 1.5})
    file = folder / f"good{ending}"
    if ending == ".json":
        file.write_text(json.dumps(frame.to_dict("records")), encoding="utf-8")
    elif ending == ".parquet":
        frame.to_parquet(file)
    elif ending == ".dbf":
        import pyogrio

        pyogrio.write_dataframe(frame, folder / "good.dbf", driver="ESRI Shapefile")
    else:
        frame.to_excel(file, index=False)
    return file.read_bytes()


def run_other(seed: int, folder: Path) -> str:
    """Damage a file of another format and read it; return how it ended."""
    rng = dice(seed)
    kind = rng.choice(OTHER_FORMATS)
    file = folder / f"table{kind}"
    raw = written(kind, folder)
    file.write_bytes(inside_damaged(raw, rng) if kind == ".xlsx" and rng.random() < 0.7 else damaged(raw, rng))
    end = ending(lambda: qa.read_table(file, key="key"))
    return f"{kind} {end.how}"


def run_same(seed: int, folder: Path) -> str:
    """Write one table in two of the ways that change no value; what is read must be what was drawn, both times."""
    rng = dice(seed)
    cells = _drawn(rng)
    kinds = [rng.choice(SAME_FORMATS) for _ in range(2)]
    for number, kind in enumerate(kinds):
        file = folder / f"same{number}{kind}"
        _write_otherwise(cells, file, rng)
        end = ending(lambda file=file: qa.read_table(file, key="Nr"))
        if end.how != "done":
            raise BrokenPromiseError(f"a good {kind} is refused: {end.message}")
        _refuse_difference(cells, end.value, kind)
    return "same"


def _drawn(rng: random.Random) -> dict[str, list[Any]]:
    """Draw a table: keys with zeros, words, counts with a hidden one, shares, a balance."""
    n = rng.randint(5, 40)
    words = ["Große Höfe", "Süd", "Am Wall", "St. Pauli", "Neu-Isen; Nord", 'Alt "Dorf"', "Łódzka", "Rue d’Été"]
    return {
        "Nr": [f"{i:03d}" for i in rng.sample(range(1, 400), n)],
        "Ort": [rng.choice(words[:6]) for _ in range(n)],
        "Einwohner": [None if rng.random() < 0.1 else rng.choice([0, rng.randint(1, 90_000)]) for _ in range(n)],
        "Anteil": [rng.randint(1, 9999) / 100 for _ in range(n)],
        "Saldo": [rng.randint(-900, 900) for _ in range(n)],
    }


def _write_otherwise(cells: dict[str, list[Any]], file: Path, rng: random.Random) -> None:
    """Write a table in a way of its own: order of rows and columns, dialect, blank lines, empty columns."""
    names = list(cells)
    rng.shuffle(names)
    rows = list(zip(*(cells[name] for name in names), strict=True))
    if rng.random() < 0.5:
        rng.shuffle(rows)
    frame = pd.DataFrame({name: pd.Series(column, dtype=object) for name, *column in zip(names, *rows, strict=True)})
    kind = file.suffix
    if kind in (".csv", ".txt"):
        file.write_bytes(_text(names, rows, rng))
    elif kind == ".json":
        hidden = [{k: "." if v is None else v for k, v in record.items()} for record in frame.to_dict("records")]
        file.write_text(json.dumps(hidden, ensure_ascii=rng.random() < 0.5), encoding="utf-8")
    elif kind == ".parquet":
        frame.fillna({"Einwohner": "."}).astype({"Einwohner": "str"}).infer_objects().to_parquet(file)
    elif kind == ".ods":
        file.write_bytes(_open_document([tuple(names), *rows]))
    else:
        frame.fillna({"Einwohner": "."}).to_excel(file, index=False, engine=rng.choice(["xlsxwriter", "openpyxl"]))


def _text(names: list[str], rows: list[tuple[Any, ...]], rng: random.Random) -> bytes:
    decimal = rng.choice(",.")
    delimiter = rng.choice(";\t|" if decimal == "," else ";\t|,")
    ends = rng.choice(["\n", "\r\n", "\r"])
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    empty = [""] * rng.choice([0, 0, 1, 3])
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ends)
    writer.writerow([*names, *empty])
    for row in rows:
        said = ["." if cell is None else cell for cell in row]
        writer.writerow([*(str(c).replace(".", decimal) if isinstance(c, float) else c for c in said), *empty])
    blank = ends * rng.choice([0, 0, 1, 4])
    return (text.getvalue() + blank).encode(rng.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))


def _open_document(rows: list[tuple[Any, ...]]) -> bytes:
    """Return a spreadsheet as an office suite keeps it: one sheet, numbers as numbers, words as words."""
    spaces = "urn:oasis:names:tc:opendocument:xmlns"
    lines = []
    for row in rows:
        cells = ["." if cell is None else cell for cell in row]
        words = [
            f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
            if isinstance(cell, int | float)
            else f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
            for cell in cells
        ]
        lines.append(f"<table:table-row>{''.join(words)}</table:table-row>")
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{spaces}:office:1.0" '
        f'xmlns:table="{spaces}:table:1.0" xmlns:text="{spaces}:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Blatt">{"".join(lines)}</table:table></office:spreadsheet></office:body>'
        f"</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    listed = (
        f'<manifest:manifest xmlns:manifest="{spaces}:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{kind}"/></manifest:manifest>'
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", listed)
        archive.writestr("content.xml", content)
    return file.getvalue()


def _refuse_difference(cells: dict[str, list[Any]], table: Any, kind: str) -> None:
    values, status = table.values, table.status
    keys, names = cells["Nr"], [name for name in cells if name != "Nr"]
    if sorted(values.index) != sorted(keys) or set(names) - set(values.columns):
        raise BrokenPromiseError(f"{kind}: keys or columns differ: {list(values.index)[:5]}, {list(values.columns)}")
    for name in names:
        for key, cell in zip(keys, cells[name], strict=True):
            read, how = values[name][key], status[name][key]
            expected = "suppressed" if cell is None else "zero" if cell == 0 else "value"
            if not (pd.isna(read) if cell is None else read == cell) or how != expected:
                raise BrokenPromiseError(f"{kind}: {name} of {key} is {read!r} ({how}), not {cell!r}: {table!r}")


CASES = {"text": run_text, "options": run_options, "other": run_other, "same": run_same}
