"""A need index as data: which indicators, which weights, how many classes, who is left out. Read from TOML."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self, TypeVar

from quartiersatlas.catalogue.texts import pick
from quartiersatlas.declared import array, declared, read_toml, table
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quartiersatlas.catalogue import Lang

Part = TypeVar("Part", "NeedIndicator", "NeedClass")


@dataclass(frozen=True, kw_only=True)
class NeedIndicator:
    """One indicator of an axis: column, weight > 0, direction 1 (higher is more need) or -1."""

    id: str
    weight: float = 1.0
    direction: int = 1

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise SpecError(f"Indicator {self.id!r}: the weight is {self.weight!r}; it must be above 0.")
        if self.direction not in (1, -1):
            raise SpecError(f"Indicator {self.id!r}: the direction is {self.direction!r}; it must be 1 or -1.")


@dataclass(frozen=True, kw_only=True)
class NeedClass:
    """One class of an axis, up to the break ``upper`` (none for the last)."""

    id: str
    label_de: str
    label_en: str
    upper: float | None = None

    def label(self, lang: Lang) -> str:
        """Return the label in German or English."""
        return pick(lang, self.label_de, self.label_en)


@dataclass(frozen=True, kw_only=True)
class NeedAxis:
    """One axis of the index, such as status or dynamics: its indicators and its classes in rising order."""

    id: str
    label_de: str
    label_en: str
    indicators: tuple[NeedIndicator, ...]
    classes: tuple[NeedClass, ...]

    def __post_init__(self) -> None:
        if not self.indicators:
            raise SpecError(f"Axis {self.id!r} has no indicators.")
        names = [indicator.id for indicator in self.indicators]
        if len(set(names)) < len(names):
            raise SpecError(f"Axis {self.id!r} names an indicator twice: {', '.join(names)}.")
        breaks = self.breaks
        if len(breaks) != len(self.classes) - 1 or sorted(set(breaks)) != breaks or self.classes[-1].upper is not None:
            raise SpecError(f"Axis {self.id!r}: classes need rising 'upper' breaks, and none for the last class.")

    @property
    def breaks(self) -> list[float]:
        """The breaks between the classes, rising."""
        return [c.upper for c in self.classes if c.upper is not None]

    def label(self, lang: Lang) -> str:
        """Return the label in German or English."""
        return pick(lang, self.label_de, self.label_en)


@dataclass(frozen=True, kw_only=True)
class NeedSpec:
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
    verified : str
        What the spec was proved against; empty where it was not.
    """

    id: str
    source: str
    axes: tuple[NeedAxis, ...]
    min_population: float = 300.0
    verified: str = ""

    def __post_init__(self) -> None:
        if not self.axes:
            raise SpecError(f"The need spec {self.id!r} has no axes.")

    @property
    def hash(self) -> str:
        """Short fingerprint of everything in the spec; it stands in every output."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    @classmethod
    def preset(cls, name: str) -> Self:
        """Return a built-in spec.

        Raises
        ------
        SpecError
            There is no preset of this name; the message lists them.

        Examples
        --------
        >>> [axis.id for axis in NeedSpec.preset("berlin-mss-2019").axes]
        ['status', 'dynamics']
        """
        folder = files("quartiersatlas.need").joinpath("presets")
        names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
        if name not in names:
            raise SpecError(f"There is no preset {name!r}; there are {', '.join(names)}.")
        return cls.from_dict(tomllib.loads(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")))

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a spec from a TOML file.

        Raises
        ------
        InputError
            The file is missing or not TOML.
        SpecError
            Unknown keys or impossible values.
        """
        return cls.from_dict(read_toml(path, "need spec"))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Build a spec from the content of a TOML file; unknown keys are refused."""
        axes = tuple(_axis(table(axis, "axes")) for axis in array(content.get("axes", []), "axes"))
        return declared(cls, {**content, "axes": axes}, "the need spec")


def _axis(content: Mapping[str, Any]) -> NeedAxis:
    where = f"axis {content.get('id', '?')!r}"
    parts = {
        "indicators": _parts(NeedIndicator, content, "indicators", where),
        "classes": _parts(NeedClass, content, "classes", where),
    }
    return declared(NeedAxis, {**content, **parts}, where)


def _parts(kind: type[Part], content: Mapping[str, Any], name: str, where: str) -> tuple[Part, ...]:
    return tuple(declared(kind, table(entry, where), where) for entry in array(content.get(name, []), where))
