"""What an indicator of a date counts over what: the definition that two dates must share to be compared."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from quartiersatlas.errors import ColumnError
from quartiersatlas.intake.joining.data import kind_of

if TYPE_CHECKING:
    from quartiersatlas.intake import AreaData

FINGERPRINT = 12  # letters


@dataclass(frozen=True, kw_only=True)
class Definition:
    """How an indicator is measured.

    Parameters
    ----------
    kind, unit, base : str
        As its :class:`quartiersatlas.Indicator` has them.
    numerator, denominator : str
        The columns of counts behind it; empty where there are none.
    numerator_words, denominator_words, source : str
        What is counted over what, and where the numbers come from, in the words of the catalogue; empty where it does
        not say.
    """

    kind: str = ""
    unit: str = ""
    base: str = ""
    numerator: str = ""
    denominator: str = ""
    numerator_words: str = ""
    denominator_words: str = ""
    source: str = ""

    @property
    def fingerprint(self) -> str:
        """Short id of the definition: the same wherever the same is measured in the same way."""
        words = "\x1f".join(f"{name}={value}" for name, value in sorted(asdict(self).items()))
        return sha256(words.encode()).hexdigest()[:FINGERPRINT]


def definition_of(data: AreaData, column: str) -> Definition:
    """Return how a column of joined data is measured.

    Raises
    ------
    ColumnError
        There is no such column.

    Examples
    --------
    A share of foreign residents and one of residents with migration background differ in their numerator.
    """
    if column not in data.values.columns:
        raise ColumnError.not_found(column, data.values.columns, "The data")
    meaning = data.catalogue.get(column)
    numerator, denominator = data.rates.get(column, ("", ""))
    return Definition(
        kind=kind_of(data, column),
        unit=meaning.unit,
        base=meaning.base,
        numerator=numerator,
        denominator=denominator,
        numerator_words=meaning.numerator_de or meaning.numerator_en,
        denominator_words=meaning.denominator_de or meaning.denominator_en,
        source=meaning.usual_source,
    )


def differing(earlier: Definition, later: Definition) -> dict[str, tuple[str, str]]:
    """Return what differs between two definitions; words that only one of them has are no difference.

    Examples
    --------
    >>> differing(Definition(numerator="foreign"), Definition(numerator="mh", source="register"))
    {'numerator': ('foreign', 'mh')}
    """
    before, after = asdict(earlier), asdict(later)
    free = ("numerator_words", "denominator_words", "source")
    return {
        name: (before[name], after[name])
        for name in before
        if before[name] != after[name] and not (name in free and not (before[name] and after[name]))
    }
