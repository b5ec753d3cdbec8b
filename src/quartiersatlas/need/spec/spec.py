"""A need spec as users know it: its rules, built in, read from a file and written to one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.files import write_text
from quartiersatlas.base.toml import naming_the_line, read_toml
from quartiersatlas.base.workbook import write_workbook
from quartiersatlas.catalogue import Catalogue, Indicator, text
from quartiersatlas.catalogue.kinds import PERCENT, PERCENTAGE_POINTS
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.spec.records import NeedGroup, NeedIndicator, NeedRules
from quartiersatlas.need.spec.spec_toml import spec_from_dict, toml_text
from quartiersatlas.need.spec.spec_workbook import spec_from_workbook, spec_sheets

if TYPE_CHECKING:
    from quartiersatlas.catalogue.references import Reference

CHANGE = "_change"


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

    @classmethod
    def presets(cls) -> list[str]:
        """Return the names of the built-in specs."""
        folder = files("quartiersatlas.need").joinpath("presets")
        return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))

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
        choice(name, cls.presets(), "NeedSpec.preset: the name")
        file = files("quartiersatlas.need").joinpath("presets", f"{name}.toml")
        return cls.from_dict(tomllib.loads(file.read_text(encoding="utf-8")))

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
        """Build a spec from the content of a TOML file; unknown keys are refused."""
        expects(
            content, Mapping, "NeedSpec.from_dict", 'qa.NeedSpec.from_dict({"id": ..., "source": ..., "axes": [...]})'
        )
        return spec_from_dict(cls, content)

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


def with_published_limits(spec: NeedSpec, references: Mapping[str, Reference]) -> NeedSpec:
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
        if not isinstance(member.limit, str):
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
