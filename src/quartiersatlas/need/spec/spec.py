"""A need spec as users know it: its rules, built in, read from a file and written to one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.files import write_text
from quartiersatlas.base.toml import naming_the_line, read_toml
from quartiersatlas.base.workbook import write_workbook
from quartiersatlas.catalogue import Catalogue, Indicator, text
from quartiersatlas.catalogue.kinds import PERCENT, PERCENTAGE_POINTS
from quartiersatlas.catalogue.references import written_references
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.spec.editing import CHANGED, changes, changes_text, own_choice, simple_content, with_weights
from quartiersatlas.need.spec.records import NeedGroup, NeedIndicator, NeedRules
from quartiersatlas.need.spec.spec_toml import spec_from_dict, toml_text
from quartiersatlas.need.spec.spec_workbook import spec_from_workbook, spec_sheets

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.catalogue.references import Reference

CHANGE = "_change"
RENAMED = {"simd": ("simd-2016", "simd-2020")}  # presets of the first edition


@cache
def _preset_names() -> tuple[str, ...]:
    folder = files("quartiersatlas.need").joinpath("presets")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def _preset_content(name: str) -> dict[str, Any]:
    file = files("quartiersatlas.need").joinpath("presets", f"{name}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


@cache
def _preset_rules(name: str) -> NeedRules:
    return spec_from_dict(NeedRules, _preset_content(name))


def _preset_behind(spec: NeedRules) -> str:
    """Return the preset that a spec is or was, by its id or by the proof it names; empty where it is none."""
    base = spec.id.removesuffix(CHANGED)
    if base in _preset_names():
        return base
    proved = (name for name in _preset_names() if spec.verified and _preset_rules(name).verified == spec.verified)
    return next(proved, "")


def _meaning(leaf: NeedIndicator) -> Indicator:
    return Indicator(
        id=leaf.id,
        label_de=leaf.label_de,
        label_en=leaf.label_en,
        unit=leaf.unit,
        kind=leaf.kind,  # type: ignore[arg-type] # checked where it is declared
        direction=leaf.direction,
        role="index",
    )


def _change(leaf: NeedIndicator, of: Indicator) -> Indicator:
    """Return what a ready-made change means: a score in the unit of its indicator."""
    labels: dict[str, Any] = {
        f"label_{lang}": getattr(leaf, f"label_{lang}") or text("label_change", lang, label=of.label(lang))
        for lang in LANGUAGES
    }
    return replace(
        of,
        id=leaf.id,
        unit=PERCENTAGE_POINTS if of.unit == PERCENT else of.unit,
        kind="score",
        direction=leaf.direction,
        **labels,
    )


@dataclass(frozen=True, kw_only=True)
class NeedSpec(NeedRules):  # noqa: D101 - the docstring is that of the record
    __doc__ = NeedRules.__doc__

    def __post_init__(self) -> None:
        """Take id, source and proof of a preset from a spec that is no longer that preset."""
        super().__post_init__()
        preset = _preset_behind(self)
        found = changes(_preset_rules(preset), self) if preset else []
        if found:
            if self.id == preset:
                object.__setattr__(self, "id", f"{preset}{CHANGED}")
            for name, value in (("source", changes_text(preset, found, "en")), ("verified", ""), ("weights_sum", None)):
                object.__setattr__(self, name, value)

    def source_text(self, lang: Lang) -> str:
        """Return where the rules come from; of an edited preset, what was changed, in the language."""
        preset = _preset_behind(self)
        found = changes(_preset_rules(preset), self) if preset else []
        if found:
            return changes_text(preset, found, lang)
        return text("spec_own_choice", lang) if self.source == own_choice() else self.source

    @classmethod
    def presets(cls) -> list[str]:
        """Return the names of the built-in specs."""
        return list(_preset_names())

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
        if isinstance(name, str) and name in RENAMED:
            raise SpecError(f"NeedSpec.preset: {name!r} is called {' or '.join(map(repr, RENAMED[name]))} now.")
        choice(name, cls.presets(), "NeedSpec.preset: the name")
        return cls.from_dict(_preset_content(name))

    @classmethod
    def simple(
        cls,
        indicators: Mapping[str, float] | Iterable[str],
        *,
        id: str = "own",  # noqa: A002 - the name of the field
        source: str = "",
        min_population: float = 300.0,
    ) -> Self:
        """Return the plainest index: z-scores, summed with weights, standardised, three classes at -1 and +1.

        Parameters
        ----------
        indicators : mapping of str to float, or list of str
            Column -> weight; equal weights of a list. Of a negative weight a lower value is more need; else the
            direction is that of the catalogue, and higher is more need where it does not say.
        id, source : str
            Name, and where the choice comes from.
        min_population : float
            Areas with fewer residents are left out.

        Examples
        --------
        >>> spec = NeedSpec.simple({"sgb2_rate": 2, "green_per_resident": -1})
        >>> [(leaf.id, leaf.weight, leaf.direction) for leaf in spec.axes[0].indicators]
        [('sgb2_rate', 2.0, 1), ('green_per_resident', 1.0, -1)]
        """
        return cls.from_dict(simple_content(indicators, id, source, min_population))

    def with_weights(self, weights: Mapping[str, float], axis: str | None = None) -> Self:
        """Return the spec with other weights.

        Parameters
        ----------
        weights : mapping of str to float
            Indicator or domain -> weight; the others keep theirs.
        axis : str, optional
            The axis; all that have the id, if not given.

        Returns
        -------
        NeedSpec
            Another spec: of a preset, id, source and proof are replaced by what was changed.

        Raises
        ------
        SpecError
            An id is not in the spec; a weight is not above 0.

        Examples
        --------
        >>> spec = NeedSpec.preset("berlin-mss-2019").with_weights({"child_poverty_u15": 2})
        >>> spec.id, spec.source
        ('berlin-mss-2019-changed', 'changed from berlin-mss-2019: weight of child_poverty_u15 1 to 2')
        """
        return with_weights(self, weights, axis)

    @property
    def published_columns(self) -> dict[str, str]:
        """Column of the published table -> id: ``table.rename(columns=spec.published_columns)``."""
        leaves = [leaf for axis in self.axes for leaf in axis.indicators]
        return {leaf.published: leaf.id for leaf in leaves if leaf.published}

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a spec from a TOML file.

        Raises
        ------
        InputError
            The file is missing or not TOML.
        SpecError
            Unknown keys, impossible values or combinations; the message names the line.
        """
        expects(path, (str, Path), "NeedSpec.from_toml", 'qa.NeedSpec.from_toml("need.toml")')
        with naming_the_line(path):
            return cls.from_dict(read_toml(path, "need spec"))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Build a spec from the content of a TOML file; unknown keys are refused.

        Limits that are names of its ``[references]`` become the numbers published there, with their source.
        """
        expects(
            content, Mapping, "NeedSpec.from_dict", 'qa.NeedSpec.from_dict({"id": ..., "source": ..., "axes": [...]})'
        )
        rules = {name: part for name, part in content.items() if name != "references"}
        published = written_references(content.get("references", {}), "the need spec")
        return _with_own_limits(spec_from_dict(cls, rules), published)

    @classmethod
    def from_excel(cls, path: str | Path) -> Self:
        """Read a spec from a workbook as ``to_excel`` writes it; the order of rows and columns is free.

        Parameters
        ----------
        path : str or Path
            Sheets ``spec``, ``groups``, ``indicators``, ``classes`` and, where areas are left out, ``exclude``. An
            empty cell is the default. Numbers may be stored as text with decimal comma or point, ids as numbers.

        Returns
        -------
        NeedSpec
            Equal to the one from TOML with the same content, with the same hash.

        Raises
        ------
        InputError
            The file is missing or no workbook.
        SpecError
            Unknown sheets or columns, missing or repeated ids, parents that do not exist, impossible values or
            combinations; the message names sheet, row and column.
        DependencyError
            The extra ``excel`` is not installed.
        """
        expects(path, (str, Path), "NeedSpec.from_excel", 'qa.NeedSpec.from_excel("need.xlsx")')
        return spec_from_workbook(cls, path)

    def meanings(self, known: Catalogue) -> list[Indicator]:
        """Return what the columns of the spec mean that a catalogue does not know: labels, units, changes.

        Parameters
        ----------
        known : Catalogue
            What is known already.

        Returns
        -------
        list of Indicator
            With label, unit, kind and direction of the spec, where it says unit or kind; the change of an indicator
            (``..._change``) has its label, and percentage points where that is in percent.

        Examples
        --------
        >>> import quartiersatlas as qa
        >>> own = NeedSpec.preset("hamburg-rise").meanings(qa.Catalogue.builtin())
        >>> [(one.label("de"), one.unit) for one in own if one.id.startswith("child_minimum")]
        [('Kinder in Mindestsicherung', 'percent'), ('Veränderung Kinder in Mindestsicherung', 'percentage points')]
        """
        leaves = {leaf.id: leaf for axis in self.axes for leaf in axis.indicators}
        own = {name: _meaning(leaf) for name, leaf in leaves.items() if leaf.unit or leaf.kind}
        found = [meaning for name, meaning in own.items() if name not in known]
        for name, leaf in leaves.items():
            base = name.removesuffix(CHANGE)
            of = known[base] if base in known else own.get(base)
            if name not in known and name not in own and base != name and of is not None:
                found.append(_change(leaf, of))
        return found

    def to_toml(self, path: str | Path | None = None) -> str:
        r"""Return the spec as TOML, and write it if a path is given.

        Parameters
        ----------
        path : str or Path, optional
            File to write, whole or not at all.

        Returns
        -------
        str
            What ``from_toml`` reads as an equal spec. Keys that have their default are left out; comments of a file
            that the spec was read from are not kept.

        Raises
        ------
        InputError
            The folder is missing.

        Examples
        --------
        >>> print(NeedSpec.preset("nap").to_toml().partition("\n\n[[axes]]")[0])
        id = "nap"
        source = "Bundesinstitut für Bau-, Stadt- und Raumforschung: ExWoSt-Informationen 40/1"
        min_population = 0
        unverified = "a rule quoted from its source; there are no published results to compare with"
        unverified_de = "eine Regel, zitiert nach ihrer Quelle; veröffentlichte Ergebnisse zum Vergleich gibt es nicht"
        """
        written = toml_text(self)
        if path is not None:
            expects(path, (str, Path), "NeedSpec.to_toml", 'spec.to_toml("need.toml")')
            write_text(path, written)
        return written

    def to_excel(self, path: str | Path) -> Path:
        """Write the spec as a workbook to edit, whole or not at all; the same spec gives the same bytes.

        Parameters
        ----------
        path : str or Path
            An ``.xlsx`` file: one row per indicator, group (axis or domain), class and excluded area.

        Returns
        -------
        Path
            The file; ``from_excel`` reads it as an equal spec.

        Raises
        ------
        InputError
            The folder is missing, the name does not end in ``.xlsx``, or a text is too long for a cell.
        DependencyError
            The extra ``excel`` is not installed.
        """
        expects(path, (str, Path), "NeedSpec.to_excel", 'spec.to_excel("need.xlsx")')
        return write_workbook(path, spec_sheets(self))


AnySpec = TypeVar("AnySpec", bound="NeedSpec")


def _with_own_limits(spec: AnySpec, references: Mapping[str, Reference]) -> AnySpec:
    """Return a spec with the limits that its own file publishes; other names stay for the references of the data.

    Raises
    ------
    SpecError
        No indicator names a reference, or it has not one number for one that does.
    """
    named = {leaf.limit for axis in spec.axes for leaf in axis.indicators if isinstance(leaf.limit, str)}
    for name in references:
        if name not in named:
            error = SpecError(
                f"The need spec: no indicator names the reference {name!r}: limit = {name!r}, or leave it out."
            )
            error.place = ("references", name)
            raise error
    try:
        return spec if not references else with_published_limits(spec, references, named - references.keys())
    except SpecError as error:
        error.place = error.place or ("references", next(iter(references)))
        raise


def with_published_limits(
    spec: AnySpec, references: Mapping[str, Reference], later: AbstractSet[str] = frozenset()
) -> AnySpec:
    """Return a spec in which limits that are given by the name of a reference are its numbers, with their source.

    Raises
    ------
    SpecError
        There is no such reference, or it has not one number for the indicator.
    """
    leaves = {leaf.id: leaf for axis in spec.axes for leaf in axis.indicators}
    if not any(isinstance(leaf.limit, str) for leaf in leaves.values()):
        return spec

    def numbered(member: NeedIndicator | NeedGroup) -> Any:  # noqa: ANN401 - of the same kind
        if isinstance(member, NeedGroup):
            return replace(member, members=tuple(map(numbered, member.members)))
        if not isinstance(member.limit, str) or member.limit in later:
            return member
        reference = references.get(member.limit)
        how = f"join(..., references={{{member.limit!r}: qa.Reference(values={{{member.id!r}: ...}}, source='...')}})"
        if reference is None:
            raise SpecError(
                f"Indicator {member.id!r}: limit = {member.limit!r} is the name of a reference, and the data have "
                f"{list_some(references, 10) or 'none'}. Give the published number with its source: {how}."
            )
        value = reference.number(member.id)
        if value is None:
            has = "one number per unit" if member.id in reference.values else "no number"
            raise SpecError(
                f"Indicator {member.id!r}: the reference {member.limit!r} ({reference.source}) has {has} for it, and "
                f"a limit is one number for all areas: {how}."
            )
        return replace(member, limit=value, limit_source=", ".join(filter(None, [reference.source, reference.as_of])))

    return replace(spec, axes=tuple(map(numbered, spec.axes)))
