"""A project file to start from: fourteen lines, and every further section as a comment; filled in from two files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.base.toml import toml_value
from quartiersatlas.catalogue import check_lang, text
from quartiersatlas.errors import InputError, KeyColumnError, NumberError, list_some
from quartiersatlas.intake import read_table
from quartiersatlas.intake.files.layers import read_geometry_file
from quartiersatlas.intake.tables.formats import FileOptions, existing_table, raw_table

if TYPE_CHECKING:
    import geopandas as gpd

    from quartiersatlas.catalogue import Lang

PEOPLE = (
    r"^(einwohner(zahl|innen)?|bevolkerung|ew|residents|population|(total|all) (residents|persons|population)|total)"
)
# what counts are called -> the indicator they make, and what its denominator is called ("" for the residents)
PAIRS = (
    (
        "child_poverty_u15",
        r"^(?=.*(sgb ?(ii|2)|burgergeld|grundsicherung|poverty|low income|poor))(?=.*(kind|child|u ?15|unter 15))",
        r"^(kinder )?(u|unter) ?15|^kinder|^child",
    ),
    ("sgb2_rate", r"sgb ?(ii|2)|burgergeld|grundsicherung", r"^(u|unter) ?6[57]|^bis 6[57]|^0 (bis )?64"),
    ("unemployment_share_total", r"^arbeitslose|^unemployed", r"15 .*6[4567]|erwerbsfahig|working age"),
    ("language_support_need", r"sprachford", r"untersucht|examined"),
    ("mh_share", r"migrationshintergrund|^mh$|migration background", ""),
    ("foreign_share", r"^auslander|foreign|nicht ?deutsch", ""),
    ("senior_share_65", r"(65|ab 65).*(plus|alter)|^ab 65|^65 (und|plus)|over 65", ""),
)
# words that two counts share without one being a part of the other
GENERAL = {
    *("und", "von", "der", "die", "das", "mit", "ohne", "bis", "unter", "uber", "jahre", "alter", "insgesamt")
} | {*("anzahl", "zahl", "personen", "the", "and", "with", "without", "under", "over", "number", "people", "persons")}
NAMED = r"name|bezeichn|label|\bnm\b|nm$"
PARENT = r"bezirk|district|kreis|ward|sozialraum|borough"
TOP = ('# city = ""', '# subtitle = ""', '# comment = ""', '# audience = "internal"', '# ledger = "releases.json"')
MOST_LEFT_OUT = 12
SYSTEMS = {  # in metres, with the degrees that it is usual in: west, south, east, north
    "EPSG:25832": (5.5, 47.0, 12.0, 55.5),
    "EPSG:25833": (10.5, 47.0, 18.0, 55.5),
    "EPSG:27700": (-9.0, 49.5, 2.0, 61.0),
}
SHORTEST_WORD = 3  # letters
NEARLY_ALL = 0.9  # of keys without their zeros: small counts look alike
ENOUGH = 0.5  # of the keys of the areas: fewer have nothing to do with each other


@dataclass(frozen=True, kw_only=True)
class Start:
    """What the first lines of a project file say; ``guessed`` are those that have to be looked at, with the reason."""

    lang: Lang
    population: str
    areas: str
    area_key: str
    table: str
    table_key: str
    name: str = ""
    parents: dict[str, str] = field(default_factory=dict)
    further: dict[str, str] = field(default_factory=dict)  # of [areas]
    repair: str = ""
    reading: dict[str, str] = field(default_factory=dict)  # of [[tables]]
    indicators: dict[str, tuple[str, str]] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)  # a count that was left over, and what it may be a part of
    guessed: dict[str, str] = field(default_factory=dict)
    file: str = "projekt.toml"

    def to_toml(self) -> str:
        """Return the file."""
        rest = files("quartiersatlas.project.beginning").joinpath(f"rest_{self.lang}.toml").read_text(encoding="utf-8")
        lines = [*(f"## {line}" for line in text("new_head", self.lang, file=self.file).split("|")), ""]
        lines += [self._line(name, "") for name in ("title", "source", "as_of")]
        lines += [self._line("lang", self.lang), self._line("population", self.population)]
        lines += [f"## {text('new_top', self.lang)}", *TOP]
        lines += ["", "[areas]", self._line("path", self.areas), self._line("key", self.area_key, "areas")]
        lines += [self._line("name", self.name, "name")] if self.name else []
        lines += [self._line("parents", self.parents, "parents")] if self.parents else []
        lines += [self._line(name, value, name) for name, value in self.further.items()]
        lines += ["", "[[tables]]", self._line("path", self.table), self._line("key", self.table_key, "key")]
        lines += [self._line("repair", self.repair, "repair")] if self.repair else []
        lines += [self._line(name, value, name) for name, value in self.reading.items()]
        lines += ["", "[indicators]"]
        lines += [self._line(name, list(pair), name) for name, pair in self.indicators.items()]
        if self.left:
            lines += [f"## {text('new_left', self.lang)}"]
            some = list(self.left.items())[:MOST_LEFT_OUT]
            lines += [f"# {_bare(one)} = {toml_value([one, whole])} # ?" for one, whole in some]
        return "\n".join(lines) + "\n" + rest

    def _line(self, name: str, value: object, place: str = "") -> str:
        reason = self.guessed.get(place or name, "")
        return f"{name} = {toml_value(value)}{f' # ? {reason}' if reason else ''}"


def blank_start(lang: Lang = "de") -> Start:
    """Return fourteen lines to fill in: they run as they are on files that have these names and columns."""
    check_lang(lang)
    if lang == "en":
        rates = {"foreign_share": ("foreign_nationals", "residents")}
        return Start(
            lang=lang, population="residents", areas="areas.gpkg", area_key="code", name="name",
            table="numbers.csv", table_key="code", indicators=rates,
        )  # fmt: skip
    rates = {"sgb2_rate": ("sgb2_personen", "unter_65")}
    return Start(
        lang=lang, population="einwohner", areas="gebiete.gpkg", area_key="schluessel", name="name",
        table="zahlen.csv", table_key="schluessel", indicators=rates,
    )  # fmt: skip


def start_from(table: str | Path, areas: str | Path, *, folder: str | Path = ".", lang: Lang = "de") -> Start:
    """Return the lines of a project that an indicator table and the areas' file ask for.

    Parameters
    ----------
    table, areas : str or Path
        The two files.
    folder : str or Path
        Where the project file will stand; paths are told from there.
    lang : {"de", "en"}, default "de"
        Language of the comments, and of the map.

    Returns
    -------
    Start
        With ``to_toml()``. What is not certain carries a question mark and the reason.

    Raises
    ------
    InputError
        A file cannot be read, or no two columns of them have keys in common.
    """
    choice(lang, ("de", "en"), "lang")
    frame, _ = read_geometry_file(areas, None, None, "areas")
    raw = raw_table(existing_table(table), FileOptions(key=""))
    columns = [(name, list(map(str, cells.texts()))) for name, cells in zip(raw.header, raw.columns, strict=True)]
    match = _keys(frame, columns, Path(areas).name, Path(table).name)
    values, reading, guessed = _read(table, match.table, lang)
    counts = _counts(values)
    guessed["repair"] = text("new_repair", lang)
    if match.share < 1:
        guessed["key"] = text("new_keys", lang, share=f"{match.found} / {len(frame)}")
    people = _people(counts)
    guessed["population"] = text("new_population", lang)
    indicators, left = _pairs(counts, people)
    guessed |= dict.fromkeys(indicators, text("new_pair", lang))
    name, parents = _name(frame, match.areas), _parents(frame, match.areas)
    guessed |= {"name": text("new_name", lang), "parents": text("new_parents", lang)}
    further = _system(frame)
    guessed |= dict.fromkeys(further, text("new_crs", lang))
    return Start(
        lang=lang,
        population=people,
        areas=_from(areas, folder),
        area_key=match.areas,
        table=_from(table, folder),
        table_key=match.table,
        name=name,
        parents=parents,
        further=further,
        repair="zero_pad" if match.padded else "",
        reading=reading,
        indicators=indicators,
        left=left,
        guessed=guessed,
    )


class _Keys(NamedTuple):
    """The two columns whose keys fit best; ``padded`` where leading zeros were lost."""

    areas: str
    table: str
    found: int
    share: float
    padded: bool


def _read(table: str | Path, key: str, lang: Lang) -> tuple[pd.DataFrame, dict[str, str], dict[str, str]]:
    """Return the values of a table, what has to be said for it to be read, and why each of it is a guess."""
    reading: dict[str, str] = {}
    marks = (("decimal", "," if lang == "de" else ".", NumberError), ("without_key", "skip", KeyColumnError))
    for _ in range(1 + len(marks)):
        try:
            values = read_table(table, key, **reading).values  # type: ignore[arg-type]
            break
        except (NumberError, KeyColumnError) as error:
            said = {name: value for name, value, kind in marks if isinstance(error, kind) and name not in reading}
            if not said:
                raise
            reading |= said
    return values, reading, {name: text(f"new_{name}", lang) for name in reading}


def _keys(frame: gpd.GeoDataFrame, columns: list[tuple[str, list[str]]], areas: str, table: str) -> _Keys:
    """Return the pair of columns that have most keys in common: unique in the areas, and written alike if possible."""
    best = _Keys("", "", 0, 0.0, padded=False)
    for own in frame.columns.drop([frame.geometry.name]):
        keys = frame[own].dropna().astype(str).str.strip()
        if keys.empty or keys.duplicated().any():
            continue
        for other, cells in columns:
            for padded in (False, True):
                mine = set(keys.str.lstrip("0")) if padded else set(keys)
                theirs = {_shown(cell, padded=padded) for cell in cells}
                found = len(mine & theirs)
                if found > best.found and (not padded or found >= NEARLY_ALL * len(frame)):
                    start = next(n for n, cell in enumerate(cells) if _shown(cell, padded=padded) in mine)
                    name = _name_above(other, cells[:start])
                    best = _Keys(str(own), name, found, found / len(frame), padded=padded)
    if best.share < ENOUGH:
        names = [name for name, _ in columns]
        raise InputError(
            f"No column of {areas} and no column of {table} have their keys in common. {areas} has: "
            f"{list_some(frame.columns.drop([frame.geometry.name]), 20)}. {table} has: {list_some(names, 20)}."
        )
    return best


def _shown(cell: str, *, padded: bool) -> str:
    return cell.strip().lstrip("0") if padded else cell.strip()


def _name_above(header: str, cells: list[str]) -> str:
    """Return the name that stands last above the first key: the header, where no titles stand over the table."""
    return next((cell.strip() for cell in reversed(cells) if cell.strip()), header)


def _counts(values: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the columns that may be counts: whole numbers from 0."""
    found = {}
    for name in values.columns:
        numbers = pd.to_numeric(values[name], errors="coerce")
        known = numbers.dropna()
        if len(known) and known.ge(0).all() and np.allclose(known, known.round()) and values[name].dtype != object:
            found[str(name)] = numbers
    return found


def _plain(name: str) -> str:
    """Return a name as words without umlauts and marks, in small letters."""
    letters = normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", " ", letters.lower()).strip()


def _people(counts: dict[str, pd.Series]) -> str:
    """Return the column of the residents: called so, else the largest."""
    if not counts:
        return "?"
    called = [name for name in counts if re.search(PEOPLE, _plain(name))]
    return max(called or counts, key=lambda name: float(counts[name].sum()))


def _pairs(counts: dict[str, pd.Series], people: str) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Return numerators and denominators that look like known indicators, and counts left over with their whole."""
    found: dict[str, tuple[str, str]] = {}
    used = {people}
    for indicator, numerator, denominator in PAIRS:
        for name, part in counts.items():
            if name in used or not re.search(numerator, _plain(name)):
                continue
            below = [one for one in counts if denominator and one != name and re.search(denominator, _plain(one))]
            below = [one for one in [*below, people] if one != name and _is_part(part, counts[one])]
            if below:
                found[indicator] = (name, below[0])
                used |= {name, below[0]}
                break
    left = [name for name in counts if name not in used and _is_part(counts[name], counts[people])]
    return found, {name: _whole(name, counts, people) for name in left}


def _whole(name: str, counts: dict[str, pd.Series], people: str) -> str:
    """Return the smallest count that has a word in common and may hold this one, else that of the residents."""
    words = {word for word in _plain(name).split() if len(word) >= SHORTEST_WORD} - GENERAL
    alike = [one for one in counts if one != name and words & set(_plain(one).split())]
    wholes = [one for one in alike if _is_part(counts[name], counts[one])]
    return min(wholes, key=lambda one: float(counts[one].sum()), default=people)


def _is_part(part: pd.Series, whole: pd.Series) -> bool:
    both = part.notna() & whole.notna()
    return bool(both.any() and part[both].le(whole[both]).all() and part[both].sum() < whole[both].sum())


def _name(frame: gpd.GeoDataFrame, key: str) -> str:
    others = [str(one) for one in frame.columns if one not in (key, frame.geometry.name)]
    words = [one for one in others if frame[one].map(lambda cell: isinstance(cell, str)).all()]
    called = [one for one in words if re.search(NAMED, _plain(one)) and not re.search(PARENT, _plain(one))]
    return next(iter(called), "")


def _parents(frame: gpd.GeoDataFrame, key: str) -> dict[str, str]:
    others = [str(one) for one in frame.columns if one not in (key, frame.geometry.name)]
    called = [one for one in others if re.search(PARENT, _plain(one)) and 1 < frame[one].nunique() < len(frame)]
    if not called:
        return {}
    column = next((one for one in called if re.search(NAMED, _plain(one))), called[0])
    return {next(iter(re.findall(PARENT, _plain(column))), "level"): column}


def _system(frame: gpd.GeoDataFrame) -> dict[str, str]:
    """Return the reference system that the file lacks, or the metres that its degrees are turned into."""
    if frame.crs is None:
        return {"crs": "EPSG:25832"}
    if not frame.crs.is_geographic:
        return {}
    west, south, east, north = frame.total_bounds
    fitting = [code for code, (w, s, e, n) in SYSTEMS.items() if w <= west and s <= south and east <= e and north <= n]
    return {"to_crs": fitting[0] if fitting else str(frame.estimate_utm_crs())}


def _from(path: str | Path, folder: str | Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _bare(name: str) -> str:
    return re.sub(r"\W+", "_", _plain(name)).strip("_") or "indicator"
