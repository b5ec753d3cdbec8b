"""The command line: a thin skin over the same calls that a notebook makes."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import count_noun, usable_path
from quartiersatlas.base.files import made_folder, write_bytes
from quartiersatlas.errors import (
    InputError,
    PartitionsFailedError,
    QuartiersatlasError,
    ReleaseError,
    SpecError,
    one_line,
)
from quartiersatlas.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.resources.abc import Traversable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.project import ProjectResult
    from quartiersatlas.screening import RuleSpec

FAILED = 2
NOT_OK = 1
SOME_FAILED = 3
CUT_OFF = 141  # as shells tell it of a command that lost its reader: its result is not known
DEMO_FOLDER = "quartiersatlas-demo"
PROJECT_FILE = "projekt.toml"
OF_NATION = ("scheduler", "only", "fresh")
MOST_LISTED = 10
YEARS_FILE, YEARLY_REPORT = "projekt_monitoring.toml", "jahresbericht.html"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 1 if an audit is not ok, 2 with a clear message, 3 if parts failed, 141 if cut off."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            result: int = options.command(options) or 0
        sys.stdout.flush()
    except PartitionsFailedError as error:
        _print_failed(error, _project(options))
        return SOME_FAILED
    except QuartiersatlasError as error:
        _print_faults(error, _project(options), getattr(options, "lang", None))
        return FAILED
    except BrokenPipeError:  # whoever read the output has seen enough, as in `quartiersatlas rules | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_OFF
    except OSError as error:
        print(one_line(f"quartiersatlas: {error.filename or ''}: {error.strerror or error}."), file=sys.stderr)
        return FAILED
    _print_warnings([warning.message for warning in caught], options)
    return result


def _print_warnings(caught: Sequence[Warning | str], options: argparse.Namespace) -> None:
    """Print each warning on its line, in the language that was asked for, or that of the project."""
    from quartiersatlas.catalogue.texts import MessageWarning, text, texts
    from quartiersatlas.project.refused.refusals import project_lang

    lang = getattr(options, "lang", None) or project_lang(_project(options))
    for warning in caught:
        said = str(warning)
        if isinstance(warning, MessageWarning):
            of_project = f"project_{warning.message.name}"  # what is mended in the project file, not in Python
            name = of_project if of_project in texts() else warning.message.name
            said = replace(warning.message, name=name).said(lang)
        if isinstance(warning, UserWarning):
            print(one_line(f"{text('word_warning', lang)}: {said}"), file=sys.stderr)


def _project(options: argparse.Namespace) -> Path | None:
    """Return the project file of a command; of several the first."""
    found: Path | None = getattr(options, "project", None) or next(iter(getattr(options, "projects", ())), None)
    return found


def _print_failed(error: PartitionsFailedError, project: Path | None) -> None:
    """Print how many parts failed and why each of them did, in the language of the project."""
    from quartiersatlas.catalogue.texts import text
    from quartiersatlas.project.refused.refusals import project_lang, told

    lang, count = project_lang(project), len(error.failures)
    said = text("nation_failed_one", lang) if count == 1 else text("nation_failed", lang, count=count)
    print(f"quartiersatlas: {said}", file=sys.stderr)
    for part, reason in error.failures.items():
        print(one_line(f"  {part}: {told(reason, lang)}"), file=sys.stderr)


def _print_faults(error: QuartiersatlasError, project: Path | None, asked: Lang | None) -> None:
    """Print each fault on its line, in the language that was asked for, or that of the project."""
    from quartiersatlas.project.refused.refusals import project_lang

    _print_listed("quartiersatlas", getattr(error, "faults", None) or (error,), asked or project_lang(project))


def _print_listed(who: str, faults: Sequence[object], lang: Lang) -> None:
    from quartiersatlas.project.refused.refusals import count_of_faults, told

    if len(faults) > 1:
        print(f"{who}: {count_of_faults(len(faults), lang)}", file=sys.stderr)
    for number, fault in enumerate(faults, 1):
        head = f"  {number}. " if len(faults) > 1 else f"{who}: "
        print(f"{head}{told(str(fault), lang)}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quartiersatlas",
        description="From indicator tables and area polygons to a shortlist on a map.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser("demo", help=f"write the synthetic sample city and its atlas into {DEMO_FOLDER}/")
    demo.add_argument("folder", nargs="?", default=DEMO_FOLDER, type=Path)
    demo.add_argument("--full", action="store_true", help="also what comes after the first map, in monitoring/")
    demo.add_argument("--lang", choices=("de", "en"), default="de", help="language of data, project, map and report")
    demo.set_defaults(command=_demo)

    new = commands.add_parser("new", help="write a project file to start from: fourteen lines, the rest as comments")
    new.add_argument("path", nargs="?", default=PROJECT_FILE, type=Path)
    found = ("TABLE", "AREAS")
    new.add_argument("--from", dest="found", nargs=2, type=Path, metavar=found, help="fill it in from these two files")
    new.add_argument("--lang", choices=("de", "en"), default="de", help="language of comments, map and report")
    new.set_defaults(command=_new)

    run = commands.add_parser("run", help="run projects and write their outputs")
    run.add_argument("projects", type=Path, nargs="+", metavar="project")
    run.add_argument(
        "--workers",
        type=int,
        default=None,
        metavar="N",
        help="compute in N processes: several projects, or the parts of all municipalities",
    )
    run.add_argument("--folder", type=Path, default=None, help="write to this folder instead of the project's own")
    run.add_argument("--progress", action="store_true", help="tell the steps of a single project on standard error")
    run.set_defaults(command=_run)

    _nation_parsers(run, commands)

    _house_parsers(commands)
    _ledger_parser(commands.add_parser("ledger", help="list the releases of a ledger, or withdraw one that never left"))
    _monitor_parser(commands.add_parser("monitor", help="keep the years of a project in its store, and report on them"))

    indices = commands.add_parser("indices", help="list the segregation indices")
    indices.set_defaults(command=_indices)

    rules = commands.add_parser("rules", help="list the official rules, or print one")
    rules.add_argument("id", nargs="?", default="", help="id of an official rule")
    rules.set_defaults(command=_rules)
    return parser


def _house_parsers(commands: Any) -> None:  # noqa: ANN401 - a private class of argparse
    check = commands.add_parser("check", help="check the inputs of a project; writes nothing")
    check.add_argument("project", type=Path)
    check.add_argument("--part", default="", help="the unit to look at, of a project with by = ...")
    check.set_defaults(command=_check)

    audit = commands.add_parser("audit", help="print what a reader could learn of withheld counts; for the house only")
    audit.add_argument("project", type=Path)
    audit.add_argument("--part", default="", help="the unit to look at, of a project with by = ...")
    audit.add_argument("--csv", type=Path, default=None, help="write every withheld count to this file, for the house")
    audit.set_defaults(command=_audit)

    verify = commands.add_parser(
        "verify", help="is a map, report or GeoPackage as written, and what the project gives?"
    )
    verify.add_argument("file", type=Path)
    verify.add_argument("project", nargs="?", type=Path, default=None, help="compute it again from these inputs")
    verify.set_defaults(command=_verify)


def _ledger_parser(ledger: argparse.ArgumentParser) -> None:
    acts = ledger.add_subparsers(required=True, metavar="act")
    listed = acts.add_parser("list", help="list id, state, date and title of every release")
    listed.add_argument("file", type=Path)
    listed.set_defaults(command=_ledger_list)
    withdrawn = acts.add_parser("withdraw", help="note that a release never left the house")
    withdrawn.add_argument("file", type=Path)
    withdrawn.add_argument("id")
    withdrawn.set_defaults(command=_ledger_withdraw)


def _nation_parsers(run: argparse.ArgumentParser, commands: Any) -> None:  # noqa: ANN401 - a private class of argparse
    nation = run.add_argument_group("of all municipalities, a file with [cells]")
    nation.add_argument("--scheduler", default="", metavar="ADDRESS", help="compute on a Dask cluster, tcp://host:8786")
    nation.add_argument("--only", default="", metavar="LAND", help="compute the parts of one Land, such as 05")
    nation.add_argument("--fresh", action="store_true", help="compute finished parts again")
    plan = commands.add_parser("plan", help="say what a run over all municipalities will take; computes nothing")
    plan.add_argument("project", type=Path)
    plan.set_defaults(command=_plan)


def _monitor_parser(monitor: argparse.ArgumentParser) -> None:
    acts = monitor.add_subparsers(required=True, metavar="act")
    add = acts.add_parser("add", help="look at the period of a project, and store it where nothing is open")
    add.add_argument("project", type=Path)
    add.add_argument("--accept", default="", metavar="REASON", help="reason for everything that is asked about")
    add.add_argument("--by", default="", help="office that adds the period, and gives the reason")
    add.add_argument(
        "--break", dest="breaks", action="append", default=[], metavar="COLUMN", help="defined otherwise now"
    )
    add.add_argument("--new-areas", action="store_true", help="the period is on areas that are not in the store yet")
    add.add_argument("--all", action="store_true", help="every period of the tables that the store does not have yet")
    add.add_argument("--revision", action="store_true", help="the period is there and was corrected")
    add.set_defaults(command=_monitor_add)
    report = acts.add_parser("report", help="write the yearly report: .html, .docx or .pdf")
    report.add_argument("project", type=Path)
    report.add_argument("file", type=Path)
    report.add_argument("--on", default="", help="the day on which something is due; the date of the release")
    report.set_defaults(command=_monitor_report)


def _monitor_add(options: argparse.Namespace) -> int:
    from quartiersatlas.project.monitor_part import add_all_to_monitor, add_to_monitor

    if options.all:
        seen = add_all_to_monitor(options.project, accept=options.accept, by=options.by)
        for line in "\n".join(map(repr, seen)).split("\n"):
            print(one_line(line))
        return _plans(options.project) if all(one.stored for one in seen) else NOT_OK
    chosen = {name: getattr(options, name) for name in ("accept", "by", "new_areas", "revision")}
    found = add_to_monitor(options.project, breaks=tuple(options.breaks), **chosen)
    for line in repr(found).split("\n"):
        print(one_line(line))
    return _plans(options.project) if found.stored else NOT_OK


def _plans(project: Path) -> int:
    """Keep the targets and forecasts of the register beside the periods, and say how many were new."""
    from quartiersatlas.project.monitor_part import add_plans_to_monitor

    targets, forecasts = add_plans_to_monitor(project)
    if targets or forecasts:
        print(f"Of the register: {count_noun(targets, 'new target')}, {count_noun(forecasts, 'new forecast')}")
    return 0


def _monitor_report(options: argparse.Namespace) -> None:
    from quartiersatlas.project.monitor_part import write_monitor_report

    print(f"Wrote {write_monitor_report(options.project, options.file, on=options.on)}")


def _demo(options: argparse.Namespace) -> None:
    from quartiersatlas.catalogue import text
    from quartiersatlas.project import run_project
    from quartiersatlas.project.beginning.demo import write_demo

    if options.full and options.lang != "de":
        raise InputError("demo --full, the years of the sample city, is there in German only. Leave out --lang.")
    data = options.folder / ("daten" if options.lang == "de" else "data")
    made_folder(data)
    project = write_demo(sample_data(), data, options.lang)
    result = run_project(project, folder=options.folder)
    notices = "; ".join(result.release.notices)
    print(text("demo_where", options.lang, notices=notices, folder=data))
    _print_result(result)
    if options.full:
        _demo_of_the_years(data / YEARS_FILE, options.folder / "monitoring")


def _demo_of_the_years(project: Path, folder: Path) -> None:
    """Keep the years of the sample city in a store, run its second project and write the yearly report."""
    from quartiersatlas.project import run_project
    from quartiersatlas.project.monitor_part import add_all_to_monitor, add_plans_to_monitor, write_monitor_report

    seen = add_all_to_monitor(project, accept="Synthetische Daten", by="quartiersatlas demo")
    if not all(one.stored for one in seen):
        raise InputError(repr(seen[-1]))
    add_plans_to_monitor(project)
    result = run_project(project, folder=folder)
    _print_result(result)
    print(f"  {write_monitor_report(project, folder / YEARLY_REPORT)}")


def sample_data() -> Traversable:
    """Return the folder of the synthetic sample city: inside an installed package, beside ``src`` in a checkout."""
    installed = files("quartiersatlas").joinpath("sample_data")
    return installed if installed.is_dir() else Path(__file__).parents[2] / "sample_data"


def _new(options: argparse.Namespace) -> None:
    from quartiersatlas.catalogue import text
    from quartiersatlas.project.beginning.start import blank_start, start_from

    if usable_path(options.path).exists():
        raise InputError(f"{options.path} already exists and was not changed. Choose another file name.")
    folder = options.path.absolute().parent
    start = start_from(*options.found, folder=folder, lang=options.lang) if options.found else blank_start(options.lang)
    write_bytes(options.path, replace(start, file=options.path.name).to_toml().encode())
    print(one_line(text("new_wrote", options.lang, file=options.path)))


def _check(options: argparse.Namespace) -> None:
    from quartiersatlas.project import check_project
    from quartiersatlas.project.refused.checked import checked_lines

    print("\n".join(checked_lines(check_project(options.project, part=options.part))))


def _run(options: argparse.Namespace) -> int:
    from quartiersatlas.catalogue import text
    from quartiersatlas.project import run_project, run_projects
    from quartiersatlas.project.calls import has_parts
    from quartiersatlas.project.nation_part import is_nation
    from quartiersatlas.project.refused.refusals import project_lang

    if len(options.projects) == 1 and is_nation(options.projects[0]):
        _run_nation(options)
        return 0
    wrong = [f"--{name}" for name in OF_NATION if getattr(options, name)]
    if wrong:
        raise SpecError(f"{wrong[0]} is for one file of all municipalities, with [cells].")
    if len(options.projects) == 1 and options.workers is None and not has_parts(options.projects[0]):
        _print_result(run_project(options.projects[0], folder=options.folder, progress=_told(options)))
        return 0
    found = run_projects(options.projects, folder=options.folder, executor=options.workers)
    for run in found.runs:
        if not run.error:
            print(one_line(run.name))
            for line in (*(f"  {file}" for file in run.files), *(f"  {sentence}" for sentence in run.summary)):
                print(line)
    for run in found.failed:
        lang = project_lang(Path(run.project))
        _print_listed(one_line(text("refusal_run", lang, name=run.name)), run.faults or (run.error,), lang)
    return SOME_FAILED if found.failed else 0


def _told(options: argparse.Namespace) -> Callable[[int, int], None] | None:
    """Return what tells the steps of a run, where that is asked for."""
    if not options.progress:
        return None
    return lambda done, of: print(f"{done}/{of}", file=sys.stderr, flush=True)


def _run_nation(options: argparse.Namespace) -> None:
    from quartiersatlas.project.nation_part import chosen_executor, run_nation

    with chosen_executor(options.workers, options.scheduler) as executor:
        result = run_nation(
            options.projects[0],
            executor=executor,
            only=options.only,
            fresh=options.fresh,
            folder=options.folder,
            progress=lambda state: print(state, file=sys.stderr, flush=True),
        )
    for line in repr(result.found).split("\n"):
        print(one_line(line))
    print(result.found.sentence(result.nation.lang))
    for file in result.files[:MOST_LISTED]:
        print(f"  {file}")
    if len(result.files) > MOST_LISTED:
        print(f"  and {len(result.files) - MOST_LISTED} more")


def _plan(options: argparse.Namespace) -> None:
    from quartiersatlas.project.nation_part import is_nation, plan_nation

    if not is_nation(options.project):
        raise SpecError(
            f"{options.project} has no [cells]: plan is for a file of all municipalities. For one city: check."
        )
    print(repr(plan_nation(options.project)))


def _audit(options: argparse.Namespace) -> int:
    from quartiersatlas.project import audit_project

    try:
        audit = audit_project(options.project, csv=options.csv, part=options.part)
    except ReleaseError as error:
        if error.report is None:
            raise
        print(f"quartiersatlas: {error}", file=sys.stderr)
        for line in error.report.to_string(index=False).split("\n"):
            print(one_line(line))
        return NOT_OK
    for line in repr(audit).split("\n"):
        print(one_line(line))
    if options.csv is not None:
        print(f"Wrote {options.csv}, which tells small counts: for the house only, readable by you alone.")
    return 0 if audit.ok else NOT_OK


def _verify(options: argparse.Namespace) -> int:
    from quartiersatlas.project.verify import verify_file

    found = verify_file(options.file, options.project)
    for line in found.texts():
        print(one_line(line))
    return 0 if found.ok else NOT_OK


def _ledger_list(options: argparse.Namespace) -> None:
    from quartiersatlas.disclosure.ledger import listed_releases

    for entry in listed_releases(options.file):
        print(one_line(f"{entry.id}  {entry.state:<9}  {entry.date}  {entry.title}"))


def _ledger_withdraw(options: argparse.Namespace) -> None:
    from quartiersatlas.disclosure.ledger import withdraw_release

    entry = withdraw_release(options.file, options.id)
    print(one_line(f"Withdrew {entry.id}, which was {entry.state}: {entry.label}."))
    print("Later releases are not compared with it any more. None of its files may have left the house:")
    for name in entry.files:
        print(one_line(f"  {name}"))


def _indices(_: argparse.Namespace) -> None:
    from quartiersatlas.segregation import segregation_indices

    table = segregation_indices()[["label_en", "dimension", "reference", "formula", "source"]]
    print(table.to_string())


def _rules(options: argparse.Namespace) -> None:
    from quartiersatlas.screening import RuleSpec, rule_presets

    if not options.id:
        width = max(map(len, rule_presets()))
        for name in rule_presets():
            spec = RuleSpec.preset(name)
            print(f"{name:<{width}}  {spec.title_en}; {_verified(spec)}")
        return
    spec = RuleSpec.preset(options.id)
    print(f"{spec.title_en} / {spec.title_de}")
    print(f"{spec.source}. {spec.note_en}".strip())
    said = _verified(spec)
    print(f"{said[0].upper()}{said[1:]}.\n")
    print(f"{spec.sentence}\n")
    print(spec.to_toml(), end="")


def _verified(spec: RuleSpec) -> str:
    return f"verified: {spec.verified}" if spec.is_verified else "compared with no official list"


def _print_result(result: ProjectResult) -> None:
    for file in result.files:
        print(f"  {file}")
    for sentence in result.summary:
        print(sentence)
