"""A spec changed, made in one line, and what distinguishes it from the preset that it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import Catalogue, Message, text
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.spec.records import NeedGroup, NeedRules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quartiersatlas.catalogue import Lang

AnyRules = TypeVar("AnyRules", bound=NeedRules)

CHANGED = "-changed"  # what an edited preset has at the end of its id
MOST_SAID = 6  # changes named one by one
WORDS = {"id", "label_de", "label_en", "unit", "kind", "limit_source", "published", "numerator", "denominator", "code"}
INSIDE = {"members", "classes", "axes"}  # compared part by part
IDENTITY = {"source", "verified", "unverified", "unverified_de", "weights_sum", "exclude"}


def with_weights(spec: AnyRules, weights: Mapping[str, float], axis: str | None = None) -> AnyRules:
    """Return a spec with other weights of some indicators and domains.

    Raises
    ------
    SpecError
        An id is no indicator or domain of the spec, or of the axis; a weight is not above 0.
    """
    how = 'spec.with_weights({"child_poverty_u15": 2})'
    expects(weights, Mapping, "with_weights", how)
    shown = spec.axes if axis is None else (spec.axis(axis),)
    known = {member.id for one in shown for group in one.groups() for member in group.members}
    unknown = [name for name in weights if name not in known]
    if unknown:
        raise SpecError(
            f"with_weights: {list_some(unknown)} {'is' if len(unknown) == 1 else 'are'} no indicator or domain of the "
            f"spec {spec.id!r}; it has {list_some(sorted(known), 30)}."
        )

    def weighed(member: Any) -> Any:  # noqa: ANN401 - of the same kind
        if isinstance(member, NeedGroup):
            member = replace(member, members=tuple(map(weighed, member.members)))
        return replace(member, weight=float(weights[member.id])) if member.id in weights else member

    axes = tuple(weighed(one) if one in shown else one for one in spec.axes)
    return replace(spec, axes=axes)


def simple_content(
    indicators: Mapping[str, float] | Iterable[str], name: str, source: str, min_population: float
) -> dict[str, Any]:
    """Return the content of a spec of z-scores, summed with weights, standardised and classed at -1 and 1."""
    how = 'qa.NeedSpec.simple({"sgb2_rate": 2, "no_school_certificate": 1})'
    expects(indicators, (Mapping, list, tuple), "NeedSpec.simple", how)
    weights = dict(indicators) if isinstance(indicators, Mapping) else dict.fromkeys(indicators, 1.0)
    catalogue = Catalogue.builtin()
    members = []
    for one, weight in weights.items():
        expects(weight, (int, float), f"NeedSpec.simple: the weight of {one!r}", how)
        known = catalogue[one].direction if one in catalogue else 1
        direction = -1 if weight < 0 else 1 if known is None or known == 0 else int(known)
        members.append({"id": one, "weight": abs(float(weight)), "direction": direction})
    classes = [
        {"id": "low", "upper": -1.0, **_labels("spec_class_low")},
        {"id": "medium", "upper": 1.0, **_labels("spec_class_medium")},
        {"id": "high", **_labels("spec_class_high")},
    ]
    axis = {"id": "need", **_labels("spec_axis_need"), "standardise": {"method": "z"}, "indicators": members}
    source = source or own_choice()
    return {"id": name, "source": source, "min_population": min_population, "axes": [{**axis, "classes": classes}]}


def own_choice() -> str:
    """Return the source of a spec that names none, in both languages: a file is read in either."""
    return " / ".join(text("spec_own_choice", lang) for lang in LANGUAGES)


def _labels(name: str) -> dict[str, str]:
    return {f"label_{lang}": text(name, lang) for lang in LANGUAGES}


def changes(before: NeedRules, after: NeedRules) -> list[Message]:
    """Return what differs between two specs in what scores and classes depend on.

    Labels and units do not count, and areas left out by hand do not either: they are no rule, and each is listed with
    its reason wherever the index is shown.
    """
    return [*_options(before, after, "", IDENTITY), *_parts(before.axes, after.axes)]


def changes_text(preset: str, found: list[Message], lang: Lang) -> str:
    """Return the source of an edited preset: from which it was changed, and what."""
    said = [text(one.name, lang, **one.values) for one in found[:MOST_SAID]]
    if len(found) > MOST_SAID:
        said.append(text("spec_changed_more", lang, count=len(found) - MOST_SAID))
    return text("spec_changed", lang, preset=preset, changes="; ".join(said))


def _parts(before: Iterable[Any], after: Iterable[Any]) -> Iterator[Message]:
    """Yield what differs between members of the same ids, and which came or went."""
    old, new = {one.id: one for one in before}, {one.id: one for one in after}
    for name in old:
        if name not in new:
            yield Message("spec_changed_removed", {"id": name})
    for name, one in new.items():
        if name not in old:
            yield Message("spec_changed_added", {"id": name})
        elif type(one) is not type(old[name]):
            yield Message("spec_changed_option", {"key": "members", "id": name, "old": "…", "new": "…"})
        else:
            yield from _options(old[name], one, name, set())
            if isinstance(one, NeedGroup):
                yield from _classes(old[name], one)
                yield from _parts(old[name].members, one.members)


def _classes(before: NeedGroup, after: NeedGroup) -> Iterator[Message]:
    if before.uppers != after.uppers:
        old, new = (", ".join(f"{upper:g}" for upper in group.uppers) or "–" for group in (before, after))
        yield Message("spec_changed_option", {"key": "upper", "id": after.id, "old": old, "new": new})
    elif [c.id for c in before.classes] != [c.id for c in after.classes]:
        old, new = (", ".join(c.id for c in group.classes) or "–" for group in (before, after))
        yield Message("spec_changed_option", {"key": "classes", "id": after.id, "old": old, "new": new})


def _options(before: Any, after: Any, name: str, ignored: set[str]) -> Iterator[Message]:  # noqa: ANN401 - two parts
    for field in fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name in WORDS | INSIDE | ignored or old == new:
            continue
        if field.name == "weight":
            yield Message("spec_changed_weight", {"id": name, "old": f"{old:g}", "new": f"{new:g}"})
        elif is_dataclass(old) and not isinstance(old, type):
            yield from _options_of_rule(old, new, f"{field.name}", name)
        else:
            yield _option(field.name, name, old, new)


def _options_of_rule(old: Any, new: Any, rule: str, name: str) -> Iterator[Message]:  # noqa: ANN401 - two rules
    for field in fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after:
            yield _option(f"{rule}.{field.name}", name, before, after)


def _option(key: str, name: str, old: object, new: object) -> Message:
    shown = [f"{one:g}" if isinstance(one, float) else "–" if one in (None, "") else str(one) for one in (old, new)]
    values = {"key": key, "id": name, "old": shown[0], "new": shown[1]}
    return Message("spec_changed_option" if name else "spec_changed_rule", values)
