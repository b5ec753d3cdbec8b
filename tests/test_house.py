"""The house keeps its form: chapters of bearable length, no circles, one thing of a name, no loading by name."""

from __future__ import annotations

import ast
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import quartiersatlas as qa

ROOT = Path(qa.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TREES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}
MODULES = {".".join(("quartiersatlas", *file.relative_to(ROOT).with_suffix("").parts)): file for file in FILES}
MODULES = {name.removesuffix(".__init__"): file for name, file in MODULES.items()}
# the modules of the map's page are no packages: its bundle lists them, in their order
FOLDERS = [ROOT, *sorted({file.parent for file in FILES} - {ROOT})]
LONGEST_FILE, LONGEST_FUNCTION, FULL_FOLDER = 600, 60, 20
BY_NAME = {"import_module", "__import__", "spec_from_file_location", "find_spec", "run_module", "resolve_name"}


def imported(tree):
    """Give the own modules that a file imports anywhere: at the top, in functions, for type checkers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("quartiersatlas"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def circle_in(graph):
    """Give the modules of a circle, or none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_file_imports_itself_by_a_detour_types_included():
    assert circle_in({name: set(imported(TREES[file])) - {name} for name, file in MODULES.items()}) == []


def test_a_circle_would_be_found():
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}}) in (list("abca"), list("bcab"), list("cabc"), list("acba"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_files_and_functions_have_a_length_that_can_be_read(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    long = {
        node.name: body_length(node)
        for node in ast.walk(TREES[file])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_length(node) > LONGEST_FUNCTION
    }
    assert long == {}


def body_length(function):
    """Give the lines of a function without its docstring: that of a public one is a page of the manual."""
    docstring = function.body[0] if ast.get_docstring(function) is not None else None
    pages = docstring.end_lineno - docstring.lineno + 1 if docstring else 0
    return function.end_lineno - function.lineno + 1 - pages


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_that_grows_full_gets_rooms_inside(folder):
    entries = [entry for entry in folder.iterdir() if entry.name not in ("__pycache__", "py.typed")]
    assert len(entries) <= FULL_FOLDER


def test_a_class_has_a_name_of_its_own():
    """Public or not: who searches for a name finds one thing."""
    homes = defaultdict(set)
    for file, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                homes[node.name].add(file.relative_to(ROOT).as_posix())
    assert {name: sorted(files) for name, files in homes.items() if len(files) > 1} == {}


def test_no_package_bears_the_name_of_a_public_function():
    packages = {folder.name for folder in ROOT.rglob("*") if (folder / "__init__.py").is_file()}
    functions = {name for name in qa.__all__ if name != "segregation" and callable(getattr(qa, name))}
    assert packages & functions == set()


def test_own_modules_are_never_loaded_by_name():
    """A room could reach a higher one past the contracts; only the package itself loads its public names so."""
    found = [
        f"{file.relative_to(ROOT).as_posix()}:{node.lineno}"
        for file, tree in TREES.items()
        if file != ROOT / "__init__.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called_name(node.func) in BY_NAME and not names_foreign(node)
    ]
    assert found == []


def called_name(function):
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def names_foreign(call):
    """Return whether the module asked for is written out and not one of ours."""
    asked = call.args[0] if call.args else None
    return isinstance(asked, ast.Constant) and not str(asked.value).startswith("quartiersatlas")
