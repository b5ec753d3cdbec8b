"""Years in the names of columns: calendar years, school years and dates, with or without a footnote mark."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError, SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VALUE = "value"
CENTURIES = r"(?:19|20)\d\d"
YEAR = re.compile(rf"(?<!\d){CENTURIES}(?!\d)")
SCHOOL_YEAR = re.compile(
    rf"(?<!\d)(?P<first>{CENTURIES})(?: ?/ ?(?P<second>(?:19|20)?\d\d)|(?P<dash>[-–])(?P<after>\d\d))(?![-\d])"
)
DECEMBER = 12
DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\d.])\d{{1,2}}\. ?\d{{1,2}}\. ?(?P<year>{CENTURIES})(?!\.?\d)",
        rf"(?<!\d)(?P<year>{CENTURIES})-\d\d-\d\d(?:[ T]00:00(?::00)?)?(?!\d)",
        rf"(?<!\d)\d{{1,2}}/\d{{1,2}}/(?P<year>{CENTURIES})(?!\.?\d)",
        rf"(?<![\d./])\d{{1,2}}[./](?P<year>{CENTURIES})(?!\.?\d)",
    )
)
BEFORE_DATE = re.compile(r"(?:^|(?<= ))(?:am|zum|per|vom|stand:?|as of|on) ?$", re.IGNORECASE)
MARK = r"\(?\d{1,2}\)|\(?[a-z]\)|\*{1,3}\)?|[¹²³⁴⁵⁶⁷⁸⁹⁰]{1,3}\)?"
MARK_AFTER_YEAR = re.compile(rf" ?(?:{MARK})(?= |$)")
MARK_AT_END = re.compile(rf"(?:(?<= )|(?<=[^\s(]))(?:{MARK})$")
SHOWN = 3


@dataclass(frozen=True)
class YearName:
    """A column's name without its year, the same without a footnote mark, and the year; what was left out of it."""

    stem: str
    plain: str
    year: str
    is_date: bool = False
    has_mark: bool = False


@dataclass(frozen=True)
class YearColumns:
    """Columns with a year in their name: stem -> year -> column."""

    by_stem: Mapping[str, Mapping[str, str]]
    notes: list[str] = field(default_factory=list)

    @property
    def years(self) -> list[str]:
        """All years, in order."""
        return sorted({year for columns in self.by_stem.values() for year in columns})

    @property
    def dated(self) -> set[str]:
        """All columns with a year."""
        return {column for columns in self.by_stem.values() for column in columns.values()}


def year_columns(names: Sequence[str], source: str = "The table") -> YearColumns:
    """Find the columns that have one year in their name; a name that is the year alone has the stem ``value``.

    Raises
    ------
    InputError
        Two columns have the same name and year.
    """
    found = {name: part for name in names if (part := year_name(name)) is not None}
    alike: dict[str, list[YearName]] = {}
    for part in found.values():
        alike.setdefault(part.plain, []).append(part)
    # a mark that only some years of a name have is left out, one that tells columns of a year apart stays
    marked = {
        plain
        for plain, parts in alike.items()
        if len({part.stem for part in parts}) > 1 and len({part.year for part in parts}) == len(parts)
    }
    stems: dict[str, dict[str, str]] = {}
    for name, part in found.items():
        stem = part.plain if part.plain in marked else part.stem
        other = stems.setdefault(stem, {}).setdefault(part.year, name)
        if other != name:
            raise InputError(
                f"{source}: the columns {other!r} and {name!r} are both {stem!r} of {part.year}. "
                f"Take one of them with columns=[{name!r}] and without years=, or rename one in the file."
            )
    return YearColumns(stems, _notes(found, marked))


def _notes(found: Mapping[str, YearName], without_mark: set[str]) -> list[str]:
    marked = [
        name
        for name, part in found.items()
        if part.has_mark or (part.plain in without_mark and part.stem != part.plain)
    ]
    dated = [name for name, part in found.items() if part.is_date]
    notes = []
    if marked:
        notes.append(f"footnote marks left out of {count_noun(len(marked), 'column name')}: {list_some(marked, SHOWN)}")
    if dated:
        notes.append(f"dates in {count_noun(len(dated), 'column name')} read as their year: {list_some(dated, SHOWN)}")
    return notes


def year_name(name: str) -> YearName | None:
    """Return a name without its year, and the year; None for a name without a year, or with several.

    Examples
    --------
    >>> year_name("Einwohner am 31.12.2016").stem, year_name("2021/2022").year, year_name("2021 1)").stem
    ('Einwohner', '2021/22', 'value')
    """
    rest, years, is_date = name, list[str](), False
    for pattern in (SCHOOL_YEAR, *DATES):
        for hit in pattern.finditer(rest):
            if pattern is SCHOOL_YEAR and not _is_school_year(hit):
                return None  # a period, or a year and a month
            years.append(_label(hit) if pattern is SCHOOL_YEAR else hit["year"])
            is_date |= pattern is not SCHOOL_YEAR
        rest = pattern.sub("\0", rest)
    years += YEAR.findall(rest)
    rest = YEAR.sub("\0", rest)
    if len(years) != 1:
        return None
    before, _, after = re.sub(r"\s+", " ", rest).partition("\0")
    if is_date:
        before = BEFORE_DATE.sub("", before)
    mark = MARK_AFTER_YEAR.match(after)
    after = after[mark.end() :] if mark else after
    plain = _stem(MARK_AT_END.sub("", before.rstrip()) + " ", MARK_AT_END.sub("", after.rstrip()))
    return YearName(_stem(before, after), plain, years[0], is_date, mark is not None)


def _is_school_year(hit: re.Match[str]) -> bool:
    """Return True for 2021/22, 2021/2022 and 2021-22, but not for 2011-12, which may be a December."""
    after = int((hit["second"] or hit["after"])[-2:])
    return after == (int(hit["first"]) + 1) % 100 and not (hit["dash"] and after <= DECEMBER)


def _label(hit: re.Match[str]) -> str:
    return f"{hit['first']}/{(hit['second'] or hit['after'])[-2:]}"


def _stem(before: str, after: str) -> str:
    joined = re.sub(r"\s+", " ", re.sub(r"\( ?\)", " ", f"{before}\0{after}".replace("(\0)", "\0").replace("\0", " ")))
    bare = joined.strip(" -_/,:()")
    if bare.count("(") != bare.count(")"):  # a bracket that belongs to the name: Anteil (%)
        bare = joined.strip(" -_/,:")
    return bare or VALUE


def wanted_year(year: int | str) -> str:
    """Return the label of a year that was asked for: ``2021`` or, for a school year, ``2021/22``.

    Raises
    ------
    SpecError
        It is neither.
    """
    text = str(year).strip()
    hit = SCHOOL_YEAR.fullmatch(text)
    if hit is not None and _is_school_year(hit):
        return _label(hit)
    if isinstance(year, int):
        return text
    raise SpecError(f"years must be a year such as 2024, or 'long', or a school year such as '2023/24', not {year!r}.")


def of_year(names: Sequence[str], year: int | str, source: str) -> tuple[dict[str, str], list[str]]:
    """Return name without year -> column of the file, for one year and for the columns without any, and notes."""
    found, label = year_columns(names, source), wanted_year(year)
    notes = [] if label in found.years else [f"{label} is taken for the school year {label}/{_next(label)}"]
    label = label if label in found.years else f"{label}/{_next(label)}"
    if label not in found.years:
        raise InputError(f"{source} has no column of {year}; there are {list_some(found.years, 30)}.")
    stems = {columns[label]: stem for stem, columns in found.by_stem.items() if label in columns}
    named = {stems.get(name, name): name for name in names if name in stems or name not in found.dated}
    others = count_noun(len(found.dated) - len(stems), "column")
    return named, [f"year {year}: {others} of other years left out", *notes, *found.notes]


def _next(label: str) -> str:
    return f"{(int(label) + 1) % 100:02d}" if label.isdecimal() else ""
