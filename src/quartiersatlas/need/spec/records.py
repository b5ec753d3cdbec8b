"""A need index as data: indicators in domains in axes, with the checks that every one of them passes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.toml import settle
from quartiersatlas.catalogue import Indicator
from quartiersatlas.catalogue.texts import pick
from quartiersatlas.errors import SpecError, inside
from quartiersatlas.need.spec.steps import Breaks, Normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quartiersatlas.catalogue import Lang

TRANSFORMS = ("none", "log", "log1p", "sqrt", "winsorise")
AGGREGATES = ("sum", "arithmetic", "geometric", "harmonic", "product", "mazziotta_pareto", "copeland", "count")
POSITIVE = ("geometric", "harmonic", "mazziotta_pareto")  # aggregations that need values above 0
INCOMPLETE = ("as_is", "rescale")
VALUES = ("observed", "shrunken")

MOST_NESTED = 20  # levels of domains: published indices have two or three

SpecPlace = tuple[str | int, ...]
"""The way to a part of a spec in its file, such as ``("axes", 0, "domains", 1)``."""


@dataclass(frozen=True, kw_only=True)
class NeedRules:
    """The rules of a need index.

    Parameters
    ----------
    id : str
        Name of the spec.
    source : str
        Where the rules come from.
    axes : tuple of NeedAxis
        The first axis is the need itself; further ones, such as dynamics, stand beside it.
    min_population : float
        Areas with fewer residents are left out before means and deviations are computed.
    min_population_in : {"every", "latest"}
        Whether the minimum holds in every period used (both dates of a change) or in the latest only.
    exclude : mapping of str to str
        Areas left out by hand: key -> reason.
    weights_sum : float, optional
        What the source says the weights of the first axis sum to; the audit compares.
    verified : str
        What the spec was proved against; empty where it was not.
    unverified : str
        Why a preset could not be proved: using it warns.
    unverified_de : str
        The same in German.
    """

    id: str
    source: str
    axes: tuple[NeedAxis, ...]
    min_population: float = 300.0
    min_population_in: str = "every"
    exclude: Mapping[str, str] = field(default_factory=dict)
    weights_sum: float | None = None
    verified: str = ""
    unverified: str = ""
    unverified_de: str = ""

    def __post_init__(self) -> None:
        where = f"The need spec {self.id!r}"
        settle(self, where)
        _check_parts(self.axes, (NeedAxis,), f"{where}: axes")
        object.__setattr__(self, "axes", tuple(self.axes))
        if not self.axes:
            raise SpecError(f"{where} has no axes.", key="id")
        with inside("min_population_in"):
            choice(self.min_population_in, ("every", "latest"), "min_population_in")
        if not self.min_population >= 0:
            raise SpecError(f"min_population is {self.min_population!r}; it must be 0 or more.", key="min_population")
        if self.weights_sum is not None and not self.weights_sum > 0:
            raise SpecError(f"weights_sum is {self.weights_sum!r}; it must be above 0.", key="weights_sum")
        _check_names(self)

    @property
    def hash(self) -> str:
        """Short fingerprint of everything in the spec that a score depends on, and its words; part of every output."""
        content = asdict(self, dict_factory=_without_units)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    def axis(self, name: str) -> NeedAxis:
        """Return an axis by its id.

        Raises
        ------
        SpecError
            There is none; the message lists them.
        """
        for axis in self.axes:
            if axis.id == name:
                return axis
        raise SpecError(
            f"The spec {self.id!r} has no axis {name!r}; it has {', '.join(axis.id for axis in self.axes)}."
        )


def _without_units(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Leave out what changes no score, and later options that are not used: specs from before them keep their hash."""
    names = {name for name, _ in pairs}
    unused = {"unit", "kind", "limit_source", "published"}
    if "members" in names and "standardise" not in names and not dict(pairs)["classes"]:
        unused |= {"classes", "breaks"}  # of a domain
    return {name: value for name, value in pairs if name not in unused and not (name in LATER and value == LATER[name])}


# Options that came after specs had been published under a hash: what has them at their default keeps its hash
LATER: dict[str, Any] = {
    "limit": None,
    "compare": "above",
    "q": None,
    "by": "",
    "among": "all",
    "n": None,
    "beyond": "keep",
    "digits": None,
    "closed": "",
    "incomplete": "as_is",
    "value": "observed",
    "winsor_skew": 2.0,
    "winsor_kurtosis": 3.5,
    "winsor_points": 5,
}


@dataclass(frozen=True, kw_only=True)
class NeedGroup:
    """Members put on one scale and added up: a domain, or a part of one.

    Parameters
    ----------
    id, label_de, label_en : str
        Name and labels.
    weight : float
        Weight in the group above.
    normalise : Normalise
        How the members are put on one scale.
    aggregate : {"sum", "arithmetic", "geometric", "harmonic", "product", "mazziotta_pareto", "copeland", "count"}
        How they become one value. ``sum`` and ``product`` take weights as they are (as factors, as exponents), the
        others share them out to 1. Means other than the arithmetic need values above 0, a product values from 0 on.
    min_present : float
        Share of the weights that must be present in an area, in (0, 1]; an area with less is excluded. Where it is
        below 1, areas with gaps are computed from what they have and listed in ``NeedIndex.incomplete``.
    incomplete : {"as_is", "rescale"}
        What the value of an area with gaps is: that of the members it has, which lies nearer to the ends the fewer
        they are, or that value brought to the mean and the spread that the complete areas have with all members.
    breaks : Breaks
        What ``upper`` of the classes means: the value itself, standard deviations, or shares of the areas.
    classes : tuple of NeedClass
        Rising; of a domain, if it has any: classes of its own value, see ``NeedIndex.groups``.
    members : tuple of NeedIndicator or NeedGroup
        Up to 20 levels; domains come before indicators, whatever order is given.
    """

    id: str
    label_de: str = ""
    label_en: str = ""
    weight: float = 1.0
    normalise: Normalise = field(default_factory=Normalise)
    aggregate: str = "sum"
    min_present: float = 1.0
    incomplete: str = "as_is"
    breaks: Breaks = field(default_factory=Breaks)
    classes: tuple[NeedClass, ...] = ()
    members: tuple[NeedIndicator | NeedGroup, ...] = ()

    def __post_init__(self) -> None:
        where = f"{self._kind} {self.id!r}"
        settle(self, where)
        _check_parts(self.members, (NeedIndicator, NeedGroup), f"{where}: members")
        expects(self.normalise, Normalise, f"{where}: normalise", 'Normalise(method="z")')
        # domains first, as files list them: a spec has one order, whoever built it
        members = sorted(self.members, key=lambda member: isinstance(member, NeedIndicator))
        object.__setattr__(self, "members", tuple(members))
        if any(isinstance(member, NeedAxis) for member in members):
            raise SpecError(f"{where} has an axis as a member; take a domain (NeedGroup).", key="id")
        if not self.members:
            raise SpecError(f"{where} has no indicators.", key="id")
        self._check_depth(where)
        names = [member.id for member in self.members]
        if len(set(names)) < len(names):
            raise SpecError(f"{where} has a duplicate indicator: {', '.join(names)}.", key="id")
        if not self.weight > 0:
            raise SpecError(f"{where}: the weight is {self.weight:g}; it must be above 0.", key="weight")
        with inside("aggregate"):
            choice(self.aggregate, AGGREGATES, f"{where}: aggregate")
        if not 0 < self.min_present <= 1:
            raise SpecError(f"{where}: min_present is {self.min_present!r}; it must be in (0, 1].", key="min_present")
        with inside("incomplete"):
            choice(self.incomplete, INCOMPLETE, f"{where}: incomplete")
        if self.incomplete != "as_is" and self.min_present == 1:
            raise SpecError(f"{where}: min_present = 1 leaves out areas with gaps; none is rescaled.", key="incomplete")
        self._check_combination(where)
        if self.classes or self._needs_classes:
            self._check_classes(where)
        elif self.breaks != Breaks():
            raise SpecError(f"{where} has breaks and no classes.", key="breaks")

    def _check_depth(self, where: str) -> None:
        """Refuse groups inside groups without end: everything that reads a spec goes down level by level."""
        level: list[NeedIndicator | NeedGroup] = [self]
        for _ in range(MOST_NESTED):
            level = [member for group in level if isinstance(group, NeedGroup) for member in group.members]
        if any(isinstance(member, NeedGroup) for member in level):
            raise SpecError(
                f"{where}: domains lie more than {MOST_NESTED} deep in each other. Take some out.", key="id"
            )

    def _check_combination(self, where: str) -> None:
        """Refuse what cannot be computed together."""
        method = self.normalise.method
        if self.aggregate == "product" and not self.normalise.may_be_at_least_zero:
            raise SpecError(
                f"{where}: a product needs values from 0 on, and normalise {method!r} gives others.",
                key="aggregate",
            )
        if self.aggregate in POSITIVE and not self.normalise.may_be_positive:
            raise SpecError(
                f"{where}: {self.aggregate} needs values above 0, and normalise {method!r} gives others. "
                f'Take method = "minmax" with a range above 0, or "z" with centre = 100 and spread = 10.',
                key="aggregate",
            )
        if (self.aggregate == "count") != (method == "above"):
            raise SpecError(
                f'{where}: aggregate = "count" and normalise method = "above" belong together.', key="aggregate"
            )
        if self.aggregate in ("count", "copeland") and self.min_present < 1:
            raise SpecError(f"{where}: {self.aggregate} needs every indicator: min_present = 1.", key="min_present")
        if self.aggregate == "count" and any(member.weight != 1 for member in self.members):
            raise SpecError(f"{where}: count counts conditions; weights other than 1 have no meaning.", key="aggregate")
        domains = sum(isinstance(member, NeedGroup) for member in self.members)
        for i, member in enumerate(self.members):
            step = ("domains", i) if i < domains else ("indicators", i - domains)
            with inside(*step):
                self._check_constants(where, member)

    def _check_constants(self, where: str, member: NeedIndicator | NeedGroup) -> None:
        """Refuse constants that are missing, or that nothing would use."""
        is_group = isinstance(member, NeedGroup)
        for needed, names in (
            (self.normalise.method == "z" and self.normalise.reference == "fixed", ("centre", "scale")),
            (self.normalise.method == "goalposts", ("low", "high")),
            (self.normalise.method == "above" and self.normalise.reference == "fixed", ("limit",)),
        ):
            for name in names:
                given = None if is_group else getattr(member, name)
                if needed and given is None:
                    raise SpecError(f"{where}: {member.id!r} needs {name} for {self.normalise}.", key=name)
                if given is not None and not needed:
                    raise SpecError(f"{where}: {member.id!r} has {name}, which {self.normalise} ignores.", key=name)
        if is_group and self.normalise.n is not None:
            raise SpecError(f"{where}: {member.id!r} is a domain; it has no published rank.", key="id")
        of_more = self.normalise.among == "positive" or self.normalise.method == "maximum"
        if of_more and getattr(member, "direction", 1) < 0:
            raise SpecError(f"{where}: {member.id!r} has direction -1; {self.normalise} needs 1.", key="direction")
        if self.normalise.reference == "city" and getattr(member, "transform", "none") != "none":
            raise SpecError(f"{where}: {member.id!r} has a transform; the city value has none.", key="transform")
        if self.normalise.reference == "city" and is_group:
            raise SpecError(f"{where}: {member.id!r} is a domain; it has no city value.", key="id")

    def _check_classes(self, where: str) -> None:
        """Refuse limits that do not rise, and classes that cannot be told apart."""
        uppers = self.uppers
        rising = len(uppers) == len(self.classes) - 1 and sorted(set(uppers)) == uppers
        if not rising or self.classes[-1].upper is not None:
            raise SpecError(f"{where}: classes need rising 'upper' breaks, and none for the last class.", key="id")
        if len({c.id for c in self.classes}) < len(self.classes):
            raise SpecError(f"{where} has duplicate class ids.", key="id")
        if len({c.code or c.id for c in self.classes}) < len(self.classes):
            raise SpecError(f"{where}: two classes are shown by the same code.", key="id")
        if self.breaks.in_shares and not all(0 < upper < 1 for upper in uppers):
            raise SpecError(f"{where}: {self.breaks.method} breaks are shares of the areas, in (0, 1).", key="breaks")

    @property
    def uppers(self) -> list[float]:
        """The limits between the classes, rising."""
        return [c.upper for c in self.classes if c.upper is not None]

    @property
    def _needs_classes(self) -> bool:
        return False

    @property
    def _kind(self) -> str:
        return "Domain"

    @property
    def indicators(self) -> tuple[NeedIndicator, ...]:
        """All indicators below, in order."""
        return tuple(leaf for member in self.members for leaf in _leaves(member))

    def groups(self) -> Iterator[NeedGroup]:
        """Yield this group and all groups below it."""
        yield self
        for member in self.members:
            if isinstance(member, NeedGroup):
                yield from member.groups()

    def label(self, lang: Lang) -> str:
        """Return the label in German or English."""
        return pick(lang, self.label_de or self.id, self.label_en or self.id)


@dataclass(frozen=True, kw_only=True)
class NeedAxis(NeedGroup):
    """One axis of the index, such as status or dynamics: a group with classes in rising order.

    Parameters
    ----------
    standardise : Normalise, optional
        How the aggregated values become the score: z in the Berlin monitor; none, if not given.
    """

    standardise: Normalise = field(default_factory=lambda: Normalise(method="none"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight != 1:
            raise SpecError(f"Axis {self.id!r}: an axis stands alone and has no weight.", key="weight")
        given = self.standardise.n is not None
        if given or self.standardise.method in ("goalposts", "above") or self.standardise.reference != "areas":
            raise SpecError(f"Axis {self.id!r}: the score cannot be standardised by {self.standardise}.", key="id")
        self._check_scale()

    def _check_scale(self) -> None:
        """Refuse fixed limits on a sum of z-scores: its spread depends on how many there are and how they agree."""
        is_sum = self.normalise.method == "z" and self.aggregate in ("sum", "arithmetic") and len(self.members) > 1
        if is_sum and self.standardise.method == "none" and self.breaks.method == "fixed" and self.uppers:
            raise SpecError(
                f"Axis {self.id!r}: a sum of z-scores has no scale that fixed class limits could refer to. Say "
                f'standardise = {{ method = "z" }}, as the Berlin monitor does, or breaks = {{ method = "sd" }}.',
                key="id",
            )

    @property
    def _needs_classes(self) -> bool:
        return True

    @property
    def _kind(self) -> str:
        return "Axis"


@dataclass(frozen=True, kw_only=True)
class NeedClass:
    """One class of an axis or domain, up to the break ``upper`` (none for the last)."""

    id: str
    label_de: str
    label_en: str
    upper: float | None = None
    code: str = ""

    def __post_init__(self) -> None:
        settle(self, f"Class {self.id!r}")

    def label(self, lang: Lang) -> str:
        """Return the label in German or English."""
        return pick(lang, self.label_de, self.label_en)


@dataclass(frozen=True, kw_only=True)
class NeedIndicator:
    """One indicator: a column, or two count columns, and how it enters.

    Parameters
    ----------
    id : str
        Column of the data; the name of the rate where ``numerator`` and ``denominator`` are given.
    weight : float
        Above 0.
    direction : {1, -1}
        1: a higher value is more need; -1: a lower one.
    numerator, denominator : str
        Count columns the rate is computed from where the data has no column ``id``; both or none.
    transform : {"none", "log", "log1p", "sqrt", "winsorise"}
        Treatment of skew and outliers before normalising.
    value : {"observed", "shrunken"}
        Which rate of two counts enters: as it is, or drawn towards the city value where it rests on few persons, as
        in :func:`quartiersatlas.rates`.
    winsor_skew, winsor_kurtosis, winsor_points : float, float, int
        Limits of ``transform = "winsorise"``: while skew and kurtosis are beyond both, the most extreme value is pulled
        in, up to so many of them.
    centre, scale : float, optional
        Constants of ``method = "z"`` with ``reference = "fixed"``: the mean and deviation of a reference year.
    low, high : float, optional
        Goalposts of ``method = "goalposts"``.
    limit : float or str, optional
        Threshold of ``method = "above"`` with ``reference = "fixed"``, in the indicator's own unit; of direction -1
        values below it count. Or the name of the reference that has it published: in ``[references]`` of the spec's
        file, or ``join(..., references=...)``.
    limit_source : str
        Where a threshold that is given as a number is published.
    label_de, label_en : str
        Labels of columns that the catalogue does not know.
    unit, kind : str
        What such a column holds, as in :class:`quartiersatlas.Indicator`; unknown, if neither is given.
    published : str
        Name of the column in the published table, see ``NeedSpec.published_columns``.
    """

    id: str
    weight: float = 1.0
    direction: int = 1
    numerator: str = ""
    denominator: str = ""
    transform: str = "none"
    value: str = "observed"
    winsor_skew: float = 2.0
    winsor_kurtosis: float = 3.5
    winsor_points: int = 5
    centre: float | None = None
    scale: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | str | None = None
    limit_source: str = ""
    label_de: str = ""
    label_en: str = ""
    unit: str = ""
    kind: str = ""
    published: str = ""

    def __post_init__(self) -> None:
        where = f"Indicator {self.id!r}"
        settle(self, where)
        with inside("kind"):
            Indicator(id=self.id, unit=self.unit, kind=self.kind)  # type: ignore[arg-type] # checked there
        if not self.weight > 0:
            raise SpecError(f"{where}: the weight is {self.weight:g}; it must be above 0.", key="weight")
        if self.direction not in (1, -1):
            raise SpecError(f"{where}: the direction is {self.direction!r}; it must be 1 or -1.", key="direction")
        if bool(self.numerator) != bool(self.denominator):
            raise SpecError(f"{where}: numerator and denominator belong together; one is missing.", key="id")
        with inside("transform"):
            choice(self.transform, TRANSFORMS, f"{where}: transform")
        with inside("value"):
            choice(self.value, VALUES, f"{where}: value")
        self._check_winsorising(where)
        if self.scale is not None and not self.scale > 0:
            raise SpecError(f"{where}: the scale is {self.scale!r}; it must be above 0.", key="scale")
        if isinstance(self.limit, str) and (not self.limit or self.limit_source):
            what = "has its source already" if self.limit else "has an empty name"
            raise SpecError(
                f"{where}: the reference of its limit {what}.", key="limit_source" if self.limit else "limit"
            )
        if self.limit_source and self.limit is None:
            raise SpecError(
                f"{where}: limit_source names the source of a limit, and there is none.", key="limit_source"
            )
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise SpecError(f"{where}: the goalposts are {self.low:g} to {self.high:g}; low must be lower.", key="low")

    def _check_winsorising(self, where: str) -> None:
        """Refuse limits of winsorising that are out of range or that nothing uses."""
        for name, least in (("winsor_skew", 0.0), ("winsor_kurtosis", -2.0), ("winsor_points", 1)):
            value = getattr(self, name)
            if self.transform != "winsorise" and value != LATER[name]:
                raise SpecError(f"{where}: {name} is for transform = 'winsorise'.", key=name)
            if not value >= least or (name == "winsor_points" and not isinstance(value, int)):
                raise SpecError(f"{where}: {name} is {value!r}; it must be {least:g} or more.", key=name)


def _leaves(member: NeedIndicator | NeedGroup) -> tuple[NeedIndicator, ...]:
    return (member,) if isinstance(member, NeedIndicator) else member.indicators


def _check_parts(parts: object, kinds: tuple[type, ...], what: str) -> None:
    """Refuse parts of a spec that are no records of these kinds."""
    given = parts if isinstance(parts, list | tuple) else [parts]
    for part in given:
        expects(
            part, kinds, what, 'a spec is read by qa.NeedSpec.from_dict(content) or qa.NeedSpec.from_toml("need.toml")'
        )
    expects(parts, (list, tuple), what, "parts of a spec are given as a list")


def _check_names(rules: NeedRules) -> None:
    """Refuse ids that would mix up two groups, or two indicators of an axis.

    Raises
    ------
    SpecError
        Two axes or domains share an id; an axis has an indicator twice; an indicator has other counts in another axis.
        ``place`` is that of the second one.
    """
    groups: set[str] = set()
    counts: dict[str, tuple[str, str, str]] = {}
    for i, axis in enumerate(rules.axes):
        leaves: set[str] = set()
        for place, member in _walk(axis, ("axes", i)):
            with inside(*place):
                if isinstance(member, NeedGroup):
                    _add_group(member, groups)
                else:
                    _add_indicator(member, axis.id, leaves, counts)


def _walk(group: NeedGroup, place: SpecPlace) -> Iterator[tuple[SpecPlace, NeedGroup | NeedIndicator]]:
    """Yield a group and everything below it, with the place in a file; domains come before indicators."""
    yield place, group
    domains = [member for member in group.members if isinstance(member, NeedGroup)]
    for i, member in enumerate(group.members):
        if isinstance(member, NeedGroup):
            yield from _walk(member, (*place, "domains", i))
        else:
            yield (*place, "indicators", i - len(domains)), member


def _add_group(group: NeedGroup, known: set[str]) -> None:
    if group.id in known:
        raise SpecError(
            f"Two axes or domains are named {group.id!r}: their weights would be mixed up. Rename one; "
            f"what is shown is its label.",
            key="id",
        )
    known.add(group.id)


def _add_indicator(leaf: NeedIndicator, axis: str, known: set[str], counts: dict[str, tuple[str, str, str]]) -> None:
    if leaf.id in known:
        raise SpecError(
            f"Axis {axis!r} has a duplicate indicator, in different domains: {leaf.id!r}. It would count double "
            f"unseen: give it more weight in one of them.",
            key="id",
        )
    known.add(leaf.id)
    own = (leaf.numerator, leaf.denominator, leaf.value)
    if counts.setdefault(leaf.id, own) != own:
        raise SpecError(
            f"Axis {axis!r}: the indicator {leaf.id!r} has other counts than in an axis before. Give the two rates "
            f"two ids.",
            key="id",
        )
