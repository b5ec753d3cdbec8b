"""The door: wrong objects, names, choices and files get one sentence that says what is taken."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping

import pytest

from quartiersatlas.base.checks import choice, count_noun, existing_file, expects, names, renamed
from quartiersatlas.errors import ArgumentError, InputError, QuartiersatlasError, SpecError


@renamed(total="population", before="earlier")
def count(population: str, earlier: int = 0) -> tuple[str, int]:
    """Give the arguments."""
    return population, earlier


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (None, str, "f takes a str, not None: how."),
        ([1], int, "f takes an int, not a list: how."),
        (1, (str, Mapping), "f takes a str or a mapping, not an int: how."),
        ({}, list, "f takes a list, not a dict: how."),
    ],
)
def test_a_wrong_object_is_answered_with_what_is_taken(value, kind, message):
    with pytest.raises(ArgumentError) as error:
        expects(value, kind, "f", "how")
    assert str(error.value) == message
    assert isinstance(error.value, TypeError)
    assert isinstance(error.value, QuartiersatlasError)


def test_a_right_object_passes_also_of_a_subclass():
    expects(True, int, "f", "how")  # noqa: FBT003 - a bool is an int
    expects({}, Mapping, "f", "how")


def test_one_name_is_one_name_and_repetitions_count_once():
    assert names("rate", "columns") == ("rate",)
    assert names(iter(["b", "a", "b"]), "columns") == ("b", "a")


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([], SpecError, "columns is empty; name at least one column."),
        (3, ArgumentError, "columns takes a name or a list of names, not an int."),
        (None, ArgumentError, "columns takes a name or a list of names, not None."),
        (["a", 3], ArgumentError, "columns: names are text, but '3' are not; write them in quotation marks."),
    ],
)
def test_what_is_no_list_of_names_is_refused(value, error, message):
    with pytest.raises(error) as caught:
        names(value, "columns")
    assert str(caught.value) == message


def test_a_choice_is_one_of_the_known_values():
    choice("a", iter("ab"), "lang")
    with pytest.raises(SpecError, match=r"^lang must be one of 'a', 'b', not 'c'\.$"):
        choice("c", iter("ab"), "lang")


@pytest.mark.parametrize(("old", "new"), [("total", "population"), ("before", "earlier")])
def test_a_parameter_of_the_first_edition_answers_with_its_new_name(old, new):
    with pytest.raises(ArgumentError, match=f"^count: the parameter '{old}' is called '{new}' now"):
        count(**{old: "x"})


def test_a_function_with_renamed_parameters_is_an_ordinary_function():
    assert count("a", earlier=2) == ("a", 2)
    assert count.__name__ == "count"
    assert pickle.loads(pickle.dumps(count)) is count  # noqa: S301 - our own bytes
    with pytest.raises(TypeError, match="unexpected keyword argument 'totl'"):
        count(totl="x")


def test_a_file_that_is_not_there_is_named_with_its_neighbours(tmp_path):
    (tmp_path / "tabelle_2024.csv").write_text("a")
    assert existing_file(tmp_path / "tabelle_2024.csv", "table").name == "tabelle_2024.csv"
    with pytest.raises(InputError, match=r"The table file .*tabelle_2023\.csv' is missing.*'tabelle_2024\.csv'"):
        existing_file(tmp_path / "tabelle_2023.csv", "table")


@pytest.mark.parametrize(("n", "text"), [(0, "0 areas"), (1, "1 area"), (2, "2 areas"), (1234, "1,234 areas")])
def test_a_number_has_the_form_of_its_noun(n, text):
    assert count_noun(n, "area") == text
    assert count_noun(n, "area has", "areas have") == text.replace("area", "area").replace(
        *(("area", "area has") if n == 1 else ("areas", "areas have"))
    )


@pytest.mark.parametrize("name", ["a" * 300 + ".csv", "a\x00b.csv", "a/" * 3000 + "b.csv", "\ud800.csv"])
def test_a_name_that_no_system_takes_is_a_missing_file(tmp_path, name):
    with pytest.raises(InputError, match=r"The table file .* is missing"):
        existing_file(tmp_path / name, "table")


@pytest.mark.parametrize(
    ("name", "said"),
    [("folder", "is a folder"), ("pipe", "is a device or a pipe"), ("link", "the link leads to a file that is not")],
)
def test_what_stands_in_the_place_of_a_file_to_read_is_said(tmp_path, name, said):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(InputError, match=rf"^The table file '.*{name}' .*{said}"):
        existing_file(tmp_path / name, "table")


def test_a_name_in_an_old_encoding_is_read(tmp_path):
    file = tmp_path / os.fsdecode("Straße.csv".encode("latin-1"))
    file.write_text("a", encoding="utf-8")
    assert existing_file(file, "table") == file
