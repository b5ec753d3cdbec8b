"""The public names: all there, cheap to import, documented, and plain functions and classes."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import quartiersatlas as qa

STUB = ast.parse(Path(qa.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))


@pytest.fixture
def python():
    """Run code in a fresh interpreter; give what it prints."""

    def run(code: str) -> str:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.mark.parametrize("name", qa.__all__)
def test_every_public_name_can_be_got(name):
    assert getattr(qa, name) is not None
    assert name in dir(qa)


def test_the_stub_lists_every_name_once_and_sorted():
    listed = [
        ast.literal_eval(line.value)
        for line in STUB.body
        if isinstance(line, ast.Assign) and line.targets[0].id == "__all__"
    ]
    assert listed == [sorted(set(qa.__all__))]
    assert [alias.asname for line in STUB.body if isinstance(line, ast.ImportFrom) for alias in line.names] == [
        None
    ] * len(qa.__all__)


def test_a_name_that_is_not_public_is_no_attribute():
    with pytest.raises(AttributeError, match="No quartiersatlas attribute decompse"):
        qa.decompse  # noqa: B018 - the look-up is the test


def test_every_public_function_and_class_has_a_docstring():
    without = []
    for name in qa.__all__:
        thing = getattr(qa, name)
        if not (inspect.getdoc(thing) or "").strip():
            without.append(name)
        members = vars(thing).items() if inspect.isclass(thing) else ()
        without += [
            f"{name}.{member}"
            for member, value in members
            if not member.startswith("_")
            and (inspect.isfunction(value) or isinstance(value, property | classmethod))
            and not (inspect.getdoc(getattr(value, "__func__", value)) or "").strip()
        ]
    assert without == []


def test_importing_the_package_loads_nothing_heavy(python):
    code = "import quartiersatlas, sys; print(*sorted(name.split('.')[0] for name in sys.modules))"
    loaded = set(python(code).split())
    assert "quartiersatlas" in loaded
    assert (
        loaded & {"folium", "libpysal", "geopandas", "pandas", "numpy", "scipy", "jinja2", "shapely", "esda"} == set()
    )


def test_reading_and_joining_loads_neither_the_map_nor_the_graphs(python):
    code = "import quartiersatlas as qa, sys; qa.read_table, qa.join; print(*sorted(sys.modules))"
    loaded = set(python(code).split())
    assert "pandas" in loaded
    assert loaded & {"folium", "libpysal", "jinja2"} == set()


def test_a_public_function_is_the_function_whatever_was_imported_before(python):
    code = """
import quartiersatlas.disclosure.release, quartiersatlas.segregation.table, quartiersatlas.present.report
import quartiersatlas as qa, inspect
print(*(inspect.isfunction(thing) for thing in (qa.release, qa.measure_segregation, qa.report, qa.join)))
print(qa.segregation.dissimilarity([1, 0], [0, 1]))
try:
    qa.release()
except TypeError as error:
    print(error)
"""
    # two groups that never meet: 1
    assert python(code).splitlines() == [
        "True True True True",
        "1.0",
        "release() missing 1 required positional argument: 'data'",
    ]


def test_the_room_that_was_a_verb_answers_with_the_new_name():
    with pytest.raises(TypeError, match=r"qa\.measure_segregation\(data"):
        qa.segregation(None, ["mh"], total="residents")


def test_every_verb_speaks_german_unless_told_otherwise():
    """One default language: a reader of two results never gets one in German and one in English."""
    found = {}
    for path in sorted(Path(qa.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                arguments = node.args
                of_last = [None] * (len(arguments.args) - len(arguments.defaults)) + arguments.defaults
                pairs = [
                    *zip(arguments.args, of_last, strict=True),
                    *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
                ]
                for argument, default in pairs:
                    if argument.arg == "lang" and isinstance(default, ast.Constant) and default.value is not None:
                        found[f"{path.name}:{node.name}"] = default.value
    assert len(found) > 50
    assert {where: lang for where, lang in found.items() if lang != "de"} == {}
