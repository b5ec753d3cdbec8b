"""What a check has read and found, in the language of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.catalogue import text
from quartiersatlas.disclosure.words import draft_text, summary_texts
from quartiersatlas.intake.joining.data import labelled_notes
from quartiersatlas.need.robustness.stability import STABILITY_LABELS
from quartiersatlas.project.refused.refusals import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake import AreaData, Table
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.need.robustness.stability import Stability
    from quartiersatlas.project.run import ProjectResult

STATES = ("suppressed", "missing", "not_applicable", "unreliable", "provisional", "forecast")
MOST = 10


def checked_lines(result: ProjectResult) -> list[str]:
    """Return what was read, how it fits, what is selected and what would be released, line by line."""
    lang = result.project.lang
    lines = [line for table in result.tables for line in _of_table(table, lang)]
    lines += [result.fit.verdict(lang), *_of_join(result.data, lang)]
    lines += _of_need(result.need, lang) if result.need is not None else ()
    lines += summary_texts(result.release, lang)
    for found in (result.need, result.shortlist, result.candidates):
        lines += [] if found is None else [f"  {text(one.name, lang, **one.values)}" for one in found.warnings]
    lines += _of_stability(result.stability, lang) if result.stability is not None else ()
    lines += result.overlap.sentences(lang) if result.overlap is not None else ()
    acted = result.acted
    lines += [one.text(lang) for one in (*acted.gaps, acted.change, acted.lists, acted.funded) if one is not None]
    hidden = int((result.release.status == "suppressed").to_numpy().sum())
    lines.append(text("check_release", lang, columns=len(result.release.columns), hidden=hidden))
    return [line for line in (*lines, draft_text(result.release, lang)) if line]


def _of_table(table: Table, lang: Lang) -> Iterator[str]:
    rows, columns = table.values.shape
    written = told(table.written, lang)
    yield text("check_table", lang, file=table.path.name, rows=rows, columns=columns, written=written)
    counts = table.status.stack().value_counts()
    states = [f"{text(f'check_state_{state}', lang)} {counts[state]}" for state in STATES if state in counts]
    if states:
        yield f"  {text('check_states', lang, states=', '.join(states))}"
    yield from (f"  {told(note, lang)}" for note in table.notes)


def _of_join(data: AreaData, lang: Lang) -> Iterator[str]:
    for report in data.reports:
        yield report.verdict(lang)
        if report.totals_rows:
            yield f"  {text('check_totals', lang, keys=_listed([key for key, _ in report.totals_rows]))}"
        if report.excluded:
            yield f"  {text('check_excluded', lang, keys=_listed(report.excluded))}"
        yield from (f"  {told(f'repaired: {repair}', lang)}" for repair in report.repairs)
        yield from (f"  {told(note, lang)}" for note in report.notes)
    yield from (f"  {told(notice, lang)}" for notice in data.notices)
    yield from (f"  {text(note.name, lang, **note.values)}" for note in labelled_notes(data))


def _of_need(need: NeedIndex, lang: Lang) -> Iterator[str]:
    for axis in need.spec.axes:
        counts = need.classes[axis.id].value_counts()
        classes = ", ".join(f"{one.label(lang)} {counts.get(one.id, 0)}" for one in axis.classes)
        yield text("check_need", lang, axis=axis.label(lang), classes=classes)
    if len(need.excluded):
        yield f"  {text('check_without_score', lang, keys=_listed(need.excluded.index))}"


def _of_stability(stability: Stability, lang: Lang) -> Iterator[str]:
    counts = stability.table["label"].value_counts()
    labels = ", ".join(f"{text(f'stability_{label}', lang)} {counts.get(label, 0)}" for label in STABILITY_LABELS)
    yield text("check_stability", lang, runs=stability.n, labels=labels)
    yield from (f"  {line}" for line in stability.why_contradicted(lang))


def _listed(keys: Iterable[object]) -> str:
    every = list(map(str, keys))
    return ", ".join([*every[:MOST], *(["..."] if len(every) > MOST else [])])
