"""check tells all faults of a project at once, in its language, as lines of its file."""

from __future__ import annotations

import re

import pytest

import quartiersatlas as qa
from quartiersatlas.cli import main
from quartiersatlas.errors import QuartiersatlasError, SpecError
from quartiersatlas.project.refused.faults import ProjectError
from quartiersatlas.project.refused.refusals import told

ENGLISH = re.compile(r"\b(the|is|are|not|has|have|should|must|of|with|and|or|There|Pass|Did|file|missing)\b")


def faults(file):
    with pytest.raises(QuartiersatlasError) as caught:
        qa.check_project(file)
    return [str(fault) for fault in getattr(caught.value, "faults", (caught.value,))]


def change(file, *pairs):
    content = file.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in content
        content = content.replace(old, new, 1)
    file.write_text(content, encoding="utf-8")
    return file


def test_all_faults_of_the_file_and_of_its_inputs_come_at_once(small_project):
    sections = "[protection]\nmin_cuont = 3\n[stability]\nruns = 'x'\n[shortlist]\nrule = 'above_city(\"a_share\")'"
    file = change(
        small_project(sections + '\n[context]\nwater = "fluss.gpkg"'),
        ('title = "Rahmen"', 'titel = "Rahmen"\nlang = "fr"'),
        ('path = "2024.csv"', 'path = "2025.csv"'),
    )
    found = faults(file)
    for said in (
        "'titel' is not known. Did you mean 'title'",
        "'min_cuont' is not known. Did you mean 'min_count'",
        'runs = "x" should be a whole number',
        "lang must be one of 'de', 'en'",
        "2025.csv' is missing",
        "fluss.gpkg' is missing",
    ):
        assert sum(said in fault for fault in found) == 1, said
    assert len(found) == 6


def test_every_indicator_is_tried_and_named(small_project):
    file = small_project('[indicators]\none = ["aa", "residents"]\ntwo = ["b", "resident"]\ngood = ["c", "residents"]')
    found = faults(file)
    assert [fault.split(":")[0] for fault in found] == ["[indicators] one", "[indicators] two"]


def test_one_fault_is_raised_as_it_is(small_project):
    with pytest.raises(SpecError) as caught:
        qa.check_project(change(small_project(), ('title = "Rahmen"', 'lang = "fr"')))
    assert not isinstance(caught.value, ProjectError)


def test_what_follows_from_a_fault_is_no_fault(small_project):
    """Without its rule there are no candidate areas, and without its indicator no rule: said once."""
    rest = "[shortlist]\nrule = 'above_city(\"a_share\") und b'\n[candidates]\nmin_population = 500"
    assert len(faults(small_project(rest))) == 1
    rest = '[shortlist]\nrule = \'above_city("a_share") und b\'\n[lists]\nsince = "2022"'
    assert len(faults(small_project(rest, earlier="a b c all"))) == 1
    rest = '[indicators]\na_share = ["a"]\n[shortlist]\nrule = \'above_city("a_share")\''
    assert len(faults(small_project(rest))) == 1


def test_what_is_left_out_to_read_on_is_not_missed(small_project):
    """The comparison of funded areas fails; the lists, which need the rule, do not fail for want of it."""
    parts = """[shortlist]
rule = 'above_city("a_share")'
[lists]
since = "2022"
[monitor]
folder = "store"
[funded]
path = "2022.csv"
key = "nr"
outcome = "a_share"
selected = 2020
selected_on = "level"
[notes]
"99" = "x"
"""
    found = faults(small_project(parts, earlier="a b c all"))
    assert [re.search(r"\[funded\]|'99'", fault)[0] for fault in found] == ["[funded]", "'99'"]


def test_percentages_are_no_counts(small_project):
    file = small_project()
    table = file.parent / "2024.csv"
    rows = [row.split(";") for row in table.read_text().splitlines()]
    at = rows[0].index("a")
    table.write_text(
        "\n".join(
            ";".join([*row[:at], *([f"{row[at]} %"] if n else ["a"]), *row[at + 1 :]]) for n, row in enumerate(rows)
        )
    )
    (said,) = faults(file)
    assert "[indicators] a_share: 'a' holds percentages, not counts" in said


# one mistake per kind that a planner makes; what is expected to be said in German
MISTAKES = [
    ('title = "Rahmen"', 'title = "Rahmen', "In Zeile 2 fehlt am Ende ein Anführungszeichen"),
    ('title = "Rahmen"', "title = Rahmen", "Text gehört in Anführungszeichen"),
    ('title = "Rahmen"', 'title = "Rahmen"\nlang = "deutsch"', 'lang muss "de" oder "en" sein'),
    ('title = "Rahmen"', 'untertitel = "Rahmen"', "Gemeint ist vielleicht „subtitle“?"),
    (
        'title = "Rahmen"',
        'title = "Rahmen"\npopulation = "Einwohner"',
        "Oben in der Projektdatei die Spalte der Einwohner",
    ),
    ("[areas]", "[gebiete]", "Gemeint ist vielleicht „areas“?"),
    ('path = "areas.gpkg"', 'path = "area.gpkg"', "Die Datei der Gebiete „"),
    ('key = "nr"\nname', "name", "In [areas]: „key“ fehlt."),
    ('key = "nr"\nname', 'key = "Nummer"\nname', "areas.gpkg hat keine Spalte „Nummer“"),
    ('path = "2024.csv"', 'path = "2042.csv"', "Die Tabelle „"),
    ("[[tables]]", "[tables]", "steht in doppelten Klammern"),
    ('["a", "residents"]', '["a"]', "[Zähler, Nenner] braucht zwei Spalten, nicht 1."),
    ('["a", "residents"]', '["a", "resident"]', "Die Tabellen haben keine Spalte „resident“"),
    ('["a", "residents"]', '["residents", "a"]', "Stimmt der Nenner"),
    ('["a", "residents"]', '["a", "residents"]\n[need]\npreset = "berlin"', "[need] preset muss eines sein von"),
    ('["a", "residents"]', '["a", "residents"]\n[need]\nfile = "bedarf.toml"', "Die Datei des Bedarfsindex „"),
    (
        '["a", "residents"]',
        '["a", "residents"]\n[shortlist]\nrule = \'above_city("b_share")\'',
        "keinen Indikator „b_share“",
    ),
    (
        '["a", "residents"]',
        '["a", "residents"]\n[shortlist]\nrule = \'worst_share("need", 0.2)\'',
        "Abschnitt [need] ergänzen",
    ),
    ('["a", "residents"]', '["a", "residents"]\n[protection]\nmin_count = "drei"', "muss eine ganze Zahl sein"),
    ('["a", "residents"]', '["a", "residents"]\n[protection]\nmin_count = 0', "muss mindestens 1 sein"),
    ('["a", "residents"]', '["a", "residents"]\n[outputs]\ngeopackage = "a.shp"', "muss auf .gpkg enden"),
    ('["a", "residents"]', '["a", "residents"]\n[outputs]\nmap = "x/a.html"', "dürfen keinen Ordner enthalten"),
    ('["a", "residents"]', '["a", "residents"]\n[candidates]\nholes = 1', "braucht eine Regel"),
    ('["a", "residents"]', '["a", "residents"]\n[segregation]\ngroups = ["d"]', "Die Tabelle hat keine Spalte „d“"),
    ('["a", "residents"]', '["a", "residents"]\n[notes]\n"77" = "x"', "Ein Gebiet „77“ gibt es nicht"),
    ('["a", "residents"]', '["a", "residents"]\n[areas]', "Der Abschnitt [areas] steht zweimal"),
    ('as_of = "31.12.2024"', "as_of = 2024-12-31", 'in Anführungszeichen sein, etwa "2024-12-31"'),
    ('title = "Rahmen"', 'title = "Rahmen"\ncomment = true', "comment = true muss Text"),
    ('title = "Rahmen"', 'title = "Rahmen"\naudience = "intern"', "audience muss eines sein von „public“, „internal“"),
    ('path = "areas.gpkg"', 'path = "areas.gpkg"\nlayer = "orte"', "areas.gpkg hat keine Ebene „orte“. Es gibt: „"),
    ('path = "2024.csv"', 'path = "2024.CSV"', "Gemeint ist vielleicht „2024.csv“?"),
    ('path = "2024.csv"', 'path = "daten/2024.csv"', "Den Ordner „"),
    ('["a", "residents"]', '["a", "residents"]\nsüd = ["a", "residents"]', "oder der Name hat einen Umlaut"),
    ('["a", "residents"]', '["a", "residents"]\n[maßnahmen]', "Namen mit Umlauten oder Leerzeichen"),
    ('["a", "residents"]', '["a", "residents"]\n[look]\naccent = "rot"', "„rot“ ist keine Farbe der Form"),
    ('["a", "residents"]', '["a", "residents"]\n[segregation]\ngroups = "a"', 'muss eine Liste sein, etwa ["a"]'),
    (
        '["a", "residents"]',
        '["a", "residents"]\n[shortlist]\nrule = \'above("a_share", 2,5)\'',
        "statt „2,5“ ist hier 2.5 zu schreiben.",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES)
def test_mistakes_are_told_in_german_and_toml(small_project, capsys, old, new, said):
    file = change(small_project(), (old, new))
    assert main(["check", str(file)]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    words = re.sub(r"„[^“]*“|'[^']*'|\"[^\"]*\"|\[[^\]]*\]|Es gibt: .*", "", printed)
    assert not ENGLISH.findall(words), printed
    assert "err." not in printed


TABLE_MISTAKES = [
    (r"(?m)^03;", "02;", "mehr als eine Zeile: „02“"),
    (r"(?m)^03;", "99;", "Eine Zeile hat kein Gebiet: „99“"),
    (r"(?m)^(\d\d);", r"X\1;", "keinen gemeinsamen Schlüssel"),
    (r"(?m)^03;\d+", "03;viele", "keine Zahl: „viele“"),
    (r"(?m)^03;\d+", "03;-9999", "wohl ein Code für einen fehlenden Wert"),
    (r"(?m)^03;(\d+)", r"03;-\1", "negativ oder unendlich"),
    (r"(?s).*", "", "ist leer"),
    (r"(?s).*", "%PDF-1.7 \\n", "ist ein PDF-Dokument und keine Tabelle"),
    (r"(?s)\n.*", "\n", "einen Kopf und keine Zeilen"),
]


@pytest.mark.parametrize(("pattern", "new", "said"), TABLE_MISTAKES)
def test_mistakes_of_a_table_are_told_in_german(small_project, capsys, pattern, new, said):
    file = small_project()
    table = file.parent / "2024.csv"
    table.write_text(re.sub(pattern, new, table.read_text()))
    assert main(["check", str(file)]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    words = re.sub(r"„[^“]*“|'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\w+ = ", "", printed)
    assert not ENGLISH.findall(words), printed


def test_an_english_project_is_spoken_of_in_english(small_project, capsys):
    file = change(small_project(top='lang = "en"'), ('path = "areas.gpkg"', 'path = "area.gpkg"'))
    assert main(["check", str(file)]) == 2
    assert "The areas file" in capsys.readouterr().err


def test_what_has_no_translation_stays_as_it_is():
    assert told("An odd thing happened. 'x' is missing.", "de") == "An odd thing happened. „x“ fehlt."
    assert told("filter Jahr = 2021: 360 rows set aside", "de") == "Filter Jahr = 2021: 360 Zeilen beiseitegelegt"


def test_a_run_tells_the_faults_of_a_check_and_writes_nothing(small_project, capsys):
    file = small_project("[protection]\nmin_cuont = 3\n[outputs]\nmpa = 'a.html'")
    assert main(["check", str(file)]) == 2
    checked = capsys.readouterr().err
    before = sorted(file.parent.iterdir())
    assert main(["run", str(file)]) == 2
    assert capsys.readouterr().err == checked
    assert checked.count("ist unbekannt") == 2
    with pytest.raises(ProjectError) as caught:
        qa.run_project(file)
    assert len(caught.value.faults) == 2
    assert sorted(file.parent.iterdir()) == before


def test_each_of_several_projects_tells_all_its_faults(small_project, capsys, tmp_path):
    file = small_project("[protection]\nmin_cuont = 3\n[outputs]\nmpa = 'a.html'")
    (failed,) = qa.run_projects(file).failed
    assert len(failed.faults) == 2
    assert main(["run", str(file), str(tmp_path / "none.toml")]) == 3
    said = capsys.readouterr().err
    assert f"nicht gelungen: {file}: 2 Fehler im Projekt:" in said
    assert "  2. " in said


def test_the_steps_of_a_run_are_told_where_that_is_asked_for(small_project, tmp_path, capsys):
    steps = []
    file = small_project()
    made = qa.run_project(file, folder=tmp_path / "out", progress=lambda done, of: steps.append((done, of)))
    of = 1 + len({"map", "report", "geopackage", "segregation", "manifest"})
    assert steps == [(1, of), (2, of), (3, of), (4, of), (of, of)]  # nothing is said of segregation
    assert len(made.files) == 4
    assert main(["run", str(file), "--progress"]) == 0
    assert [line for line in capsys.readouterr().err.splitlines() if "/" in line][-1] == f"{of}/{of}"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("above_city(a_share)", "„a_share“ steht ohne Anführungszeichen"),
        ("a_share > 10", 'statt „>“ ist hier above("name", 10)'),
        ("a_share über Stadt", "ab Zeichen 9 ist sie kein Ausdruck"),
        ('worst_share("a_share", 20)', "Der Anteil 20 muss über 0 und höchstens 1 sein"),
    ],
)
def test_a_rule_that_is_not_read_says_what_to_write(small_project, capsys, rule, said):
    assert main(["check", str(small_project(f"[shortlist]\nrule = '{rule}'"))]) == 2
    assert said in capsys.readouterr().err


def test_a_table_with_titles_and_another_key_says_so_in_german(small_project, capsys):
    file = small_project()
    table = file.parent / "2024.csv"
    title = ";".join(["Musterhausen", *[""] * table.read_text().split("\n")[0].count(";")])
    table.write_text(f"{title}\n{table.read_text().replace('nr;', 'Nummer;', 1)}")
    assert main(["check", str(file)]) == 2
    said = capsys.readouterr().err
    assert "In keiner Zeile der Datei steht der Name des Schlüssels, „nr“" in said
    assert not re.search(r"\b(column|header|the|key)\b", said)


def test_an_ending_that_is_not_written_is_refused_by_check(small_project, capsys):
    file = small_project("[outputs]\nreport = 'bericht.odt'")
    for verb in ("check", "run"):
        assert main([verb, str(file)]) == 2
        assert "[outputs] report: „bericht.odt“ muss auf .html, .md, .docx, .pdf enden." in capsys.readouterr().err
