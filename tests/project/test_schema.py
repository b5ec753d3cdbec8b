"""The project file is read strictly: what is unknown, missing or impossible is refused, with the nearest name."""

from __future__ import annotations

import re

import pytest

from quartiersatlas.errors import InputError, SpecError
from quartiersatlas.intake.tables.values.codes import symbol_profile
from quartiersatlas.need import NeedSpec
from quartiersatlas.project.schema import read_project

AXIS = """
[[need.axes]]
id = "status"
label_de = "Status"
label_en = "Status"
indicators = [{ id = "sgb2_rate" }]
classes = [{ id = "high", upper = 0.0, label_de = "hoch", label_en = "high" }, \
{ id = "low", label_de = "niedrig", label_en = "low" }]
"""

SHORTLIST = "[shortlist]\nrule = 'above_city(\"sgb2_rate\")'\n"


@pytest.fixture
def project(tmp_path):
    """Write a small project file; parts can be put at its top, at its end, or in place of its inputs."""

    def write(more="", *, top="", areas='path = "a.gpkg"\nkey = "id"', tables='path = "t.csv"\nkey = "id"'):
        file = tmp_path / "projekt.toml"
        parts = [top, f"[areas]\n{areas}" if areas else "", f"[[tables]]\n{tables}" if tables else "", more]
        file.write_text("\n".join(parts), encoding="utf-8")
        return read_project(file)

    return write


def test_the_sample_project_is_read_as_it_is_written(sample_data):
    project = read_project(sample_data / "projekt.toml")
    assert project.title == "Bedarfslagen in der Beispielstadt"
    assert project.areas.key == "STADTTEIL"
    assert project.areas.merge == {"0402+0403": ["0402", "0403"]}
    assert [part.period for part in project.tables] == ["2024", "2022"]
    assert (project.indicators["mh_share"].numerator, project.indicators["mh_share"].denominator) == (
        "Mit_Migrationshintergrund",
        "Einwohner",
    )
    assert project.change.since == "2022"
    assert [(part.period, part.as_of) for part in project.earlier] == [("2022", "31.12.2022")]
    assert project.segregation.missing == "report"
    assert [axis.id for axis in project.need.spec.axes] == ["status", "dynamics"]
    assert str(project.rule) == 'above_city("sgb2_rate") & above_city("child_poverty_u15") & worst_share("need", 0.2)'
    assert (project.stability.runs, project.stability.seed) == (1000, 1)
    assert project.programmes.kind == "PROGRAMM"
    assert sorted(project.notes) == ["0305", "0404"]
    assert project.protection.min_count == 3
    assert project.outputs.manifest == "manifest.json"


def test_a_mark_in_the_project_file_may_have_limits(project):
    part = project(
        tables='path = "t.csv"\nkey = "id"\nsymbols = { "[c]" = ["suppressed", 1, 4], "?" = "missing" }'
    ).tables[0]
    profile = symbol_profile(part.symbols)
    assert profile.bounds == {"[c]": (1.0, 4.0)}
    assert profile.instead["?"] == "missing"


def test_paths_are_those_of_the_project_file_s_folder(project, tmp_path):
    assert project().file("daten/a.gpkg") == tmp_path / "daten" / "a.gpkg"


def test_a_small_project_has_defaults(project):
    small = project()
    assert (small.lang, small.population, small.period) == ("de", "residents", "")
    assert small.need is small.rule is small.change is small.candidates is small.stability is None


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"The project file '.*projekt\.toml' is missing"):
        read_project(tmp_path / "projekt.toml")


def test_a_file_that_is_not_toml_is_refused_with_the_line(tmp_path):
    file = tmp_path / "projekt.toml"
    file.write_text('title = "a"\nperiod = \n')
    with pytest.raises(InputError, match=r"projekt\.toml is not valid TOML: .*line 2"):
        read_project(file)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    file = tmp_path / "projekt.toml"
    file.write_bytes('title = "Köln"'.encode("cp1252"))
    with pytest.raises(InputError, match=r"projekt\.toml is not valid TOML"):
        read_project(file)


@pytest.mark.parametrize(
    ("more", "where", "wrong", "near"),
    [
        ({"top": 'titel = "a"'}, "project file", "titel", "title"),
        ({"more": '[shortlst]\nrule = "a"'}, "project file", "shortlst", "shortlist"),
        ({"areas": 'path = "a"\nkey = "b"\nnames = "c"'}, r"\[areas\]", "names", "name"),
        ({"tables": 'path = "a"\nkey = "b"\nperiode = "2024"'}, r"\[\[tables\]\]", "periode", "period"),
        ({"more": '[change]\nsince = ""\nindicator = []'}, r"\[change\]", "indicator", "indicators"),
        ({"more": '[segregation]\ngroup = ["a"]'}, r"\[segregation\]", "group", "groups"),
        ({"more": '[shortlist]\nrules = "a"'}, r"\[shortlist\]", "rules", "rule"),
        ({"more": "[candidates]\nmin_populaton = 5"}, r"\[candidates\]", "min_populaton", "min_population"),
        ({"more": "[stability]\nrun = 5"}, r"\[stability\]", "run", "runs"),
        ({"more": '[layers.programs]\npath = "a"'}, r"\[layers\]", "programs", "programmes"),
        ({"more": '[layers.programmes]\nnames = "a"'}, r"\[layers.programmes\]", "names", "name"),
        ({"more": "[protection]\nmincount = 5"}, r"\[protection\]", "mincount", "min_count"),
        ({"more": '[outputs]\nraport = "a"'}, r"\[outputs\]", "raport", "report"),
        (
            {"more": f'[need]\nid = "a"\nsource = "b"\nminpopulation = 3\n{AXIS}'},
            "need spec",
            "minpop.*",
            "min_population",
        ),
        ({"more": f'[need]\nid = "a"\nsource = "b"\n{AXIS}\nwieght = 1'}, "axis 'status'", "wieght", "weight"),
        (
            {"more": '[indicators.own]\nnumerator = "a"\ndenominator = "b"\nlabel_de = "c"\nlabl_en = "d"'},
            r"\[indicators\] own",
            "labl_en",
            "label_en",
        ),
    ],
)
def test_an_unknown_key_is_refused_at_every_level_with_the_nearest_one(project, more, where, wrong, near, tmp_path):
    said = rf"In (the )?{where}: '{wrong}' is not known\. Did you mean '{near}'\?.* There are: "
    with pytest.raises(SpecError, match=rf"^projekt\.toml, line \d+: {said}") as caught:
        project(**more)
    line = int(re.match(r"projekt\.toml, line (\d+)", str(caught.value))[1])
    assert re.search(wrong, (tmp_path / "projekt.toml").read_text(encoding="utf-8").splitlines()[line - 1])


def test_the_second_of_two_tables_is_told_by_its_line(project):
    with pytest.raises(SpecError, match=r"^projekt\.toml, line 10: In \[\[tables\]\]: 'perod' is not known"):
        project('[[tables]]\npath = "c"\nperod = "2022"\nkey = "b"')


def test_the_word_of_rules_is_answered_with_the_one_of_the_project_file(project):
    with pytest.raises(SpecError, match=r"line 8: .*\[rules\] is called \[shortlist\] here: rule = \"\.\.\.\", preset"):
        project('[rules]\na = { indicator = "x", above = 3 }')


@pytest.mark.parametrize(
    ("more", "old", "new"),
    [
        ({"areas": 'path = "a"\nkey = "b"\nignore = ["c"]'}, "ignore", "exclude"),
        ({"tables": 'path = "a"\nkey = "b"\nignore = ["c"]'}, "ignore", "exclude"),
        ({"tables": 'path = "a"\nkey = "b"\nlevel = 4'}, "level", "key_pattern"),
        ({"tables": 'path = "a"\nkey = "b"\nspread = ["c", "d"]'}, "spread", "pivot"),
        ({"more": "[protection]\ncomplement = false"}, "complement", "protect_remainder"),
    ],
)
def test_a_key_of_the_first_edition_answers_with_the_one_of_today(project, more, old, new):
    with pytest.raises(SpecError, match=f"'{old}' is called '{new}' now"):
        project(**more)


@pytest.mark.parametrize("name", ["path", "rule", "programmes", "facilities"])
def test_parts_that_belong_into_a_table_are_refused_at_the_top(project, name):
    with pytest.raises(SpecError, match=f"'{name}' is not known"):
        project(top=f'{name} = "a"')


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"areas": ""}, r"In \[areas\]: 'path', 'key' are missing"),
        ({"areas": 'path = "a"'}, r"In \[areas\]: 'key' is missing"),
        ({"tables": ""}, r"projekt\.toml: at least one \[\[tables\]\] entry is needed"),
        ({"tables": 'key = "b"'}, r"In \[\[tables\]\]: 'path' is missing"),
        ({"more": "[shortlist]"}, r"In \[shortlist\]: 'rule' is missing"),
        ({"more": '[[earlier]]\nperiod = "2022"'}, r"In \[\[earlier\]\]: 'as_of' is missing"),
        ({"more": '[indicators.own]\nnumerator = "a"'}, r"In \[indicators\] own: numerator and denominator go"),
        ({"more": '[need]\nid = "a"'}, "In the need spec: 'source' is missing"),
    ],
)
def test_what_is_needed_and_missing_is_named(project, more, message):
    with pytest.raises(SpecError, match=message):
        project(**more)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"top": "as_of = 2024-12-31"}, "as_of = 2024-12-31 should be text in quotation marks"),
        ({"top": "period = 2024"}, "period = 2024 should be text in quotation marks"),
        ({"top": 'need = "berlin-mss-2019"'}, r"In \[need\]: 'berlin-mss-2019' should be a table"),
        ({"areas": 'path = "a"\nkey = 5'}, r"In \[areas\]: key = 5 should be text"),
        ({"areas": 'path = "a"\nkey = "b"\nrepair = "yes"'}, "repair = .yes. should be true or false"),
        ({"areas": 'path = "a"\nkey = "b"\nparents = "BEZ"'}, r"parents = .BEZ. should be a table"),
        ({"areas": 'path = "a"\nkey = "b"\nparents = { bezirk = 5 }'}, r"parents = .* should be a table"),
        ({"areas": 'path = "a"\nkey = "b"\nmerge = "01"'}, r"merge = .01. should be a table"),
        ({"areas": 'path = "a"\nkey = "b"\nmerge = { "01" = "02" }'}, r"merge = .* should be a table"),
        ({"tables": 'path = "a"\nkey = "b"\ncolumns = "a"'}, "columns = .a. should be a table .* or a list"),
        ({"tables": 'path = "a"\nkey = "b"\nsymbols = 5'}, "symbols = 5 should be text .* or a table"),
        ({"more": '[segregation]\ngroups = "mh"'}, "groups = .mh. should be a list"),
        ({"more": "[segregation]\ngroups = [1]"}, r"groups = \[1\] should be a list"),
        ({"more": '[candidates]\nmin_population = "2000"'}, "min_population = .2000. should be a number"),
        ({"more": "[candidates]\nmin_population = true"}, "min_population = true should be a number"),
        ({"more": "[protection]\nmin_count = 2.5"}, "min_count = 2.5 should be a whole number"),
        ({"more": "[indicators]\nown = 5"}, r"In \[indicators\] own: 5 should be a table"),
        ({"more": '[indicators]\nown = ["a"]'}, r"\[numerator, denominator\] takes two names, not 1"),
        ({"more": '[notes]\n"0101" = 5'}, r"notes = \{ .0101. = 5 \} should be a table such as"),
        ({"top": "tables = 5", "tables": ""}, r"In \[\[tables\]\]: 5 should be a list"),
    ],
)
def test_values_of_the_wrong_kind_are_refused(project, more, message):
    with pytest.raises(SpecError, match=message):
        project(**more)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"top": 'lang = "fr"'}, "lang must be one of 'de', 'en', not 'fr'"),
        ({"top": 'period = "2024"'}, "period is '2024', but the tables have ''"),
        ({"more": '[change]\nsince = "2022"\nindicators = []'}, r"\[change\] since is '2022', but the tables have ''"),
        (
            {"more": '[[earlier]]\nperiod = "2022"\nas_of = "31.12.2022"'},
            r"\[\[earlier\]\] period is '2022', but the tables have ''",
        ),
        ({"more": "[candidates]"}, r"\[candidates\] needs a rule: add \[shortlist\]"),
        ({"more": "[stability]"}, r"\[stability\] needs a rule: add \[shortlist\]"),
        ({"more": f"{SHORTLIST}[stability]\nruns = 0"}, r"\[stability\] runs must be at least 1, not 0"),
        ({"more": f"{SHORTLIST}[stability]\nruns = 100001"}, r"\[stability\] runs must be at most 100000"),
        ({"more": f"{SHORTLIST}[stability]\nseed = -1"}, r"\[stability\] seed must be 0 or more, not -1"),
        ({"more": f"{SHORTLIST}[stability]\nruns = 1e3"}, r"In \[stability\]: runs .* a whole number"),
        (
            {"more": "[protection]\nmin_count = 0"},
            r"^projekt\.toml, line 8: \[protection\] min_count = 0 must be at least 1",
        ),
        ({"more": '[outputs]\nmap = "a.html"\nreport = "a.html"'}, r"the file names in \[outputs\] must all differ"),
        ({"more": '[outputs]\nmap = "karten/a.html"'}, "must not contain a folder"),
        ({"more": '[outputs]\nmap = "../a.html"'}, "must not contain a folder"),
        ({"more": '[outputs]\nmap = "a\\u0000b"'}, r"\[outputs\] map = 'a\\x00b' holds a control character"),
        ({"more": f'[outputs]\nfolder = "{"a" * 256}"'}, r"\[outputs\] folder = 'a+' is too long for a file"),
        ({"top": f'ledger = "{"ö" * 120}"'}, "ledger = 'ö+' is too long for a file"),
    ],
)
def test_what_cannot_work_together_is_refused(project, more, message):
    with pytest.raises(SpecError, match=message):
        project(**more)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "above_city(",
        "above_city()",
        "above_town('a')",
        "above_city('a') and above_city('b')",
        "above_city(name)",
        "worst_share('need', 2)",
        "__import__('os')",
        "above_city('a').__class__",
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(project, rule):
    with pytest.raises(SpecError):
        project(f'[shortlist]\nrule = "{rule}"')


def test_a_rule_that_cannot_be_read_is_refused_with_an_example(project):
    with pytest.raises(SpecError, match=r"'over\(1\)' cannot be read: 'over' is .* such as above_city"):
        project('[shortlist]\nrule = "over(1)"')


# need: one of preset, file, or written out


def test_need_may_be_a_preset(project):
    spec = project('[need]\npreset = "berlin-mss-2019"\nexclude = { "01" = "Heim" }').need
    assert spec.spec == NeedSpec.preset("berlin-mss-2019")
    assert spec.exclude == {"01": "Heim"}


def test_need_may_be_a_file_beside_the_project(project, tmp_path):
    (tmp_path / "bedarf.toml").write_text(f'id = "own"\nsource = "s"\n{AXIS.replace("need.axes", "axes")}')
    assert project('[need]\nfile = "bedarf.toml"').need.spec.id == "own"


def test_need_may_be_written_out(project):
    assert project(f'[need]\nid = "own"\nsource = "s"\n{AXIS}').need.spec.axes[0].indicators[0].id == "sgb2_rate"


@pytest.mark.parametrize(
    "need",
    [
        "[need]",
        '[need]\nexclude = { "01" = "Heim" }',
        '[need]\npreset = "berlin-mss-2019"\nfile = "bedarf.toml"',
        '[need]\npreset = "berlin-mss-2019"\nmin_population = 100',
        '[need]\nfile = "bedarf.toml"\nid = "own"',
    ],
)
def test_need_takes_exactly_one_of_the_three(project, need):
    with pytest.raises(SpecError, match=r"\[need\] takes exactly one of preset = .*, file = .* or the spec itself"):
        project(need)


def test_an_unknown_preset_is_refused_with_those_there_are(project):
    with pytest.raises(SpecError, match=r"must be one of .*'berlin-mss-2019'.*, not 'berlin'"):
        project('[need]\npreset = "berlin"')


def test_a_missing_need_file_is_refused(project):
    with pytest.raises(InputError, match=r"The need spec file '.*bedarf\.toml' is missing"):
        project('[need]\nfile = "bedarf.toml"')
