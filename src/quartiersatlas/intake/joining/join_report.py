"""What did not fit when areas and table were joined, and which areas names that are nearly the same could mean."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue import number_text, text
from quartiersatlas.errors import list_some
from quartiersatlas.intake.joining.keys import ZERO_PAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake.joining.keys import Repair


@dataclass(frozen=True, eq=False)
class JoinReport:
    """What fitted and what did not.

    Parameters
    ----------
    source : str
        Name of the joined table.
    n_areas, n_matched : int
        Areas, and areas with exactly one row of the table.
    only_in_areas : tuple of str
        Areas without a row.
    only_in_table : tuple of str
        Rows without an area that are not totals; they are not used.
    duplicates : tuple of str
        Keys with more than one row.
    duplicate_areas : tuple of str
        Keys with more than one area.
    totals_rows : tuple of (str, str)
        Key and reason of rows that are totals, set aside.
    two_levels : tuple of (str, str)
        Areas whose row is that of a district of the same name, and the higher level.
    excluded : tuple of str
        Rows set aside on request.
    repaired : tuple of Repair
        Every key that was changed: ``rule``, ``before``, ``after``.
    composed : tuple of Repair
        Keys of a plain frame that were put into one form: letters in two parts, invisible characters.
    suggestions : tuple of Suggestion
        Rows without an area and the areas that could be meant: ``key``, ``areas``, ``alike`` in per cent.
    cut_off : bool
        Whether the areas without a row are the last ones in order: the table probably stops too early.
    residents : tuple of (float, float), optional
        Residents that found an area, and all, in the column of the population; without totals.
    notes : tuple of str
        What was decided when a frame was read for the join, as in :class:`Table`, and about the keys as a whole, such
        as that they were written with a decimal point.
    moved : tuple of (str, float)
        Areas with another outline than at the other date of a change, and the share of their surface that moved.
    crossed_names : tuple of CrossedName
        Rows with the name of another area than that of their key: ``key``, ``column``, ``called``, ``area``, ``other``.
    totals : DataFrame
        The totals rows as they stand in the table: all columns, those of ready-made shares too.
    city_key : str
        The totals row of the whole city; empty where none or several could be it.
    """

    source: str
    n_areas: int
    n_matched: int
    only_in_areas: tuple[str, ...] = ()
    only_in_table: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    duplicate_areas: tuple[str, ...] = ()
    totals_rows: tuple[tuple[str, str], ...] = ()
    two_levels: tuple[tuple[str, str], ...] = ()
    excluded: tuple[str, ...] = ()
    repaired: tuple[Repair, ...] = ()
    composed: tuple[Repair, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    cut_off: bool = False
    residents: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    moved: tuple[tuple[str, float], ...] = ()
    crossed_names: tuple[CrossedName, ...] = ()
    totals: pd.DataFrame = field(default_factory=pd.DataFrame)
    city_key: str = ""

    @property
    def city_totals(self) -> pd.Series[float]:
        """The numbers that the table publishes for the whole city, by column; empty without such a row."""
        if not self.city_key:
            return pd.Series(dtype=float)
        numbers = self.totals.select_dtypes("number").astype(float)
        return pd.Series(numbers.loc[self.city_key], name=self.city_key)

    @property
    def complete(self) -> bool:
        """Every area has its row and every row its area (totals and excluded rows set aside)."""
        return self.usable and not (self.only_in_areas or self.only_in_table)

    @property
    def usable(self) -> bool:
        """No key stands for two rows, two areas or two levels."""
        return not (self.duplicates or self.duplicate_areas or self.two_levels)

    @property
    def share_areas(self) -> float:
        """Share of the areas with a row, in [0, 1]; NaN without areas."""
        return self.n_matched / self.n_areas if self.n_areas else float("nan")

    @property
    def share_residents(self) -> float:
        """Share of the residents that found an area, in [0, 1]; NaN where no population is known."""
        if self.residents is None or not self.residents[1]:
            return float("nan")
        return self.residents[0] / self.residents[1]

    @property
    def rules(self) -> tuple[str, ...]:
        """The repair rules that changed keys, in their order."""
        return tuple(dict.fromkeys(repair.rule for repair in self.repaired))

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was done to keys on request: one line per rule."""
        lines = []
        for rule in self.rules:
            changed = [repair for repair in self.repaired if repair.rule == rule]
            _, before, after = changed[0]
            what = f"padded to {len(after)} digits" if rule == ZERO_PAD else f"changed, such as {before!r} to {after!r}"
            lines.append(f"{rule.replace(':', ' ')}: {count_noun(len(changed), 'key')} {what}")
        return tuple(lines)

    @property
    def rename(self) -> dict[str, str]:
        """The suggestions of one area as ``join(..., rename=...)`` takes them; read them before using them."""
        return {row.key: row.areas[0] for row in self.suggestions if len(row.areas) == 1}

    @property
    def merge(self) -> dict[str, list[str]]:
        """The suggestions of several areas as :func:`merge_areas` takes them; read them before using them."""
        return {row.key: list(row.areas) for row in self.suggestions if len(row.areas) > 1}

    @property
    def table(self) -> pd.DataFrame:
        """One row per key that did not simply match: key, where, note."""
        rows = [
            *((key, "areas", "no row in the table") for key in self.only_in_areas),
            *((key, "table", "no area") for key in self.only_in_table),
            *((key, "table", "more than one row") for key in self.duplicates),
            *((key, "areas", "more than one area") for key in self.duplicate_areas),
            *((key, "table", f"totals row: {why}") for key, why in self.totals_rows),
            *((key, "table", f"row of the {level} of the same name") for key, level in self.two_levels),
            *((key, "table", "excluded on request") for key in self.excluded),
            *((before, "table", f"{rule}: {after}") for rule, before, after in (*self.composed, *self.repaired)),
            *((one.key, "table", f"has the name of {one.other}: {one.called}") for one in self.crossed_names),
            *((key, "areas", f"outline moved: {100 * share:.1f} % of the surface") for key, share in self.moved),
        ]
        return pd.DataFrame(rows, columns=["key", "where", "note"])

    def verdict(self, lang: Lang = "de") -> str:
        """Say in words whether the join can be used, German or English."""
        counts = {"source": self.source, "matched": self.n_matched, "areas": self.n_areas}
        if not self.usable:
            several = sorted({*self.duplicates, *self.duplicate_areas, *(key for key, _ in self.two_levels)})
            return text("join_unusable", lang, source=self.source, keys=_listed(several))
        share = number_text(100 * self.share_areas, 1, lang)
        says = [text("join_complete" if self.complete else "join_incomplete", lang, **counts, share=share)]
        if self.only_in_areas:
            says.append(text("join_without_row", lang, count=len(self.only_in_areas), keys=_listed(self.only_in_areas)))
        if self.only_in_table:
            says.append(
                text("join_without_area", lang, count=len(self.only_in_table), keys=_listed(self.only_in_table))
            )
        if self.cut_off:
            says.append(text("join_cut_off", lang, key=self.only_in_areas[0]))
        if self.residents is not None and self.residents[1]:
            says.append(text("join_residents", lang, share=number_text(100 * self.share_residents, 1, lang)))
        if self.crossed_names:
            keys = _listed([one.key for one in self.crossed_names])
            says.append(text("join_crossed", lang, count=len(self.crossed_names), keys=keys))
        if self.totals_rows:
            says.append(text("join_totals", lang, count=len(self.totals_rows)))
        return " ".join(says)

    def __repr__(self) -> str:
        have = "has" if self.n_matched == 1 else "have"
        lines = [f"JoinReport {self.source}: {self.n_matched} of {count_noun(self.n_areas, 'area')} {have} a row"]
        if self.residents is not None and self.share_residents < 1:
            lines.append(f"  residents that found an area: {100 * self.share_residents:.1f} %")
        for what, keys in (
            ("without a row", self.only_in_areas),
            ("rows without an area", self.only_in_table),
            ("duplicate rows", self.duplicates),
            ("duplicate areas", self.duplicate_areas),
            ("excluded rows", self.excluded),
        ):
            if keys:
                lines.append(f"  {what} ({len(keys)}): {list_some(keys, 10)}")
        if self.cut_off:
            lines.append(f"  the table stops before {self.only_in_areas[0]!r}: probably cut off")
        lines += [f"  totals row set aside: {key!r} ({why})" for key, why in self.totals_rows]
        lines += [f"  row of the {level} of the same name: {key!r}" for key, level in self.two_levels]
        lines += [f"  repaired: {repair}" for repair in self.repairs]
        if self.composed:
            put = count_noun(len(self.composed), "key was", "keys were")
            lines.append(f"  {put} put into Unicode's usual form (NFC), such as {self.composed[0].after!r}")
        if self.moved:
            moved = [f"{key} ({100 * share:.0f} %)" for key, share in self.moved]
            lines.append(f"  outlines moved between the two dates ({len(moved)}): {list_some(moved, 10)}")
        for one in self.crossed_names:
            lines.append(f"  {one.key!r} is called {one.called!r}, which is the name of {one.other!r}")
        lines += [f"  {note}" for note in self.notes]
        lines += [f"  {row.key!r} could be {' + '.join(row.areas)!r}" for row in self.suggestions]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def _listed(keys: tuple[str, ...] | list[str], shown: int = 10) -> str:
    return ", ".join(keys[:shown]) + (f" (+{len(keys) - shown})" if len(keys) > shown else "")


ALIKE = 85.0  # per cent of letters in common from which a name is suggested
AHEAD = 3.0  # by which the best name must be better than the second
MANY = 2000  # names up to which all are compared
TOGETHER = re.compile(r"\s+(?:und|u\.|and)\s+|\s*[/&+,;]\s*")
# words that make another district of the same name
DISTINGUISHING = frozenset(
    [
        *("nord", "sued", "ost", "west", "nordost", "nordwest", "suedost", "suedwest", "mitte", "links", "rechts"),
        *("alt", "alte", "neu", "neue", "ober", "obere", "unter", "untere", "gross", "klein", "aeussere", "innere"),
    ]
)
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
ABBREVIATIONS = (
    (re.compile(r"\bst\b\.?(?=[\s-]*\w)"), "sankt "),
    (re.compile(r"str\b\.?"), "strasse"),
    (re.compile(r"(?<=\w)pl\."), "platz"),
    (re.compile(r"\b(u\.|and)(?=\s)|[&+]"), " und "),
)


class CrossedName(NamedTuple):
    """A row with the name of another area: its key, the column and the name there, its area, and that other area."""

    key: str
    column: str
    called: str
    area: str
    other: str


class Suggestion(NamedTuple):
    """A row of the table, the areas it could be, and how alike the names are in per cent."""

    key: str
    areas: tuple[str, ...]
    alike: float


def suggestions(in_table: Iterable[str], in_areas: Iterable[str]) -> tuple[Suggestion, ...]:
    """Suggest an area, or several that are reported as one, for rows without an area.

    Spelled the same but for umlauts, hyphens and abbreviations comes first, then parts joined by "und" or a stroke,
    then names with nearly the same letters. Numbers and words such as "Nord" have to agree.
    """
    rows, areas = sorted(in_table), sorted(in_areas)
    by_spelling: dict[str, list[str]] = {}
    for area in areas:
        by_spelling.setdefault(_compact(area), []).append(area)
    found: list[Suggestion] = []
    for row in rows:
        same = by_spelling.get(_compact(row), [])
        parts = [by_spelling.get(_compact(part), []) for part in TOGETHER.split(" ".join(row.split())) if part.strip()]
        if len(same) == 1:
            found.append(Suggestion(row, (same[0],), 100.0))
        elif len(parts) > 1 and all(len(part) == 1 for part in parts):
            found.append(Suggestion(row, tuple(part[0] for part in parts), 100.0))
    suggested = {area for suggestion in found for area in suggestion.areas}
    done = {suggestion.key for suggestion in found}
    found += _alike([row for row in rows if row not in done], [area for area in areas if area not in suggested])
    claims = [area for suggestion in found for area in suggestion.areas]
    return tuple(sorted(one for one in found if all(claims.count(area) == 1 for area in one.areas)))


def plain_name(name: str) -> str:
    """Return a name as it is compared: small letters, no umlauts, no abbreviations, words apart.

    Examples
    --------
    >>> plain_name("Stülerstr."), plain_name("St. Pauli"), plain_name("Altstadt/Süd")
    ('stuelerstrasse', 'sankt pauli', 'altstadt sued')
    """
    name = unicodedata.normalize("NFC", name).casefold().translate(UMLAUTS)
    for pattern, whole in ABBREVIATIONS:
        name = pattern.sub(whole, name)
    name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", name))


def _compact(name: str) -> str:
    return plain_name(name).replace(" ", "")


def _alike(rows: Sequence[str], areas: Sequence[str]) -> list[Suggestion]:
    """Return for each name the one area that is written nearly like it."""
    from rapidfuzz.fuzz import ratio, token_sort_ratio
    from rapidfuzz.process import extract

    words = [plain_name(area) for area in areas]
    found = []
    for row in rows[:MANY]:
        name = plain_name(row)
        if not any(letter.isalpha() for letter in name):
            continue
        whole = extract(name, words[:MANY], scorer=ratio, limit=2, score_cutoff=ALIKE)
        sorted_words = extract(name, words[:MANY], scorer=token_sort_ratio, limit=2, score_cutoff=ALIKE)
        scores = {position: score for _, score, position in sorted([*whole, *sorted_words], key=lambda hit: hit[1])}
        scores = {
            i: score for i, score in scores.items() if _distinguishing_words(words[i]) == _distinguishing_words(name)
        }
        scores |= {i: 100.0 for i, area in enumerate(areas[:MANY]) if _cut_short(row, area) or _cut_short(area, row)}
        ranked = sorted(((score, i) for i, score in scores.items()), reverse=True)
        if ranked and (len(ranked) == 1 or ranked[0][0] - ranked[1][0] > AHEAD):
            score, position = ranked[0]
            found.append(Suggestion(row, (areas[position],), round(score, 1)))
    return found


def _distinguishing_words(name: str) -> list[str]:
    """Return the words and numbers that distinguish districts of the same name."""
    return sorted(word for word in name.split() if word in DISTINGUISHING or any(c.isdigit() for c in word))


def _cut_short(short: str, full: str) -> bool:
    """Return True if a name is another one with words cut short by a point, such as ``Charl.-Nord``."""
    if "." not in short:
        return False
    pieces, words = re.findall(r"[^\W_]+\.?", short.casefold()), re.findall(r"[^\W_]+", full.casefold())
    return len(pieces) == len(words) and all(
        word.startswith(piece[:-1]) if piece.endswith(".") else word == piece
        for piece, word in zip(pieces, words, strict=True)
    )
