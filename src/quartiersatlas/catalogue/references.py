"""Published values that the areas' own numbers cannot give: the city's median, the state's rate, with their source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any

from quartiersatlas.base.checks import expects
from quartiersatlas.base.letters import composed
from quartiersatlas.base.toml import refuse_unknown, table
from quartiersatlas.errors import ArgumentError, SpecError, inside

KEYS = ("values", "source", "as_of", "unit")  # of a reference in a file
EXAMPLE = 'qa.Reference(values={"income": 24500}, source="Statistical office", as_of="2023")'
CITY = "city"  # the reference that stands for the whole city
TOTALS = "total of "  # and the file: what a totals row publishes for the whole city


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Published values of indicators, with where they come from.

    Parameters
    ----------
    values : mapping of str to float, or to a mapping of str to float
        Indicator -> its published value, in the unit of the indicator; or one value per key of a higher level.
    source : str
        Where it was published. A number without a source is no reference.
    as_of : str
        The date of the values.
    unit : str
        In which unit, where that is not the indicator's own: it is compared with the indicator's, not converted.

    Raises
    ------
    SpecError
        The source is empty, or a value is no finite number.

    Examples
    --------
    >>> Reference(values={"income": 24500}, source="Statistical office", as_of="2023").values["income"]
    24500
    """

    values: Mapping[str, float | Mapping[str, float]]
    source: str
    as_of: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        expects(self.values, Mapping, "Reference: values", EXAMPLE)
        for name in ("source", "as_of", "unit"):
            expects(getattr(self, name), str, f"Reference: {name}", EXAMPLE)
        if not self.source.strip():
            raise SpecError(f"A reference needs its source: {EXAMPLE}.")
        for name, value in self.values.items():
            parts = value.values() if isinstance(value, Mapping) else [value]
            for number in parts:
                if isinstance(number, bool) or not isinstance(number, Real) or not abs(float(number)) < float("inf"):
                    raise SpecError(f"Reference: the value of {name!r} is {number!r}, which is no number: {EXAMPLE}.")

    def number(self, indicator: str) -> float | None:
        """Return the one published value of an indicator; None where there is none, or one per higher level."""
        value = self.values.get(indicator)
        return None if value is None or isinstance(value, Mapping) else float(value)


def checked_references(references: Mapping[str, Reference] | None, call: str) -> dict[str, Reference]:
    """Return references by name, or say how they are written.

    Raises
    ------
    ArgumentError
        It is no mapping of names to references.
    SpecError
        A name looks like a number.
    """
    how = f'references={{"city": {EXAMPLE}}}'
    if references is None:
        return {}
    expects(references, Mapping, f"{call}: references", how)
    for name, reference in references.items():
        expects(name, str, f"{call}: references", how)
        expects(reference, Reference, f"{call}: references", how)
        if looks_like_number(name):
            raise SpecError(
                f"{call}: reference {name!r} is named like a number, and a rule would take it for one. Give it a name "
                f"with a word, such as 'state_{name.strip()}'."
            )
    return {composed(name): reference for name, reference in references.items()}  # as rules write names


def looks_like_number(text: str) -> bool:
    """Return whether a text would be taken for a number: digits with signs, marks and blanks, "nan" or "inf"."""
    plain = text.strip().rstrip("%").strip()
    return re.fullmatch(r"[+-]?[\d.,\s]*\d[\d.,\s]*", plain) is not None or plain.lower() in ("nan", "inf")


def written_references(entries: object, where: str) -> dict[str, Reference]:
    """Return the references of a rule file or need spec: tables of source, date, unit and values, by name.

    Raises
    ------
    SpecError
        One has no source, an unknown key, or a value that is no number; the place is that of the entry.
    """
    found = {}
    for name, entry in table(entries, where).items():
        with inside("references", name):
            found[composed(name)] = _written(entry, name)
    return found


def _written(entry: object, name: str) -> Reference:
    content = table(entry, f"reference {name!r}")
    bare = [key for key, value in content.items() if key not in KEYS and isinstance(value, Real | Decimal)]
    if bare and "values" not in content:
        raise SpecError(f"reference {name!r}: values stand in a table, values = {{ {bare[0]} = {content[bare[0]]} }}.")
    refuse_unknown(content, KEYS, f"reference {name!r}")
    if "source" not in content:
        raise SpecError(f'reference {name!r}: its source is missing: source = "Statistical office".')
    values = {key: _floats(value) for key, value in table(content.get("values", {}), f"reference {name!r}").items()}
    try:
        return Reference(**{**content, "values": values})
    except (ArgumentError, TypeError) as error:
        raise SpecError(f"reference {name!r}: {error}") from error


def _floats(value: object) -> Any:  # noqa: ANN401 - a number, or one per unit
    if isinstance(value, dict):
        return {key: _floats(one) for key, one in value.items()}
    return float(value) if isinstance(value, Decimal) else value


def published_for_city(references: Mapping[str, Reference], indicator: str) -> tuple[float, Reference] | None:
    """Return the published value of the whole city: as the user gives it, or else as a totals row has it."""
    totals = [reference for name, reference in references.items() if name.startswith(TOTALS)]
    for reference in (*([references[CITY]] if CITY in references else []), *reversed(totals)):
        value = reference.number(indicator)
        if value is not None:
            return value, reference
    return None
