"""The public names: all there, cheap to import, documented, and the rooms that are verbs can be called."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import quartiersatlas as qa

INIT = ast.parse(Path(qa.__file__).read_text(encoding="utf-8"))


@pytest.fixture
def python():
    """Run code in a fresh interpreter; give what it prints."""

    def run(code: str) -> str:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture(scope="module")
def for_type_checkers():
    """Give what the TYPE_CHECKING block imports: name -> room."""
    (block,) = [
        node for node in INIT.body if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    ]
    return {
        alias.name: line.module.split(".")[1]
        for line in block.body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }


@pytest.mark.parametrize("name", qa.__all__)
def test_every_public_name_can_be_got(name):
    assert getattr(qa, name) is not None
    assert name in dir(qa)


def test_the_names_are_sorted_and_there_once():
    assert list(qa.__all__) == sorted(set(qa.__all__))


def test_the_rooms_the_type_checker_and_the_list_of_names_agree(for_type_checkers):
    by_room = {name: room for room, names in qa._ROOMS.items() for name in names}
    assert by_room == for_type_checkers
    assert set(by_room) | {"__version__"} == set(qa.__all__)


def test_a_name_that_is_not_public_is_no_attribute():
    with pytest.raises(AttributeError, match="module 'quartiersatlas' has no attribute 'decompse'"):
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


IMPORTED_ELSEWHERE = [
    "",
    "import quartiersatlas.segregation, quartiersatlas.release",
    "from quartiersatlas.segregation import dissimilarity; from quartiersatlas.release import Protection",
    "import quartiersatlas.project",
]


@pytest.mark.parametrize("before", IMPORTED_ELSEWHERE)
@pytest.mark.parametrize("after", IMPORTED_ELSEWHERE[:2])
def test_rooms_named_like_their_verb_can_be_called_whatever_was_imported(python, before, after):
    code = f"""
{before}
import quartiersatlas as qa
first = qa.segregation, qa.release
{after}
import pandas as pd
frame = pd.DataFrame({{"mh": [100, 60, 40, 0], "residents": [100, 100, 100, 100]}})
table = qa.segregation(frame, ["mh"], total="residents").table
print(table.set_index("index")["value"]["dissimilarity"], qa.segregation.dissimilarity([1, 0], [0, 1]))
print(first == (qa.segregation, qa.release), qa.release.Protection is qa.Protection)
try:
    qa.release()
except TypeError as error:
    print(error)
"""
    # D = (|.5 - 0| + |.3 - .2| + |.2 - .3| + |0 - .5|) / 2 = .6; two groups that never meet: 1
    assert python(code).splitlines() == [
        "0.6 1.0",
        "True True",
        "release() missing 1 required positional argument: 'data'",
    ]


@pytest.mark.parametrize("name", ["segregation", "release"])
def test_a_callable_room_has_the_signature_and_the_docstring_of_its_verb(name):
    room = getattr(qa, name)
    verb = getattr(room, name)
    assert inspect.signature(room) == inspect.signature(verb)
    assert callable(room)
