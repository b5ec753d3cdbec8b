"""``[shortlist]``: the rule as text, as an official one, as a file or written out; errors name the line."""

from __future__ import annotations

import shutil

import pytest
from openpyxl import load_workbook

from quartiersatlas.errors import ColumnError, CountError, GeometryError, InputError, SpecError
from quartiersatlas.project import check_project, run_project
from quartiersatlas.project.manifest import input_files
from quartiersatlas.project.schema import read_project

START = '[areas]\npath = "a.gpkg"\nkey = "id"\n[[tables]]\npath = "t.csv"\nkey = "id"\n'
TABLES = '[conditions]\na = { indicator = "x", above = 2.5 }\nb = { indicator = "y", above = "city" }\n'


@pytest.fixture
def shortlist(tmp_path):
    """Read a small project with this at its end; its first six lines are areas and tables."""

    def read(more):
        file = tmp_path / "projekt.toml"
        file.write_text(START + more, encoding="utf-8")
        return read_project(file).shortlist

    return read


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ("[shortlist]\nrule = 'above(\"x\", 2.5)'", 'above("x", 2.5)'),
        ('[shortlist]\npreset = "toronto-nia-2014"', 'below("equity_score", 42.89, printed="exact")'),
        (f'[shortlist]\nselect = "a & ~b"\n{TABLES}', 'above("x", 2.5) & ~above_city("y")'),
        (f'[shortlist]\nselect = "a | b"\n{TABLES.replace("[", "[shortlist.")}', 'above("x", 2.5) | above_city("y")'),
    ],
    ids=["text", "official", "tables", "nested tables"],
)
def test_a_rule_is_written_in_one_of_four_ways(shortlist, more, rule):
    assert str(shortlist(more).tree) == rule


def test_a_rule_file_is_an_input_of_the_project(shortlist, tmp_path):
    (tmp_path / "regel.toml").write_text(f'id = "r"\nselect = "a & b"\n{TABLES}', encoding="utf-8")
    found = shortlist('[shortlist]\nfile = "regel.toml"\nmissing = "status"')
    assert str(found.tree) == 'above("x", 2.5) & above_city("y")'
    assert found.missing == "status"
    assert "regel.toml" in input_files(read_project(tmp_path / "projekt.toml"))


def test_levels_stand_beside_the_conditions(shortlist):
    rule = shortlist(f'[shortlist]\nselect = "a & b"\n{TABLES}[levels]\nHigh = {{}}\nHigher = {{ a = 3 }}').rule
    assert list(rule.levels) == ["High", "Higher"]
    assert str(rule.level_rules()["Higher"]) == 'above("x", 3) & above_city("y")'


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('[shortlist]\nrule = "over(1)"', r"projekt\.toml, line 8: The rule 'over\(1\)' cannot be read"),
        ('[shortlist]\npreset = "mtc"', r"line 8: RuleSpec\.preset: the rule must be one of 'berlin"),
        ("[shortlist]", r"line 7: In \[shortlist\]: 'rule' is missing; it takes exactly one of"),
        (
            '[shortlist]\npreset = "nap-2007"\nrule = "x"',
            r"line 8: In \[shortlist\]: 'rule' and 'preset' are two rules",
        ),
        (f'[shortlist]\npreset = "nap-2007"\n{TABLES}', r"line 9: .*'conditions' goes with select alone"),
        (TABLES, r"\[conditions\] needs a rule: add \[shortlist\] with select"),
        (f'[shortlist]\nselect = "a & c"\n{TABLES}', r"line 8: select: 'c' is no condition"),
        (f'[shortlist]\nselect = "a"\n{TABLES}', r"line 11: select: condition 'b' is never used"),
        (f'[shortlist]\nselect = "a & b"\n{TABLES.replace("2.5", "[]")}', r"line 10: above: the mix is empty"),
        (f'[shortlist]\nselect = "a & b"\n{TABLES}[shortlist.conditions]\na = 1', "are two tables: keep one"),
        ('[shortlist]\nrule = "x"\nmissing = "all"', r'line 9: .*missing = \'all\' must be "status" or "moving"'),
        ("[shortlist]\nrule = 3", r"line 8: .*rule = 3 should be text"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_its_line(shortlist, more, message):
    with pytest.raises(SpecError, match=message):
        shortlist(more)


@pytest.mark.parametrize("written", ["select", "rule"])
def test_an_indicator_that_is_not_there_names_the_line_of_its_condition(sample_data, tmp_path, written):
    project = shutil.copytree(sample_data, tmp_path / "city") / "projekt.toml"
    text = project.read_text(encoding="utf-8")
    old = 'rule = \'above_city("sgb2_rate", "child_poverty_u15") & worst_share("need", 0.2)\''
    assert old in text
    if written == "select":
        new = 'select = "a & b"\n[conditions]\na = { indicator = "sgb2_rate", above = "city" }\n'
        new += 'b = { indicator = "poverty_rate", above = 3 }'
        line = text[: text.index(old)].count("\n") + 4
    else:
        new, line = "rule = 'above_city(\"poverty_rate\")'", text[: text.index(old)].count("\n") + 1
    project.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ColumnError, match=rf"projekt\.toml, line {line}: .*poverty_rate"):
        check_project(project)


# --- layers beside the rule -------------------------------------------------------------------------------------------


def test_barriers_of_clusters_are_files_of_the_project(shortlist, tmp_path):
    found = shortlist(
        '[shortlist]\nrule = \'hotspot("x")\'\nbarriers = "river.gpkg"\n[candidates]\ncrossings = "bridges.gpkg"'
    )
    assert (found.barriers, found.crossings) == ("river.gpkg", None)
    assert input_files(read_project(tmp_path / "projekt.toml")) == ["a.gpkg", "bridges.gpkg", "river.gpkg", "t.csv"]
    with pytest.raises(SpecError, match=r"line 9: \[shortlist\]: barriers = 3 should be the name of a file"):
        shortlist("[shortlist]\nrule = 'hotspot(\"x\")'\nbarriers = 3")


def test_candidate_areas_take_their_options_from_the_project(city, edit):
    more = 'barriers = "fluss.geojson"\nexclude = ["0102"]\nseed = 3\n'
    edit(city / "projekt.toml", "[candidates]\n", f"[candidates]\n{more}")
    options = check_project(city / "projekt.toml").candidates.options
    assert (len(options.barriers), options.crossings, options.exclude, options.seed) == (1, None, ("0102",), 3)


@pytest.mark.parametrize(
    ("part", "more", "error", "message"),
    [
        ("candidates", 'exclude = ["9999"]', SpecError, r"projekt\.toml: \[candidates\]: .*unknown key: '9999'"),
        ("candidates", 'barriers = "einrichtungen.geojson"', GeometryError, r"\[candidates\]: .*no lines or polygons"),
        ("candidates", 'crossings = "fluss.geojson"', SpecError, "crossings open barriers, but there are none"),
        ("candidates", 'barriers = "strom.geojson"', InputError, "strom"),
        ("shortlist", 'barriers = "fluss.geojson"', SpecError, r"line \d+: screen: barriers cut neighbours"),
    ],
)
def test_layers_that_cannot_work_are_refused(city, edit, part, more, error, message):
    edit(city / "projekt.toml", f"[{part}]\n", f"[{part}]\n{more}\n")
    with pytest.raises(error, match=message):
        check_project(city / "projekt.toml")


# --- other rules beside it --------------------------------------------------------------------------------------------

OWN = "[shortlist]\nrule = 'above(\"x\", 2.5)'\n[shortlist.compare]\n"


def test_other_rules_stand_beside_that_of_the_shortlist(shortlist, tmp_path):
    (tmp_path / "regel.toml").write_text(f'id = "r"\nselect = "a & b"\n{TABLES}', encoding="utf-8")
    part = shortlist(
        f'{OWN}group = "mh"\nby = "bezirk"\nruns = 100\n[shortlist.compare.rules]\n'
        'low = \'below("y", 3)\'\ntoronto = { preset = "toronto-nia-2014" }\nown = { file = "regel.toml" }\n'
    )
    found = part.compare.beside(part.rule, "en")
    assert {name: str(getattr(rule, "rule", rule)) for name, rule in found.items()} == {
        "rule of this selection": 'above("x", 2.5)',
        "low": 'below("y", 3)',
        "toronto": 'below("equity_score", 42.89, printed="exact")',
        "own": 'above("x", 2.5) & above_city("y")',
    }
    assert part.compare.options == {"group": "mh", "by": "bezirk", "runs": 100, "seed": 1}
    assert "regel.toml" in input_files(read_project(tmp_path / "projekt.toml"))


@pytest.mark.parametrize(
    ("more", "line", "message"),
    [
        ('group = "mh"\n', 9, "'rules' is missing"),
        ("[shortlist.compare.rules]\na = 'abov(\"x\", 1)'\n", 11, "did you mean 'above'"),
        ("[shortlist.compare.rules]\na = 7\n", 11, "should be a rule as text"),
        ('[shortlist.compare.rules]\na = { preset = "mtc-epc-2021" }\n', 11, "mtc-epc-2022"),
        ('[shortlist.compare.rules]\na = { presets = "mtc-epc-2022" }\n', 11, "presets"),
        ("runs = -1\n[shortlist.compare.rules]\na = 'above(\"x\", 1)'\n", 10, "runs takes 0 to 100,000"),
        ("runs = true\n[shortlist.compare.rules]\na = 'above(\"x\", 1)'\n", 10, "should be a whole number"),
        ("groups = 'mh'\n[shortlist.compare.rules]\na = 'above(\"x\", 1)'\n", 10, "groups"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_line(shortlist, more, line, message):
    with pytest.raises(SpecError, match=message) as error:
        shortlist(OWN + more)
    assert f"line {line}" in str(error.value)


def test_a_project_releases_the_comparison(small_project):
    """b is 20 14 33 8 19 27 12 16 22 31 18 9 of 1,000, in sum 229 of 12,000 (1.9 %); c is 137 of 12,000 (1.1 %)."""
    file = small_project(
        '[indicators]\nb_share = ["b", "residents"]\nc_share = ["c", "residents"]\n'
        "[shortlist]\nrule = 'above_city(\"b_share\")'\n"
        '[shortlist.compare]\ngroup = "b"\nby = "district"\n'
        '[shortlist.compare.rules]\nc = \'above_city("c_share")\'\nboth = \'above_city("b_share", "c_share")\'\n'
        '[outputs]\nmap = ""\nreport = "bericht.md"\nprofiles = ""\ngeopackage = ""\nworkbook = "zahlen.xlsx"\n'
        'manifest = "manifest.json"\n',
        areas='parents = { district = "district" }',
    )
    result = run_project(file)
    found = result.release.comparison.table
    assert found["areas"].tolist() == [5, 5, 2]  # 20 33 27 22 31 of b, 12 15 21 14 19 of c
    assert found["group"].tolist() == [133, 89, 49]  # b in these areas
    assert found["jaccard"].round(4).tolist() == [1.0, 0.25, 0.4]
    written = {one.name: one for one in result.files}
    words = written["bericht.md"].read_text(encoding="utf-8")
    assert "Regel dieser Auswahl" in words
    sheets = load_workbook(written["zahlen.xlsx"], read_only=True)
    cells = {cell for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row}
    assert {"Regel dieser Auswahl", "c", "both"} <= cells


def test_a_name_of_the_own_rule_and_a_rate_as_group_are_refused(small_project):
    section = "[shortlist]\nrule = 'above(\"a_share\", 2)'\n[shortlist.compare]\n{}\n[shortlist.compare.rules]\n"
    rule = "= 'above(\"a_share\", 3)'\n"
    with pytest.raises(SpecError, match=r"projekt.toml: \[shortlist.compare\]: .*is the rule of the shortlist itself"):
        check_project(small_project(section.format("") + f'"Regel dieser Auswahl" {rule}'))
    with pytest.raises(CountError, match=r"projekt.toml: \[shortlist.compare\]: .*a_share"):
        check_project(small_project(section.format('group = "a_share"') + f"other {rule}"))
