"""What stands in the files of a release, whatever their kind: numbers of areas, of candidate areas, of the city.

A file is opened as its reader opens it: a table as text, a page by its source, a report by its sentences. Several
releases in one folder are read together, and so are districts beside areas.
"""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet
import pyogrio

# a table is known by the name of its first column
TABLES = {"key": "areas", "candidate": "candidates", "by": "segregation", "column": "columns", "table": "columns"}
MISSING = re.compile(r"(\S+) (fewer|weniger|more|mehr) (?:in|bei) [“„]([^“”]+)[“”] \((?:of|von|now|bisher) ")
NUMBER = re.compile(r"[-−]?\d+(?:[.,]\d+)?")
NOT_SHOWN = ("nicht ausgewiesen", "not shown")


@dataclass
class Seen:
    """All that is printed.

    Parameters
    ----------
    areas : DataFrame
        Numbers and texts by key: those of areas, and of districts where they were released like areas.
    candidates : DataFrame
        Numbers of candidate areas.
    members : dict
        Candidate area -> its areas.
    city : dict
        Rate -> (value, decimals) of the whole city.
    decimals : dict
        Column -> decimals it is printed with.
    told : list
        (key, rate, value, decimals) of sentences.
    segregation : DataFrame
        The printed indices.
    missing : dict
        Area -> (label of what is counted, persons with sign) of the sentence on how many are missing.
    """

    areas: pd.DataFrame = field(default_factory=pd.DataFrame)
    candidates: pd.DataFrame = field(default_factory=pd.DataFrame)
    members: dict = field(default_factory=dict)
    city: dict = field(default_factory=dict)
    decimals: dict = field(default_factory=dict)
    told: list = field(default_factory=list)
    segregation: pd.DataFrame = field(default_factory=pd.DataFrame)
    labels: dict = field(default_factory=dict)
    sentences: list = field(default_factory=list)
    missing: dict = field(default_factory=dict)

    def take(self, name, table):
        """Add a table; what an earlier file said stays."""
        if name == "columns":
            self._take_meanings(table)
            return
        table = table.dropna(how="all", axis=1)
        if name == "segregation":
            self.segregation = pd.concat([self.segregation, table]).drop_duplicates(ignore_index=True)
            return
        table = table.set_index("key" if name == "areas" else "candidate")
        setattr(self, name, getattr(self, name).combine_first(table))
        if name == "areas" and "candidate" in table:
            own = table["candidate"].dropna()
            self.members |= {str(c): list(keys) for c, keys in own.groupby(own).groups.items() if c}
        if "reasons" in table:
            self.sentences += [(key, str(text)) for key, text in table["reasons"].dropna().items()]
        for column in table.columns.intersection(["missing_persons", "missing"]):
            self.sentences += [(key, str(text)) for key, text in table[column].dropna().items()]

    def _take_meanings(self, table):
        for row in table.to_dict("records"):
            decimals = number(row.get("decimals"))
            if decimals is not None:
                self.decimals.setdefault(row["column"], int(decimals))
            city = number(row.get("city_value"))
            if city is not None:
                printed = row["city_value"] if isinstance(row["city_value"], str) else ""
                shown, own = decimals_of([printed or city]), number(row.get("city_decimals"))
                shown = shown if decimals is None else min(shown, int(decimals))
                self.city.setdefault(row["column"], (city, shown if own is None else int(own)))
            if row.get("kind") in ("rate", "share"):
                self.labels.setdefault(str(row["label"]), row["column"])

    def finish(self):
        """Read the sentences, once the labels of all files are known."""
        for label, rate in sorted(self.labels.items()):
            pattern = re.compile(rf"(?:^|[;|\n>])\s*{re.escape(label)}: ({NUMBER.pattern})")
            for key, text in self.sentences:
                self.told += [(key, rate, number(m), decimals_of([m])) for m in pattern.findall(text)]
        for key, text in self.sentences:
            changes = MISSING.findall(text)
            if changes:
                signed = [(label, int(n) * (1 if word in ("more", "mehr") else -1)) for n, word, label in changes]
                self.missing.setdefault(key, signed)
        for name in ("areas", "candidates"):
            frame = getattr(self, name)
            numbers = [column for column in frame if is_number_column(frame[column])]
            setattr(self, name, frame.astype(dict.fromkeys(numbers, float)))
        for column in self.areas.select_dtypes(float):
            self.decimals.setdefault(column, decimals_of(self.areas[column].dropna()))
        return self


def number(cell):
    """Return what a cell says, or None; 1,5 and 1.5 are the same."""
    if isinstance(cell, str):
        return float(cell.replace(",", ".").replace("−", "-")) if NUMBER.fullmatch(cell) else None
    return None if cell is None or isinstance(cell, bool) or pd.isna(cell) else float(cell)


def decimals_of(values):
    """Return how many decimals the most exact of some numbers has."""
    texts = [value if isinstance(value, str) else f"{value:.9f}".rstrip("0") for value in values]
    return max((len(re.split("[.,]", text)[1]) for text in texts if re.search("[.,]", text)), default=0)


def is_number_column(column):
    return column.dropna().map(lambda cell: isinstance(cell, int | float | np.number)).all()


def read_files(files, date=0):
    """Read a folder, a file or a list of files; of a map with several dates the one that is asked for, 0 the newest."""
    files = [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]
    files = [file for path in files for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    seen = Seen()
    for file in files:
        reader = READERS.get(file.suffix)
        if reader is not None and file.suffixes[-2:] != [".columns", ".csv"]:
            reader(file, seen, date)
    return seen.finish()


def _read_csv(file, seen, _date):
    table = _text_table(file)
    seen.take(TABLES[table.columns[0]], table)
    beside = file.with_suffix(".columns.csv")
    if beside.is_file():
        meanings = pd.read_csv(beside, sep=separator(beside), encoding="utf-8-sig", dtype=str)
        seen.take("columns", meanings)


def separator(file):
    """Return what stands between the cells: semicolons in German files, commas in English ones."""
    return ";" if ";" in file.read_text(encoding="utf-8-sig").splitlines()[0] else ","


def _text_table(file):
    table = pd.read_csv(file, sep=separator(file), encoding="utf-8-sig", dtype=str)
    for column in table.columns.drop([c for c in ("key", "candidate", "name", "by", "group") if c in table]):
        cells = table[column].map(number, na_action="ignore")
        if cells.notna().sum() == table[column].notna().sum():
            table[column] = cells.astype(float)
    return table


def _read_geopackage(file, seen, _date):
    for name in pyogrio.list_layers(file)[:, 0]:
        if name in TABLES.values():
            table = pyogrio.read_dataframe(file, layer=name, read_geometry=False)
            seen.take(name, table)


def _read_workbook(file, seen, _date):
    with closing(openpyxl.load_workbook(file, read_only=True)) as book:
        for sheet in book:
            rows = list(sheet.iter_rows(values_only=True))
            head = next((i for i, row in enumerate(rows[:3]) if row and row[0] in TABLES), None)
            if head is not None:
                table = pd.DataFrame(rows[head + 1 :], columns=rows[head])
                table = table.mask(table.isin(NOT_SHOWN))  # a column may have nothing else
                numeric = [c for c in table if table[c].map(lambda cell: isinstance(cell, int | float)).any()]
                for column in numeric:  # beside numbers, words say that one is not shown
                    table[column] = table[column].mask(table[column].map(lambda cell: isinstance(cell, str)))
                seen.take(TABLES[rows[head][0]], table.infer_objects())


def _read_geojson(file, seen, _date):
    content = json.loads(file.read_text(encoding="utf-8"))
    table = pd.DataFrame([feature["properties"] for feature in content["features"]])
    seen.take(TABLES[table.columns[0]], table)
    seen.take("columns", pd.DataFrame(content.get("columns", [])))


def _read_parquet(file, seen, _date):
    table = pyarrow.parquet.read_table(file)
    beside = json.loads(table.schema.metadata.get(b"quartiersatlas", b"{}"))
    frame = table.drop_columns("geometry").to_pandas().reset_index().drop(columns="index", errors="ignore")
    first = next(name for name in TABLES if name in frame)
    seen.take(TABLES[first], frame)
    seen.take("columns", pd.DataFrame(beside.get("columns", [])))


def _read_page(file, seen, date):
    source = file.read_text(encoding="utf-8")
    if "QuartiersAtlas.createLayer(" in source:
        start = source.rindex("QuartiersAtlas.createLayer(") + len("QuartiersAtlas.createLayer(")
        _take_map(json.JSONDecoder().raw_decode(source[start:])[0], seen, date)
    else:
        _take_report(source, seen)


def spoken(packed, phrases):
    """Put the sentences of a page together again: the number of a phrase, and what fills its gaps."""
    if isinstance(packed, dict):
        return {key: spoken(value, phrases) for key, value in packed.items()}
    if isinstance(packed, list):
        return [spoken(value, phrases) for value in packed]
    number, *gaps = packed.split("|")
    pieces = phrases[int(number)].split("#")
    return "".join(one for pair in zip(pieces, [*gaps, ""], strict=True) for one in pair)


def _speak_out(content):
    """Put the sentences of the page together from its phrases."""
    if "phrases" in content:
        content["reasons"] = spoken(content["reasons"], content["phrases"])
        for name in {"others", "missing"} & set(content["standing"]):
            content["standing"][name] = spoken(content["standing"][name], content["phrases"])


def _take_map(content, seen, date):
    """Read the source of the page: the columns stand in one object, each with all its dates."""
    _speak_out(content)
    keys = content["areas"]["keys"]
    rows = {"key": keys, "residents": content["areas"]["residents"]} if not date else {"key": keys}
    for column in content["columns"]:
        if "classes" in column or "matrix" in column:
            continue
        cells = [column, *column.get("earlier", [])][date]
        if cells is None:
            continue
        name, shift = column["id"], 10 ** cells["decimals"]
        counts = {side: content["counts"][cells[side]] for side in ("numerator", "denominator") if side in cells}
        rows |= {f"{name}_{side}": pd.array(count, dtype="Float64") for side, count in counts.items()}
        if cells["values"] is None:  # the page divides
            x, n = (pd.Series(count, dtype=float) for count in counts.values())
            rows[name] = (x / n.mask(n.eq(0)) * column["per"] * shift).round() / shift
        else:
            rows[name] = pd.Series(cells["values"], dtype=float) / shift
        seen.decimals.setdefault(name, cells["decimals"])
        if cells.get("city") is not None:
            seen.city.setdefault(name, (float(cells["city"]), cells.get("city_decimals", cells["decimals"])))
        if column["unit"] == "%":
            seen.labels.setdefault(column["label"], name)
    table = pd.DataFrame({name: pd.Series(list(cells)) for name, cells in rows.items()})
    numbers = table.columns.drop("key")
    seen.take("areas", table.astype(dict.fromkeys(numbers, "Float64")).astype(dict.fromkeys(numbers, float)))
    for candidate in content.get("candidates", []):
        seen.members.setdefault(candidate["key"], [keys[place] for place in candidate["members"]])
    if not date:
        told = [*content.get("reasons", {}).items(), *content.get("standing", {}).get("others", {}).items()]
        seen.sentences += [(keys[int(place)], text) for place, texts in told for text in texts]
        missing = content.get("standing", {}).get("missing", {})
        seen.sentences += [(keys[int(place)], text) for place, text in missing.items()]


def _take_report(source, seen):
    """Read the tables of the report: city values by label, values of areas by their heading, the lines below them."""
    keys = {}
    for table in re.findall(r"<table.*?</table>", source, flags=re.DOTALL):
        heads = [_words(head) for head in re.findall(r"<th[^>]*>(.*?)</th>", table, flags=re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", table, flags=re.DOTALL):
            cells = [_words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, flags=re.DOTALL)]
            own = next((found for cell in cells if (found := re.search(r"^(.*)\n(\S+)(?: · |$)", cell))), None)
            if own:
                keys[own[1]] = own[2]
                beside = zip(heads, cells, strict=True) if len(heads) == len(cells) else ()
                seen.sentences += [(own[2], f"{head.split(' in % ')[0]}: {cell}") for head, cell in beside]
                seen.sentences += [(own[2], text) for text in cells]
            elif len(cells) > 1 and re.fullmatch(rf"{NUMBER.pattern}\s?%", cells[1]):
                seen.sentences.append((None, f"{cells[0]}: {cells[1]}"))
    for name, words in re.findall(r"<li><strong>(.*?):</strong> (.*?)</li>", source, flags=re.DOTALL):
        if unescape(name) in keys:
            seen.sentences.append((keys[unescape(name)], unescape(words)))


def _words(markup):
    return unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br\s*/?>", "\n", markup)))


READERS = {
    ".csv": _read_csv,
    ".gpkg": _read_geopackage,
    ".xlsx": _read_workbook,
    ".geojson": _read_geojson,
    ".parquet": _read_parquet,
    ".html": _read_page,
}
