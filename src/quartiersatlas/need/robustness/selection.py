"""Who is on the shortlist: a share, a number of areas, or classes; as one rule that every run applies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.scales import ranks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.need.spec.spec import NeedSpec

    Array = NDArray[np.float64]


Choice = float | int | Mapping[str, Sequence[str]] | Sequence[Mapping[str, Sequence[str]]] | None


def selection_of(spec: NeedSpec, choice: Choice, n_areas: int) -> Selection:
    """Turn what a caller names into a rule of selection.

    Parameters
    ----------
    spec : NeedSpec
        The spec, for axes and classes.
    choice : float, int, mapping, list of mappings or None
        A share in (0, 1) or a number of areas with the highest scores of the first axis; ``{"status": ["very_low"]}``:
        axes and classes that must all hold; a list of such: one of them must hold. None: the highest class of the first
        axis.
    n_areas : int
        Number of scored areas: no more can be selected.

    Raises
    ------
    SpecError
        An axis or class is not there, or a number is out of range.
    """
    first = spec.axes[0]
    if choice is None:
        if len(first.classes) < 2:  # noqa: PLR2004 - one class holds everybody
            raise SpecError(
                f"The first axis {first.id!r} has no classes to select by. Say how many: select=0.1, or select=20."
            )
        choice = {first.id: [first.classes[-1].id]}
    if isinstance(choice, int | np.integer) and not isinstance(choice, bool):
        if choice < 1:
            raise SpecError(f"select={choice}: at least one area must be selected.")
        if choice > n_areas:
            raise SpecError(
                f"select={choice}: only {count_noun(n_areas, 'area has', 'areas have')} a score. Name a smaller "
                f"number, or a share."
            )
        return Selection(number=int(choice), axes=(first.id,), text=f"the {choice} highest scores of {first.id}")
    if isinstance(choice, float | np.floating):
        if not 0 < choice < 1:
            raise SpecError(
                f"select={choice!r}: a share of the areas is in (0, 1); a number of areas is a whole number."
            )
        return Selection(
            share=float(choice), axes=(first.id,), text=f"the highest {choice:.4g} of the scores of {first.id}"
        )
    named = list(choice) if isinstance(choice, list | tuple) else [choice]
    conditions = [one for one in named if isinstance(one, Mapping)]
    if len(conditions) < len(named):
        raise SpecError(
            f"select={choice!r}: name a share, a number of areas, or classes such as {{'status': ['low']}}."
        )
    found = tuple({axis: _numbers(spec, axis, names) for axis, names in one.items()} for one in conditions)
    if not found or not all(found):
        raise SpecError(f"select={choice!r} names no axis and no class.")
    axes = tuple(axis.id for axis in spec.axes if any(axis.id in one for one in found))
    words = " or ".join(
        " and ".join(
            f"{axis} in {{{', '.join(spec.axis(axis).classes[k].id for k in numbers)}}}"
            for axis, numbers in one.items()
        )
        for one in found
    )
    return Selection(classes=found, axes=axes, text=words)


def _numbers(spec: NeedSpec, axis: str, names: object) -> list[int]:
    known = [c.id for c in spec.axis(axis).classes]
    names = list(names) if isinstance(names, list | tuple | set | frozenset) else [names]
    if not names:
        raise SpecError(f"select: name at least one class of axis {axis!r}: {', '.join(known)}.")
    for name in names:
        if name not in known:
            raise SpecError(f"select: axis {axis!r} has no class {name!r}; it has {', '.join(known)}.")
    return [known.index(str(name)) for name in names]


@dataclass(frozen=True, eq=False)
class Selection:
    """A rule of selection.

    Parameters
    ----------
    share, number : float, int, optional
        The areas with the highest score of the first axis: a share of the scored areas, or how many; equal scores at
        the border are all in.
    classes : tuple of dict
        One of these must hold: for each axis named in it, the area is in one of the classes (by their numbers).
    axes : tuple of str
        The axes it looks at.
    text : str
        The rule in words.
    """

    share: float | None = None
    number: int | None = None
    classes: tuple[dict[str, list[int]], ...] = ()
    axes: tuple[str, ...] = ()
    text: str = ""

    def selected(
        self,
        scores: Mapping[str, Array],
        classes: Mapping[str, NDArray[np.int64]],
        shift: Array | float = 0.0,
        places: Array | None = None,
    ) -> NDArray[np.bool_]:
        """Return who is selected, shape (..., n_areas); a shift of 0.1 takes 10 % more areas by score.

        ``places`` are the ranks of the first axis, 1 the highest score, where they are known already.
        """
        if not self.classes:
            score = scores[self.axes[0]]
            n = (~np.isnan(score)).sum(axis=-1, keepdims=True)
            wanted = n * self.share if self.share is not None else np.minimum(n, self.number or 0)
            most = np.maximum(1, np.floor(wanted * (1 + shift) + 0.5))
            highest: NDArray[np.bool_] = (ranks(-score, "min") if places is None else places) <= most
            return highest
        anyone = [
            np.logical_and.reduce([np.isin(classes[axis], numbers) for axis, numbers in condition.items()])
            for condition in self.classes
        ]
        chosen: NDArray[np.bool_] = np.logical_or.reduce(anyone)
        return chosen
