"""The project file: what it may say, read strictly."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from quartiersatlas.base.toml import array, declared, naming_the_line, read_toml, refuse_unknown, table
from quartiersatlas.catalogue import Indicator, Reference
from quartiersatlas.disclosure import Protection
from quartiersatlas.errors import NOT_IN_A_LINE, SpecError, inside
from quartiersatlas.need import NeedSpec
from quartiersatlas.need.robustness.options import MOST_RUNS
from quartiersatlas.project.acting_parts import SECTIONS, ActingParts, ChangePart, read_acting_parts
from quartiersatlas.project.rule_part import AT_THE_TOP, HOW, RulePart, read_rule_part
from quartiersatlas.project.toml_words import toml_advice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake.tables.values.codes import Meaning
    from quartiersatlas.screening import Rule, RuleSpec

Part = TypeVar("Part")

CONTEXT_LAYERS = ("water", "green", "rail", "roads", "names", "inhabited")
LONGEST_NAME = 200  # bytes: most folders take 255, and files are written beside under longer names


@dataclass(frozen=True, kw_only=True)
class AreasPart:
    """``[areas]``: the geometry file."""

    path: str
    key: str | list[str] | Mapping[str, int]
    name: str | None = None
    parents: Mapping[str, str] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None
    to_crs: str | None = None
    swap_axes: bool | None = None
    exclude: list[str] = field(default_factory=list)
    dissolve: bool = False
    repair: bool = False
    snap: float | None = None
    merge: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TablePart:
    """``[[tables]]``: one table of one period."""

    path: str
    key: str | list[str] | Mapping[str, int]
    period: str = ""
    columns: Mapping[str, str] | list[str] | None = None
    text: list[str] = field(default_factory=list)
    symbols: str | Mapping[str, Meaning] = "auto"
    sheet: str | None = None
    layer: str | None = None
    records: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    header_rows: int | None = None
    filters: Mapping[str, object] = field(default_factory=dict)
    key_pattern: int | str | None = None
    pivot: list[object] | None = None
    years: int | str | None = None
    skip_rows: list[int] = field(default_factory=list)
    drop: Mapping[str, object] = field(default_factory=dict)
    without_key: str = "raise"
    fill_down: list[str] = field(default_factory=list)
    aggregate: str | None = None
    hidden: str | None = None
    missing: str = "raise"
    repair: str | list[str] | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    exclude: list[str] = field(default_factory=list)
    units: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    perturbed: bool | int = False
    rounded: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class IndicatorPart:
    """``[indicators]``: numerator and denominator (neither for a ready-made number), and what it means."""

    numerator: str = ""
    denominator: str = ""
    meaning: Indicator | None = None


@dataclass(frozen=True, kw_only=True)
class EarlierPart:
    """``[[earlier]]``: another date on the map, with the indicators of an earlier period, and its classes if asked."""

    period: str
    as_of: str
    need: bool = False


@dataclass(frozen=True, kw_only=True)
class SegregationPart:
    """``[segregation]``: groups against the rest of the population, or against named groups."""

    groups: list[str]
    indices: str | list[str] = "standard"
    missing: str = "raise"
    reference: list[str] = field(default_factory=list)
    by: str = ""
    min_population: float = 0


@dataclass(frozen=True, kw_only=True)
class NeedPart:
    """``[need]``: the spec and areas excluded by hand."""

    spec: NeedSpec
    exclude: Mapping[str, str] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class CandidatesPart:
    """``[candidates]``: contiguous groups of selected areas, as :func:`candidate_areas`; layers are files."""

    min_population: float = 2000
    max_population: float | None = None
    by: str | None = None
    holes: float = 1000
    bridge: float = 0
    contact: str = "border"
    objective: str = "fewest"
    tolerance: float | None = None
    exclude: list[str] = field(default_factory=list)
    barriers: str | None = None
    crossings: str | None = None
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class StabilityPart:
    """``[stability]``: the rule applied many times, to data and methods that are not taken as exact."""

    runs: int = 1000
    seed: int = 1

    def __post_init__(self) -> None:
        if self.runs < 1:
            raise SpecError(f"[stability] runs must be at least 1, not {self.runs}.")
        if self.runs > MOST_RUNS:
            raise SpecError(f"[stability] runs must be at most {MOST_RUNS}, which is enough for any share.")
        if self.seed < 0:
            raise SpecError(f"[stability] seed must be 0 or more, not {self.seed}.")


@dataclass(frozen=True, kw_only=True)
class LayerPart:
    """``[layers.facilities]``: a further layer."""

    path: str
    name: str
    kind: str | None = None
    key: str | None = None
    x: str | None = None
    y: str | None = None
    crs: str | None = None
    missing: str = "raise"


@dataclass(frozen=True, kw_only=True)
class ProgrammesPart:
    """``[layers.programmes]``: programme areas, from when to when they run, and who lives in them."""

    path: str
    name: str | None = None
    kind: str | None = None
    start: str | None = None
    end: str | None = None
    as_of: str | None = None
    crs: str | None = None
    residents: str | None = None
    residents_column: str | None = None


@dataclass(frozen=True, kw_only=True)
class ContextLayer:
    """``[context] water``: a layer of the context; a path alone names the file."""

    path: str
    name: str | None = None
    kind: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    rank: str | None = None
    layer: str | None = None
    crs: str | None = None


@dataclass(frozen=True, kw_only=True)
class MeasuresPart:
    """``[measures]``: the register of measures, a workbook or a folder of CSV files."""

    path: str


@dataclass(frozen=True, kw_only=True)
class GazetteerPart:
    """``[gazetteer]``: streets and the areas they run through; the columns of a table."""

    path: str
    street: str = "street"
    key: str = "key"


@dataclass(frozen=True, kw_only=True)
class SharePart:
    """``[shares]``: the count column that a ready-made share is a share of."""

    denominator: str


@dataclass(frozen=True, kw_only=True)
class LedgerPart:
    """``[ledger]``: what was released before; ``ledger = "file.json"`` names the file alone."""

    path: str
    key_file: str = ""
    accept: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class MonitorPart:
    """``[monitor]``: the store of the years, which stays in the house."""

    folder: str
    format: str | None = None


@dataclass(frozen=True, kw_only=True)
class LookPart:
    """``[look]``: how all outputs look, as :class:`quartiersatlas.Look`; logo and fonts are files."""

    accent: str = ""
    font: str | list[str] = ""
    logo: str = ""
    logo_alt: str = ""
    office: str = ""
    contact: str = ""
    footer: str = ""

    @property
    def fonts(self) -> list[str]:
        """The font files, the regular face first."""
        return [self.font] if isinstance(self.font, str) else list(self.font)

    @property
    def files(self) -> list[str]:
        """The files that the look is made of."""
        return [file for file in (*self.fonts, self.logo) if file]


@dataclass(frozen=True, kw_only=True)
class OutputsPart:
    """``[outputs]``: which files are written; an empty name leaves one out."""

    folder: str = "ergebnis"
    map: str = "atlas.html"
    report: str = "bericht.html"
    profiles: str = ""
    sheet: str = ""
    geopackage: str = "atlas.gpkg"
    workbook: str = ""
    segregation: str = "segregation.csv"
    manifest: str = "manifest.json"

    @property
    def names(self) -> list[str]:
        """The names of the files that are written."""
        papers, files = (self.map, self.report, self.profiles, self.sheet), (self.geopackage, self.workbook)
        return [name for name in (*papers, *files, self.segregation, self.manifest) if name]


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project file as read; paths are relative to its folder."""

    path: Path
    areas: AreasPart
    tables: tuple[TablePart, ...]
    title: str = ""
    city: str = ""
    subtitle: str = ""
    source: str = ""
    as_of: str = ""
    comment: str = ""
    lang: Lang = "de"
    audience: str = "public"
    ledger: LedgerPart | None = None
    monitor: MonitorPart | None = None
    by: str = ""
    part: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    population: str = "residents"
    period: str = ""
    indicators: Mapping[str, IndicatorPart] = field(default_factory=dict)
    counts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)
    sums: Mapping[str, list[str]] = field(default_factory=dict)
    parts: Mapping[str, list[str]] = field(default_factory=dict)
    shares: Mapping[str, SharePart] = field(default_factory=dict)
    change: ChangePart | None = None
    earlier: tuple[EarlierPart, ...] = ()
    segregation: SegregationPart | None = None
    need: NeedPart | None = None
    shortlist: RulePart | None = None
    candidates: CandidatesPart | None = None
    stability: StabilityPart | None = None
    programmes: ProgrammesPart | None = None
    facilities: LayerPart | None = None
    context: Mapping[str, ContextLayer] = field(default_factory=dict)
    gazetteer: GazetteerPart | None = None
    measures: MeasuresPart | None = None
    acting: ActingParts = field(default_factory=ActingParts)
    look: LookPart | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    protection: Protection = field(default_factory=Protection)
    outputs: OutputsPart = field(default_factory=OutputsPart)

    @property
    def rule(self) -> Rule | RuleSpec | None:
        """The rule of the shortlist."""
        return None if self.shortlist is None else self.shortlist.rule

    def file(self, name: str) -> Path:
        """Return a file of the project."""
        return self.path.parent / name


# keys of the first edition, and what they are called now
RENAMED: dict[type, dict[str, str]] = {
    AreasPart: {"ignore": "exclude"},
    TablePart: {"ignore": "exclude", "level": "key_pattern", "spread": "pivot"},
    Protection: {"complement": "protect_remainder"},
}
NOT_AT_THE_TOP = ("path", "part", "programmes", "facilities", "acting")  # part is named by who runs it, others within
TOP_LEVEL = [part.name for part in fields(Project) if part.name not in NOT_AT_THE_TOP]
TOP_LEVEL += [*AT_THE_TOP, *SECTIONS, "layers"]


def read_project(path: str | Path) -> Project:
    """Read a project file.

    Raises
    ------
    InputError
        The file is missing or not valid TOML.
    SpecError
        Something in it is unknown, missing or impossible; the message says where, with the line.
    """
    path = Path(path)
    content = read_toml(path, "project")
    with naming_the_line(path):
        return checked(project_of(content, path))


def project_of(content: dict[str, Any], path: Path) -> Project:
    """Build the parts of a project from the content of its file."""
    where = "the project file"
    if "rules" in content:
        raise SpecError(f"In {where}: [rules] is called [shortlist] here: {HOW}.", key="rules")
    refuse_unknown(content, TOP_LEVEL, where)
    parts: dict[str, Any] = {
        "areas": _part(AreasPart, content.pop("areas", {}), "[areas]", "areas"),
        "tables": _entries(TablePart, content.pop("tables", []), "tables"),
        "earlier": _entries(EarlierPart, content.pop("earlier", []), "earlier"),
    }
    for name, read in (("indicators", _indicator), ("counts", _count), ("references", _reference), ("shares", _share)):
        parts[name] = _named(content.pop(name, {}), name, read)
    for name, kind in (
        ("change", ChangePart),
        ("segregation", SegregationPart),
        ("candidates", CandidatesPart),
        ("stability", StabilityPart),
        ("outputs", OutputsPart),
        ("gazetteer", GazetteerPart),
        ("monitor", MonitorPart),
        ("measures", MeasuresPart),
        ("look", LookPart),
    ):
        if name in content:
            parts[name] = _part(kind, content.pop(name), f"[{name}]", name)
    for name in ("sums", "parts"):
        with inside(name):
            parts[name] = _relations(content.pop(name, {}), f"[{name}]")
    if "protection" in content:
        with toml_advice("[protection]", [option.name for option in fields(Protection)]):
            parts["protection"] = _part(Protection, content.pop("protection"), "[protection]", "protection")
    if "ledger" in content:
        parts["ledger"] = _ledger(content.pop("ledger"))
    if "need" in content:
        with inside("need"):
            parts["need"] = _need(table(content.pop("need"), "[need]"), path.parent)
    parts["shortlist"] = read_rule_part(content, path)
    parts["acting"] = read_acting_parts(content)
    parts["context"] = _context(table(content.pop("context", {}), "[context]"))
    parts |= _layers(table(content.pop("layers", {}), "[layers]"))
    return declared(Project, {"path": path, **content, **parts}, where)


def _part(kind: type[Part], entry: object, where: str, *place: str | int) -> Part:
    """Return a part of the file as its record."""
    with inside(*place):
        return declared(kind, table(entry, where), where, RENAMED.get(kind))


def _entries(kind: type[Part], entries: object, name: str) -> tuple[Part, ...]:
    """Return the parts of a list, such as ``[[tables]]``."""
    where = f"[[{name}]]"
    with inside(name):
        if isinstance(entries, dict):
            raise SpecError(f"[{name}] is written with two brackets, {where}, once for each table.")
        listed = array(entries, where)
    return tuple(_part(kind, entry, where, name, number) for number, entry in enumerate(listed))


def _named(entries: object, name: str, read: Callable[[str, object], Any]) -> dict[str, Any]:
    """Return the named entries of a table, each as it is read."""
    found = {}
    with inside(name):
        for key, entry in table(entries, f"[{name}]").items():
            with inside(key):
                found[key] = read(key, entry)
    return found


def _count(name: str, entry: object) -> tuple[str, str]:
    return _pair(entry, f"[counts] {name}", "[share, base]")


def _reference(name: str, entry: object) -> Reference:
    where = f"[references.{name}]"
    return declared(Reference, table(entry, where), where)


def _share(name: str, entry: object) -> SharePart:
    return _part(SharePart, entry, f"[shares] {name}")


def checked(project: Project) -> Project:
    """Refuse what cannot work together."""
    if not project.tables:
        raise SpecError("at least one [[tables]] entry is needed.")
    if project.lang not in ("de", "en"):
        raise SpecError(f"lang must be one of 'de', 'en', not {project.lang!r}.", key="lang")
    project = _with_period(project)
    for name, part in (("candidates", project.candidates), ("stability", project.stability)):
        if part is not None and project.rule is None:
            raise SpecError(f'[{name}] needs a rule: add [shortlist] with rule = "...".', key=name)
    _refuse_comments_of_others(project)
    _refuse_impossible_names(project)
    written = project.outputs.names
    if len(set(written)) < len(written) or any(Path(name).name != name for name in written):
        raise SpecError(
            f"the file names in [outputs] must all differ and must not contain a folder: "
            f'{", ".join(map(repr, written))}. Set the folder with folder = "...".',
            key="outputs",
        )
    for name, file, ending in (
        ("geopackage", project.outputs.geopackage, ".gpkg"),
        ("workbook", project.outputs.workbook, ".xlsx"),
        ("segregation", project.outputs.segregation, ".csv"),
    ):
        if file and not file.endswith(ending):
            raise SpecError(f"[outputs] {name} must end in {ending}, not {file!r}.", key="outputs")
    return project


def _with_period(project: Project) -> Project:
    """Return the project with the only period that its tables have, where it names none; refuse periods of no table."""
    periods = {part.period for part in project.tables}
    if not project.period and len(periods) == 1:  # there is nothing to choose
        project = replace(project, period=project.tables[0].period)
    for name, period in (
        ("period", project.period),
        *(("[change] since", one) for one in (project.change.periods if project.change else ())),
        *(("[[earlier]] period", part.period) for part in project.earlier),
        *project.acting.periods.items(),
    ):
        if period is not None and period not in periods:
            listed = ", ".join(repr(p) for p in sorted(periods))
            told = f"{name} is {period!r}" if period else f"{name} is not given"
            error = SpecError(f"{told}, but the tables have {listed}.")
            error.place = tuple(name.split()[0].strip("[]").split("."))
            raise error
    return project


def _refuse_comments_of_others(project: Project) -> None:
    """Refuse a comment on all units where each has an atlas, and comments on units where there are none."""
    if project.by and project.comment.strip():
        raise SpecError(
            'comment speaks of all units together, and by = "..." makes an atlas of each. Write one for each of them: '
            '[comments] "Nordstadt" = "...". An atlas without a comment is a draft.',
            key="comment",
        )
    if project.comments and not project.by:
        raise SpecError(
            '[comments] are for the units of by = "level"; this project has one comment = "...".', key="comments"
        )


def _refuse_impossible_names(project: Project) -> None:
    """Refuse names of files to write that no folder takes."""
    named = {f"[outputs] {part.name}": getattr(project.outputs, part.name) for part in fields(OutputsPart)}
    if project.ledger is not None:
        named |= {"ledger": project.ledger.path, "[ledger] key_file": project.ledger.key_file}
    for what, name in named.items():
        longest = max((len(step.encode("utf-8")) for step in Path(name).parts), default=0)
        if longest > LONGEST_NAME or NOT_IN_A_LINE.search(name):
            fault = "is too long for a file" if longest > LONGEST_NAME else "holds a control character"
            raise SpecError(f"{what} = {name[:40]!r} {fault}. Choose another name.", key=what.split()[0].strip("[]"))


def _indicator(name: str, entry: object) -> IndicatorPart:
    """Read ``[numerator, denominator]`` or a table that also says what a new indicator means."""
    where = f"[indicators] {name}"
    if isinstance(entry, list):
        numerator, denominator = _pair(entry, where, "[numerator, denominator]")
        return IndicatorPart(numerator=numerator, denominator=denominator)
    content = dict(table(entry, where))
    counts: dict[str, Any] = {side: content.pop(side) for side in ("numerator", "denominator") if side in content}
    if len(counts) == 1:
        raise SpecError(f"In {where}: numerator and denominator go together; a ready-made number has neither.")
    meaning = declared(Indicator, {"id": name, **content}, where) if content else None
    return declared(IndicatorPart, {**counts, "meaning": meaning}, where)


def _pair(entry: object, where: str, names: str) -> tuple[str, str]:
    """Read two names of columns."""
    pair = array(entry, where)
    if len(pair) != 2:  # noqa: PLR2004 - a number and what it is over
        raise SpecError(f"In {where}: {names} takes two names, not {len(pair)}.")
    return str(pair[0]), str(pair[1])


def _relations(entry: object, where: str) -> dict[str, list[str]]:
    """Read wholes with their parts."""
    found = {}
    for whole, those in table(entry, where).items():
        found[whole] = array(those, f"{where} {whole}")
        if not all(isinstance(name, str) for name in those):
            raise SpecError(f'In {where} {whole}: {those} should be a list of columns such as ["a", "b"].')
    return found


def _ledger(entry: object) -> LedgerPart | None:
    """Read the name of the file alone, or a table; an empty name is no ledger."""
    if isinstance(entry, str):
        return LedgerPart(path=entry) if entry else None
    return _part(LedgerPart, entry, "[ledger]", "ledger")


def _need(content: Mapping[str, Any], folder: Path) -> NeedPart:
    rules = dict(content)
    exclude = table(rules.pop("exclude", {}), "[need] exclude")
    preset, file = rules.pop("preset", None), rules.pop("file", None)
    if sum([preset is not None, file is not None, bool(rules)]) != 1:
        raise SpecError('[need] takes exactly one of preset = "...", file = "..." or the spec itself.')
    if preset is not None:
        spec = NeedSpec.preset(preset)
    elif file is not None:
        spec = NeedSpec.from_toml(folder / file)
    else:
        spec = NeedSpec.from_dict(rules)
    return NeedPart(spec=spec, exclude=exclude, file=file or "")


def _layers(content: Mapping[str, Any]) -> dict[str, LayerPart | ProgrammesPart]:
    kinds: dict[str, type[LayerPart | ProgrammesPart]] = {"programmes": ProgrammesPart, "facilities": LayerPart}
    with inside("layers"):
        refuse_unknown(content, tuple(kinds), "[layers]")
    return {name: _part(kinds[name], part, f"[layers.{name}]", "layers", name) for name, part in content.items()}


def _context(content: Mapping[str, Any]) -> dict[str, ContextLayer]:
    """Read the layers of the context, each a path or a table."""
    with inside("context"):
        refuse_unknown(content, CONTEXT_LAYERS, "[context]")
    return {
        name: ContextLayer(path=part)
        if isinstance(part, str)
        else _part(ContextLayer, part, f"[context] {name}", "context", name)
        for name, part in content.items()
    }
