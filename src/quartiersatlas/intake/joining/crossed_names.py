"""Does a row bear the name of another area? Names are compared where both sides have them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pandas.api.types import is_numeric_dtype

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SHOWN
from quartiersatlas.intake.joining.join_report import CrossedName, plain_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

OWN = 0.5  # share of the rows with the name of their own area, from which a column is one of names
SAMPLE = 1000  # rows
KNOWN = 0.9  # share of the rows with the name of some area, each another one, from which it is one as well


class _Names(NamedTuple):
    """What the rows of a column are called, beside their areas."""

    column: str
    n: int
    own: int
    crossed: list[CrossedName]


def crossed_names(values: pd.DataFrame, areas: pd.DataFrame) -> tuple[CrossedName, ...]:
    """Return the rows that bear the name of another area than that of their key.

    Parameters
    ----------
    values : DataFrame
        The table on unique keys.
    areas : DataFrame
        Name and parents on the district key.

    Notes
    -----
    Names are the same that differ in capitals, umlauts, hyphens and abbreviations only. A row with a name that no area
    has is no contradiction, and neither is one with a part of the name of its area. A column is one of names where at
    least half of its rows bear the name of their area; without such a column, one in which (nearly) every row bears the
    name of an area, each that of another one.
    """
    matched = values.index.intersection(areas.index, sort=False)
    if len(matched) < 2 or (areas["name"] == areas.index).all():  # noqa: PLR2004 - two rows can change places
        return ()
    columns = [column for column in values.columns if not is_numeric_dtype(values[column].dtype)]
    known = _AreaNames(areas["name"])
    found = [_compared(values.loc[matched, column], known) for column in columns]
    named = [names for names in found if names.n and names.own >= OWN * names.n]
    if not named:
        named = [names for names in found if names.n > 1 and names.own + len(names.crossed) >= KNOWN * names.n]
        named = [names for names in named if len({one.called for one in names.crossed}) == len(names.crossed)]
    return tuple(named[0].crossed) if named else ()


def _words(name: object) -> list[str]:
    return plain_name(str(name)).split()


@dataclass(frozen=True)
class _AreaNames:
    """The names of the areas, and their words, which are looked at only where a text is not the same as the name."""

    names: pd.Series

    @cached_property
    def words(self) -> dict[str, list[str]]:
        """Name -> its words."""
        return {name: _words(name) for name in self.names.unique()}

    @cached_property
    def keys_by_words(self) -> dict[str, list[str]]:
        """Words, written together -> the keys of the areas that are called so."""
        found: dict[str, list[str]] = {}
        for key, name in self.names.items():
            found.setdefault("".join(self.words[name]), []).append(str(key))
        return found


def _compared(column: pd.Series, known: _AreaNames) -> _Names:
    """Compare the words of a column with the names of the areas."""
    texts = column.dropna().astype(str)
    texts = texts[texts.str.strip() != ""]
    if texts.nunique() < OWN * len(texts):  # a higher level, a kind: not a name of its own for each row
        return _Names(str(column.name), 0, 0, [])
    if len(texts) > 2 * SAMPLE:  # most columns of words are no names of areas, and a part of their rows shows it
        part = _compared(texts.iloc[:: len(texts) // SAMPLE], known)
        if part.own + len(part.crossed) < OWN / 2 * part.n:
            return _Names(str(column.name), 0, 0, [])
    same = texts.to_numpy(dtype=object) == known.names.loc[texts.index].to_numpy(dtype=object)
    own, crossed = int(same.sum()), []
    for key, called in texts[~same].items():
        words, mine = _words(called), known.words[known.names[key]]
        others = known.keys_by_words.get("".join(words), [])
        if "".join(words) == "".join(mine):
            own += 1
        elif len(others) == 1 and words and not (set(words) <= set(mine) or set(mine) <= set(words)):
            crossed.append(CrossedName(str(key), str(column.name), called, str(known.names[key]), others[0]))
    return _Names(str(column.name), len(texts), own, crossed)


def crossed_message(source: str, crossed: Sequence[CrossedName], columns: Sequence[str]) -> str:
    """Return the message for rows that bear the name of another area.

    Parameters
    ----------
    source : str
        Name of the table.
    crossed : list of CrossedName
        The rows.
    columns : list of str
        All columns of the table.
    """
    column = crossed[0].column
    by_key = {one.key: one for one in crossed}
    pairs = [one for one in crossed if one.key < one.other and by_key.get(one.other, one).other == one.key]
    swapped = "; ".join(f"{one.key!r} and {one.other!r} have each other's names" for one in pairs[:SHOWN])
    shown = "; ".join(
        f"{one.key!r} is called {one.called!r}, which is {one.other!r}, and its area is {one.area!r}"
        for one in crossed[:SHOWN]
    )
    more = f" and {len(crossed) - SHOWN} more" if len(crossed) > SHOWN else ""
    rest = [name for name in columns if name != column]
    have = count_noun(len(crossed), "row bears the name of another area", "rows bear the names of other areas")
    return (
        f"{source}: {have} in {column!r}: {shown}{more}.{f' Rows {swapped}.' if pairs else ''} Did keys or rows change "
        f"places? Correct the table. If the keys are right and the names are wrong, leave the names out: of a frame "
        f"with table.drop(columns={[column]!r}), of a file with columns={rest!r}; or pass missing='report'. "
        f"All of them: err.report.crossed_names"
    )
