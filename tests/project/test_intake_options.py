"""What a project file may say about its areas and keys reaches the functions that read and join them."""

from __future__ import annotations

import json

import pytest

from quartiersatlas.errors import ArgumentError, GeometryError, JoinError, KeyColumnError, SpecError
from quartiersatlas.project import check_project


@pytest.fixture
def features(city):
    """Change the features of the sample city's geometry file."""

    def change(what):
        file = city / "stadtteile.geojson"
        content = json.loads(file.read_text(encoding="utf-8"))
        content["features"] = what(content["features"])
        file.write_text(json.dumps(content), encoding="utf-8")

    return change


def say(city, edit, line):
    edit(city / "projekt.toml", "[areas]\n", f"[areas]\n{line}\n")


def test_the_check_reports_how_the_areas_fit(outcome):
    result, _ = outcome
    assert result.fit.n_areas == len(result.data.areas)
    assert repr(result.fit) in repr(result)
    assert "pairs with a common border" in repr(result)


def test_an_area_in_two_features_is_put_together(city, edit, features):
    def twice(given):
        first = given[0]
        ring = first["geometry"]["coordinates"]
        ring = ring[0] if first["geometry"]["type"] == "MultiPolygon" else ring
        west = min(x for x, _ in ring[0])
        away = [[[x - 2 * (west - min(x for x, _ in ring[0])) - 50_000, y] for x, y in ring[0]]]
        part = {**first, "geometry": {"type": "Polygon", "coordinates": away}}
        return [*given, part]

    features(twice)
    with pytest.raises(KeyColumnError, match="dissolve = true"):
        check_project(city / "projekt.toml")
    say(city, edit, "dissolve = true")
    areas = check_project(city / "projekt.toml").data.areas
    assert areas["parts"].max() == 2


def test_the_whole_city_among_the_areas_is_left_out(city, edit, features):
    def with_whole(given):
        import shapely

        shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in given]
        whole = json.loads(shapely.to_geojson(shapely.union_all(shapes)))
        told = {**given[0]["properties"], "STADTTEIL": "XX", "NAME": "Gesamt"}
        return [*given, {"type": "Feature", "properties": told, "geometry": whole}]

    features(with_whole)
    with pytest.raises(GeometryError, match=r"'XX' \(Gesamt\) covers"):
        check_project(city / "projekt.toml")
    say(city, edit, 'exclude = ["XX"]')
    result = check_project(city / "projekt.toml")
    assert "XX" not in result.data.areas.index
    facts = [(fact.name, fact.values) for fact in result.release.facts]
    assert ("fact_left_out", {"what": "XX (Gesamt)"}) in facts


def test_snapping_is_asked_for_by_its_width(city, edit):
    say(city, edit, "snap = 0.5")
    assert "snapped" in check_project(city / "projekt.toml").data.areas.columns


@pytest.mark.parametrize("line", ['snap = "0.5"', 'swap_axes = "yes"', 'exclude = "XX"', 'dissolve = "true"'])
def test_options_of_the_wrong_kind_are_refused(city, edit, line):
    say(city, edit, line)
    with pytest.raises(SpecError, match=rf"In \[areas\]: {line.split(' ')[0]}"):
        check_project(city / "projekt.toml")


def test_keys_are_repaired_and_rows_ignored_by_the_project_file(city, edit):
    table, project = city / "indikatoren_2024.csv", city / "projekt.toml"
    content = table.read_bytes().decode("cp1252")
    rows = content.splitlines(keepends=True)
    marked = rows[:1] + [f"Q{row}" for row in rows[1:]] + [f"Q9999{rows[1][4:]}"]
    table.write_bytes("".join(marked).encode("cp1252"))
    with pytest.raises(JoinError):
        check_project(project)
    edit(project, 'period = "2024"\n', 'period = "2024"\nrepair = ["strip_prefix:Q"]\nexclude = ["Q9999"]\n')
    report = check_project(project).data.reports[0]
    assert report.complete
    assert report.excluded == ("9999",)
    assert len(report.repaired) == len(rows)  # without the header, with the row that is ignored


def test_rows_that_a_sheet_hides_are_read_where_the_project_file_says_so(city, edit):
    import csv

    import xlsxwriter

    text = (city / "indikatoren_2024.csv").read_bytes().decode("cp1252")
    rows = list(csv.reader(text.splitlines(), delimiter=";"))
    with xlsxwriter.Workbook(city / "indikatoren_2024.xlsx") as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)
        sheet.set_row(1, None, None, {"hidden": True})
    project = city / "projekt.toml"
    before = check_project(project).data.values
    edit(project, 'path = "indikatoren_2024.csv"\n', 'path = "indikatoren_2024.xlsx"\n')
    with pytest.raises(KeyColumnError, match=f"1 row with a key is hidden.*'{rows[1][0]}'"):
        check_project(project)
    edit(project, 'path = "indikatoren_2024.xlsx"\n', 'path = "indikatoren_2024.xlsx"\nhidden = "read"\n')
    assert check_project(project).data.values.equals(before)


def test_rows_are_named_away_filled_and_added_by_the_project_file(city, edit):
    table, project = city / "indikatoren_2024.csv", city / "projekt.toml"
    before = check_project(project).data.values
    rows = table.read_bytes().decode("cp1252").splitlines(keepends=True)
    width = rows[0].count(";")
    extra = [f"{rows[1].rstrip()}\n", ";" + ";".join(["7"] * width) + "\n", "Summe" + ";1" * width + "\n"]
    table.write_bytes("".join([*rows[:1], *rows[1:], *extra]).encode("cp1252"))
    with pytest.raises(KeyColumnError, match='without_key = "skip"'):
        check_project(project)
    key = rows[0].split(";")[0]
    said = f'skip_rows = [{len(rows) + 1}]\nwithout_key = "skip"\ndrop = {{ "{key}" = ["Summe"] }}\n'
    edit(project, 'path = "indikatoren_2024.csv"\n', f'path = "indikatoren_2024.csv"\n{said}')
    assert check_project(project).data.values.equals(before)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('without_key = "drop"', "without_key must be"),
        ('skip_rows = ["a"]', "skip_rows"),
        ('aggregate = "sum"', "needs pivot"),
    ],
)
def test_options_of_rows_of_another_form_are_refused(city, edit, line, message):
    edit(city / "projekt.toml", 'path = "indikatoren_2024.csv"\n', f'path = "indikatoren_2024.csv"\n{line}\n')
    with pytest.raises((SpecError, ArgumentError), match=message):
        check_project(city / "projekt.toml")
