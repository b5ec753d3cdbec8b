"""Protection in a project file: its options, relations between columns, and the certificate."""

from __future__ import annotations

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, InputError, ReleaseError, SpecError
from quartiersatlas.project import audit_project, check_project
from quartiersatlas.project.schema import read_project
from quartiersatlas.project.toml_words import in_toml

ALL = 'a_share = ["a", "residents"]\nb_share = ["b", "residents"]\nc_share = ["c", "residents"]\n'
RATES = f'[indicators]\n{ALL}all_share = ["all", "residents"]\n'
SUMS = '[sums]\nall = ["a", "b", "c"]\n'
ROUNDED = "[protection]\nround_base = 3\nmin_count = 1\nfind_sums = false\n"

# options


def test_every_option_of_protection_can_stand_in_the_file(small_project):
    options = """[protection]
min_count = 5
min_denominator = 30
min_population = 0
protect_remainder = false
round_base = 10
decimals = 0
secondary = false
derived = "exact"
totals = ["city"]
zeros = "shown"
effort = "fast"
priority = { a_share = 3 }
plan = "leaving"
find_sums = false
m_source = 4
"""
    assert read_project(small_project(options)).protection == qa.Protection(
        min_count=5,
        min_denominator=30,
        min_population=0,
        protect_remainder=False,
        round_base=10,
        decimals=0,
        secondary=False,
        derived="exact",
        totals=("city",),
        zeros="shown",
        effort="fast",
        priority={"a_share": 3},
        plan="leaving",
        find_sums=False,
        m_source=4,
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('totals = "city"', r'\[protection\] totals = "city" must be "all" or a list of levels: totals = \["city"\]'),
        ("totals = 5", r'In \[protection\]: totals = 5 should be text .* or a list such as \["a", "b"\]'),
        ('zeros = "never"', r"\[protection\] zeros must be one of 'where_needed', 'shown', not 'never'"),
        ('derived = "none"', r"\[protection\] derived must be one of 'released', 'exact'"),
        ('effort = "full"', r"\[protection\] effort must be one of 'auto', 'fast'"),
        ('plan = "none"', r"\[protection\] plan must be one of 'all', 'leaving'"),
        ('priority = "a"', r"In \[protection\]: priority = .a. should be a table such as"),
        ('priority = { a = "much" }', r"In \[protection\]: priority = .* should be a table such as"),
        ("priority = { a = 0 }", r"\[protection\] priority of 'a' is 0; it must be a number above 0"),
        ("find_sums = 1", r"In \[protection\]: find_sums = 1 should be true or false"),
        ("m_source = 1", r"\[protection\] m_source = 1 must be a whole number from 2"),
        ("find_sum = false", r"In \[protection\]: 'find_sum' is not known\. Did you mean 'find_sums'"),
    ],
)
def test_a_wrong_option_is_refused_in_the_words_of_the_file(small_project, line, message):
    with pytest.raises(SpecError, match=r"^projekt\.toml, line \d+: " + message):
        read_project(small_project(f"[protection]\n{line}"))


def test_a_level_that_the_areas_do_not_have_is_refused_in_the_words_of_the_file(small_project):
    with pytest.raises(ColumnError, match=r"^\[protection\] totals: the areas has no column 'citty'.*'city'"):
        check_project(small_project('[protection]\ntotals = ["citty"]'))


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Round: Protection(round_base=10), or less.", "Round: round_base = 10 in [protection], or less."),
        ("More: Protection(min_count=...). Keep it.", "More: min_count in [protection]. Keep it."),
        ("Not qa.Protections(min_count=3).", "Not qa.Protections(min_count=3)."),
    ],
)
def test_a_call_of_protection_is_a_line_of_its_section(said, line):
    assert in_toml(said, "[protection]", ["min_count"]) == line


# relations


def test_a_declared_sum_is_reckoned_with_where_none_is_looked_for(small_project):
    file = small_project(f"{RATES}{SUMS}[protection]\nfind_sums = false")
    result = check_project(file)
    assert result.data.catalogue.sums == {"all": ("a", "b", "c")}
    assert "'all' = 'a' + 'b' + 'c' (declared)" in result.release.audit().relations
    shown = result.release.values[[f"{name}_share_numerator" for name in ("a", "b", "c", "all")]].notna()
    assert not shown.loc["02", "a_share_numerator"]
    assert not shown.sum(axis=1).eq(3).any()  # three of four shown would give the fourth away


def test_without_the_declaration_the_same_project_does_not_know(small_project):
    result = check_project(small_project(f"{RATES}[protection]\nfind_sums = false"))
    assert not any("'all' =" in relation for relation in result.release.audit().relations)


def test_each_period_has_the_relations_of_its_columns(small_project):
    parts = '[parts]\nall = ["a", "c"]\n'
    shares = '[shares]\nquote = { denominator = "residents" }\n'
    result = check_project(small_project(f"{SUMS}{parts}{shares}", earlier="a b all"))
    now, (then,) = result.release.catalogue, result.atlas.earlier
    assert (now.sums, now.parts) == ({"all": ("a", "b", "c")}, {"all": ("a", "c")})
    assert (then.catalogue.sums, then.catalogue.parts) == ({}, {"all": ("a",)})
    assert now.shares == then.catalogue.shares == {"quote": "residents"}


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ('[sums]\nal = ["a", "b"]', r"^\[sums\] al: the data has no column 'al'\. Did you mean 'all'"),
        ('[sums]\nall = ["a", "residnts"]', r"^\[sums\] all: the data has no column 'residnts'\. .*'residents'"),
        ('[parts]\nall = ["aa"]', r"^\[parts\] all: the data has no column 'aa'\. Did you mean 'a'"),
        ('[shares]\nquota = { denominator = "residents" }', r"^\[shares\] quota: .* Did you mean 'quote'"),
        ('[shares]\nquote = { denominator = "resident" }', r"^\[shares\] quote: .* Did you mean 'residents'"),
        ('[sums]\nall = ["all", "b"]', r"^\[sums\] 'all' is made of 'all', 'b'\. Name each part once"),
        ("[parts]\nall = []", r"^\[parts\] 'all' is made of nothing"),
    ],
)
def test_a_relation_of_what_is_not_there_is_refused(small_project, section, message):
    with pytest.raises((ColumnError, SpecError), match=message):
        check_project(small_project(section))


def test_a_relation_whose_columns_no_period_has_together_is_refused(small_project):
    file = small_project(SUMS, later="a b all", earlier="a b c")
    with pytest.raises(SpecError, match=r"^\[sums\] all: no period has all of these columns: 'all', 'a', 'b', 'c'"):
        check_project(file)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ('[sums]\nall = "a"', r"In \[sums\] all: 'a' should be a list"),
        ("[parts]\nall = [1]", r"In \[parts\] all: \[1\] should be a list of columns"),
        ('[shares]\nquote = "residents"', r"In \[shares\] quote: 'residents' should be a table"),
        ('[shares]\nquote = { denominatr = "a" }', r"In \[shares\] quote: 'denominatr' is not known"),
        ("[shares]\nquote = { denominator = 5 }", r"In \[shares\] quote: denominator = 5 should be text"),
    ],
)
def test_relations_of_another_form_are_refused(small_project, section, message):
    with pytest.raises(SpecError, match=message):
        read_project(small_project(section))


# the certificate


def test_the_certificate_has_a_block_for_every_release(small_project):
    file = small_project(earlier="a b c all")
    before = set(file.parent.iterdir())
    audit = audit_project(file)
    assert audit.labels == ("Rahmen, 31.12.2024", "Rahmen, 31.12.2022")
    assert audit.ok
    asked = audit.table[audit.table["need"] > 0]
    assert list(asked["release"]) == list(audit.labels)
    assert set(zip(asked["column"], asked["key"], strict=True)) == {("a", "02")}
    assert ((asked["low"] <= 2) & (asked["high"] >= 2) & (asked["values"] >= 4)).all()
    blocks = repr(audit).split("\n\n")
    assert len(blocks) == 2
    for label, block in zip(audit.labels, blocks, strict=True):
        assert block.startswith(f"{label}\nAudit: 1 withheld count")
        assert "totals of the city" in block
        assert "\n  loss: " in block
    assert set(file.parent.iterdir()) == before


def test_a_project_that_withholds_nothing_has_nothing_to_lose(small_project):
    audit = audit_project(small_project("[protection]\nmin_count = 1\nprotect_remainder = false"))
    assert repr(audit).startswith("Rahmen, 31.12.2024\nAudit: no count is withheld.\n  totals of the city")
    assert audit.ok
    assert audit.table.empty


def test_without_secondary_protection_the_certificate_is_not_ok(small_project):
    audit = audit_project(small_project("[protection]\nsecondary = false"))
    assert not audit.ok
    assert audit.table[["column", "key", "low", "high", "verdict"]].to_numpy().tolist() == [["a", "02", 2, 2, "exact"]]


def test_a_failing_release_names_the_command_that_lists_its_cells(small_project):
    # 2 and 44 leave as 3 and 45, which may be 2 to 4 and 44 to 46; with their known sum of 46 only 2 and 44 are left
    file = small_project(ROUNDED, areas='parents = { district = "district" }')
    with pytest.raises(
        ReleaseError, match=r"round_base = 10 in \[protection\].*: quartiersatlas audit projekt\.toml"
    ) as caught:
        check_project(file)
    found = caught.value.report.set_index(["column", "key"])
    assert found.loc[("a", "02"), ["low", "high", "verdict"]].tolist() == [2, 2, "exact"]


@pytest.mark.parametrize("name", ["ergebnis/a.csv", "ergebnis/unten/a.csv", "ergebnis"])
def test_the_certificate_is_never_written_among_the_outputs(small_project, name):
    file = small_project()
    with pytest.raises(InputError, match=r"stays inside the house: .* would lie in the folder of the outputs"):
        audit_project(file, csv=file.parent / name)
    assert not (file.parent / "ergebnis").exists()


@pytest.mark.parametrize("name", ["2024.csv", "projekt.toml", "areas.gpkg", "buch.json", "buch.key"])
def test_the_certificate_never_replaces_a_file_of_the_project(small_project, name):
    file = small_project(top='ledger = "buch.json"')
    with pytest.raises(InputError, match="is a file of the project and would be overwritten"):
        audit_project(file, csv=file.parent / name)
