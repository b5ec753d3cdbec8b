"""Where need is, area by field of action: from a table, from rules by name, from the classes of a need index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import names as names_of
from quartiersatlas.catalogue import action_bundles, text
from quartiersatlas.errors import ArgumentError, ColumnError, SpecError, list_some
from quartiersatlas.intake.registers.schema import field_labels
from quartiersatlas.need import NeedIndex
from quartiersatlas.screening import Shortlist

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.need.spec.records import NeedAxis

NEEDED = ["area", "field", "need"]
COUNTED = ["residents", "in_need"]


@dataclass(frozen=True)
class NeedByField:
    """Whether there is need: a row per area and field, need True, False or unknown; and what decides it."""

    table: pd.DataFrame
    grounds: tuple[tuple[str, str, str], ...] = ()  # field, and what decides in German and English

    def caption(self, lang: Lang) -> str:
        """Return what decides, field by field."""
        if not self.grounds:
            return text("coverage_ground_table", lang)
        labels, at = field_labels(lang), 1 if lang == "de" else 2
        grouped: dict[str, list[str]] = {}
        for ground in self.grounds:
            grouped.setdefault(ground[at], []).append(labels.get(ground[0], ground[0]))
        return " ".join(
            text("coverage_ground", lang, fields="; ".join(fields), rule=rule) for rule, fields in grouped.items()
        )


def need_by_field(need: object, level: str | Iterable[str] | None) -> NeedByField:
    """Return need by area and field of whatever says it.

    Raises
    ------
    ArgumentError
        It is no table, no shortlists by field and no need index.
    SpecError
        A field or class is not there.
    """
    if isinstance(need, NeedIndex):
        return _of_index(need, level)
    if level is not None:
        raise SpecError(
            "coverage: level names classes of a need index; a table and shortlists say themselves where need is."
        )
    if isinstance(need, pd.DataFrame):
        return _of_table(need)
    if isinstance(need, Mapping) and need and all(isinstance(one, Shortlist) for one in need.values()):
        return _of_shortlists(need)
    raise ArgumentError(
        "coverage takes a need index, shortlists by field of action ({'education': qa.screen(data, rule)}), or a table "
        "with the columns area, field and need."
    )


def _of_table(table: pd.DataFrame) -> NeedByField:
    for column in NEEDED:
        if column not in table.columns:
            raise ColumnError.not_found(column, table.columns, "The table of need")
    _refuse_fields(table["field"])
    twice = table.duplicated(["area", "field"])
    if twice.any():
        pairs = [f"{area}, {field}" for area, field in table.loc[twice, ["area", "field"]].itertuples(index=False)]
        raise SpecError(f"The table of need has rows twice: {list_some(pairs)}. Keep one row per area and field.")
    found = pd.DataFrame({"area": table["area"].astype(str), "field": table["field"]})
    found["need"] = table["need"].astype("boolean")
    for column in COUNTED:
        found[column] = table[column].astype(float) if column in table.columns else float("nan")
    return NeedByField(found.reset_index(drop=True))


def _of_shortlists(need: Mapping[str, Shortlist]) -> NeedByField:
    _refuse_fields(need)
    parts, grounds = [], []
    for field, shortlist in need.items():
        held = shortlist.selected.astype("boolean").mask(~shortlist.assessed.astype(bool))
        parts.append(_part(field, held, shortlist.residents))
        grounds.append((field, str(shortlist.rule), str(shortlist.rule)))
    return NeedByField(pd.concat(parts, ignore_index=True), tuple(grounds))


def _of_index(need: NeedIndex, level: str | Iterable[str] | None) -> NeedByField:
    """Take need where an axis has one of the classes, for each field that its indicators point to."""
    parts: dict[str, list[pd.Series]] = {}
    grounds: list[tuple[str, str, str]] = []
    axes = [axis for axis in need.spec.axes if axis.classes]
    if not axes:
        raise SpecError("coverage: the need index has no classes; add some to its spec, or name rules by field.")
    for axis in axes:
        wanted = _levels(axis, level)
        if not wanted:
            continue
        classes = need.classes[axis.id]
        held = classes.isin(wanted).astype("boolean").mask(classes.isna() | classes.eq(""))
        labels = {one.id: (one.label_de, one.label_en) for one in axis.classes}
        rule = [
            f"{own}: {', '.join(labels[one][at] for one in wanted)}"
            for at, own in enumerate((axis.label_de, axis.label_en))
        ]
        for field in _fields_of(axis):
            parts.setdefault(field, []).append(held)
            grounds.append((field, rule[0], rule[1]))
    if not parts:
        known = [one.id for axis in axes for one in axis.classes]
        raise SpecError(f"coverage: no axis of the need index has a class {level!r}; there are {list_some(known, 20)}.")
    residents = next(iter(need.inputs.residents.values()), pd.Series(float("nan"), index=need.classes.index))
    merged = {field: _any_of(held) for field, held in parts.items()}
    ordered = [field for field in field_labels("de") if field in merged]
    table = pd.concat([_part(field, merged[field], residents) for field in ordered], ignore_index=True)
    return NeedByField(table, tuple(grounds))


def _levels(axis: NeedAxis, level: str | Iterable[str] | None) -> list[str]:
    """Return the classes that count as need: the last one, which is the one of most need, if none is named."""
    if level is None:
        return [axis.classes[-1].id]
    wanted = names_of(level, "level")
    return [one.id for one in axis.classes if one.id in wanted]


def _any_of(held: list[pd.Series]) -> pd.Series:
    """Return True where one says so, unknown where none does and one is unknown."""
    found = held[0]
    for other in held[1:]:
        found = found | other
    return found


def _fields_of(axis: NeedAxis) -> list[str]:
    """Return the fields of action that the indicators of an axis point to."""
    leaves = {leaf.id.removesuffix("_change") for leaf in axis.indicators}
    return list(dict.fromkeys(bundle.field_id for bundle in action_bundles() if leaves & set(bundle.triggers)))


def _part(field: str, held: pd.Series, residents: pd.Series) -> pd.DataFrame:
    part = pd.DataFrame({"area": held.index.astype(str), "field": field, "need": held.to_numpy()})
    part["need"] = part["need"].astype("boolean")
    part["residents"] = residents.reindex(held.index).to_numpy(dtype=float)
    part["in_need"] = float("nan")
    return part


def _refuse_fields(fields: Iterable[str]) -> None:
    unknown = [field for field in dict.fromkeys(fields) if field not in field_labels("de")]
    if unknown:
        raise SpecError(
            f"No such field of action: {list_some(unknown)}. There are {list_some(field_labels('de'), 20)}."
        )
