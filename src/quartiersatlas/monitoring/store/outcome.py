"""The findings on a new period: who accepts them gives a reason, and then it is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.base.checks import choice, count_noun
from quartiersatlas.catalogue import Message, text
from quartiersatlas.errors import SpecError
from quartiersatlas.monitoring.store.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Findings:
    """What is odd in a new period, and whether it is stored.

    Parameters
    ----------
    rows : tuple of Finding
        Refused, asked and noted.
    accepted : mapping of str to (str, str)
        Id of a finding -> the reason that was given, and by whom.
    period : str
        The period as it was called.
    stored : str
        Its folder in the store; empty as long as it is not stored.
    _again : callable, optional
        What looks at the period again, with further findings accepted.
    """

    rows: tuple[Finding, ...]
    accepted: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    period: str = ""
    stored: str = ""
    _again: Any = None

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Those that keep the period out."""
        return tuple(row for row in self.rows if row.level == "refuse")

    @property
    def asked(self) -> tuple[Finding, ...]:
        """Those that need a reason and have none yet."""
        return tuple(row for row in self.rows if row.level == "ask" and row.id not in self.accepted)

    @property
    def table(self) -> pd.DataFrame:
        """One row per finding: ``id``, ``level``, ``code``, ``column``, ``key``, text and reason."""
        rows = [
            {
                "id": row.id,
                "level": row.level,
                "code": row.code,
                "column": row.column,
                "key": row.key,
                "text_de": row.text("de"),
                "text_en": row.text("en"),
                "reason": self.accepted.get(row.id, ("", ""))[0],
                "by": self.accepted.get(row.id, ("", ""))[1],
            }
            for row in self.rows
        ]
        head = ["id", "level", "code", "column", "key", "text_de", "text_en", "reason", "by"]
        return pd.DataFrame(rows, columns=head)

    def accept(self, *ids: str, reason: str, by: str) -> Findings:
        """Accept findings that are asked about, with the reason; the period is stored once none is left.

        Parameters
        ----------
        *ids : str
            Which ones; all that are asked about, if none is named.
        reason : str
            Why the number is right. It becomes a note of the period.
        by : str
            Office or person that says so.

        Returns
        -------
        Findings
            With ``.stored``, if the period could be stored.

        Raises
        ------
        SpecError
            A finding is refused or not there; reason or name is empty.
        InputError
            The store cannot be written.
        """
        for name, words in (("reason", reason), ("by", by)):
            if not isinstance(words, str) or not words.strip():
                raise SpecError(f"accept: {name} is empty: it is kept beside the number.")
        known = [row.id for row in self.rows if row.level == "ask"]
        refused = [row.id for row in self.refused]
        for name in ids:
            if name in refused:
                raise SpecError(f"accept: {name!r} is refused, not asked about: mend the data.")
            choice(name, known, "accept: id")
        given = dict.fromkeys(ids or known, (reason.strip(), by.strip()))
        found: Findings = self._again({**self.accepted, **given}, by.strip())
        return found

    def text(self, lang: Lang = "de") -> str:
        """Return the findings as lines, the gravest first, and whether the period is stored."""
        order = {"refuse": 0, "ask": 1, "note": 2}
        lines = []
        for row in sorted(self.rows, key=lambda one: order[one.level]):
            reason = self.accepted.get(row.id)
            said = text("finding_accepted", lang, reason=reason[0], by=reason[1]) if reason else ""
            lines.append(
                f"{text(f'finding_level_{row.level}', lang)}: {row.text(lang)} {said}".rstrip() + f" [{row.id}]"
            )
        state = "stored" if self.stored else "not_stored"
        return "\n".join([*lines, text(f"findings_{state}", lang, period=self.period, n=len(self.asked))])

    def __repr__(self) -> str:
        counts = [
            count_noun(len(part), one) for part, one in ((self.refused, "refusal"), (self.asked, "open question"))
        ]
        state = f"stored as {self.stored}" if self.stored else "not stored"
        lines = [f"Findings on {self.period or 'a period without a date'}: {', '.join(counts)}; {state}"]
        return "\n".join([*lines, *(f"  {row.level}: {row.text('en')} [{row.id}]" for row in self.rows)])

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text('de'))}</pre>"


def finding_from(row: Mapping[str, Any]) -> Finding:
    """Return a finding from its file."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in row["message"]["values"].items()}
    message = Message(row["message"]["name"], values)
    return Finding(level=row["level"], code=row["code"], column=row["column"], key=row["key"], message=message)


@dataclass(frozen=True, kw_only=True)
class Adding:
    """How a period is added; see ``Monitor.add``."""

    by: str
    on: str
    new_areas: bool
    revision: bool
    breaks: frozenset[str]
