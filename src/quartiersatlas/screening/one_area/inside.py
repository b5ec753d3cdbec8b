"""Conditions with a rule inside, while the counts of one area change: everything is evaluated anew for each change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.screening.evaluation.evaluate import Held, held
from quartiersatlas.screening.one_area.answers import CELLS, Evaluated, changed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quartiersatlas.screening.evaluation.evidence import Evidence
    from quartiersatlas.screening.one_area.answers import Step
    from quartiersatlas.screening.one_area.scored import Rescored

    Ints = NDArray[np.int64]
    Changes = Mapping[str, tuple[Ints, Ints]]


def evidence_after(evidence: Evidence, rescored: Rescored | None, rows: Ints, changes: Changes) -> Evidence:
    """Return one run for each of some areas after changes of its counts; a need index is computed anew."""
    own = {name: pair for name, pair in changes.items() if name in evidence.measured}
    found = changed(evidence, rows, own)
    behind = {} if rescored is None else {name: pair for name, pair in changes.items() if name in rescored.measured}
    return rescored.evidence(found, rows, behind) if rescored is not None and behind else found


class Inside(Evaluated):
    """The answers of a condition with a rule inside."""

    def __init__(self, one: Held, evidence: Evidence, rescored: Rescored | None, steps: Mapping[str, Step]) -> None:
        self.one, self.condition, self.evidence, self.rescored = one, one.condition, evidence, rescored
        known = {*evidence.measured, *(() if rescored is None else rescored.measured)}
        self.steps = {name: step for name, step in steps.items() if name in known}
        shape = (1, evidence.n_areas)
        self.now = tuple(np.broadcast_to(side, shape)[0] for side in (one.truth.yes, one.truth.no))
        self.free = np.ones(evidence.n_areas, dtype=bool)
        self.cells = len(one.condition.every)
        if rescored is not None and any(rescored.behind(part) for part in one.condition.every):
            self.cells *= max(1, len(rescored.need.inputs.values.columns))
            self.asked = 2_000_000  # an index takes longer than a comparison

    def anew(self, rows: Ints, d: Ints) -> Evidence:
        """Return one run for each of some areas."""
        changes = {name: (step.x * d, step.n * d) for name, step in self.steps.items()}
        return evidence_after(self.evidence, self.rescored, rows, changes)


def turned_inside(
    one: Held, evidence: Evidence, rescored: Rescored | None, rows: Ints, changes: Changes
) -> tuple[Ints, Ints]:
    """Return whose answer turns when some areas change, each alone: places in ``rows``, and other areas."""
    runs, others = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    block = max(1, CELLS // (evidence.n_areas * len(one.condition.every)))
    for start in range(0, len(rows), block):
        some = slice(start, start + block)
        more = {name: (x[some], n[some]) for name, (x, n) in changes.items()}
        truth = held(one.condition, evidence_after(evidence, rescored, rows[some], more)).truth
        turns = (truth.yes & one.truth.no) | (truth.no & one.truth.yes)
        turns = np.broadcast_to(turns, (len(rows[some]), evidence.n_areas)).copy()
        turns[np.arange(len(turns)), rows[some]] = False
        found = np.nonzero(turns)
        runs.append(found[0] + start)
        others.append(found[1])
    return np.concatenate(runs), np.concatenate(others)
