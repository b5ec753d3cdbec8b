"""A project file says what its numbers are: units, kinds, published values, counts of shares."""

from __future__ import annotations

import re

import geopandas as gpd
import pytest
import shapely

from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.project import check_project, run_project

FILE = """
title = "Probe"
source = "Amt"
as_of = "2024"
population = "ew"

[areas]
path = "gebiete.gpkg"
key = "nr"
name = "name"

[[tables]]
path = "zahlen.csv"
key = "nr"
units = { arm = "UNIT" }

[counts]
ausl = ["auslq", "ew"]

[indicators.auslq]
label_de = "Anteil Ausländer"
unit = "%"

[indicators.eink]
label_de = "Medianeinkommen"
kind = "median"
unit = "EUR"
direction = -1
role = "index"

[indicators.saldo]
label_de = "Wanderungssaldo"
kind = "balance"

[references.city]
source = "Statistikamt"
as_of = "2023"
values = { eink = 1800, arm = 12.5 }

[shortlist]
rule = 'above_city("arm") & worst_share("eink", 0.5)'

[segregation]
groups = ["ausl"]
"""


@pytest.fixture
def project(tmp_path):
    keys = [f"{letter}{row}" for row in range(2) for letter in "abcd"]
    shapes = [shapely.box(x, y, x + 1000, y + 1000) for y in (57e5, 5701e3) for x in (5e5, 501e3, 502e3, 503e3)]
    areas = gpd.GeoDataFrame({"nr": keys, "name": keys}, geometry=shapes, crs="EPSG:25832")
    areas.to_file(tmp_path / "gebiete.gpkg")
    rows = [
        f"{key};{900 + 50 * i};0,{30 - 3 * i:02d};{1500 + 90 * i};{-20 + 9 * i};{10 + i},5"
        for i, key in enumerate(areas["nr"])
    ]
    (tmp_path / "zahlen.csv").write_text("nr;ew;arm;eink;saldo;auslq\n" + "\n".join(rows), encoding="utf-8")

    def write(unit="fraction", **changes):
        content = FILE.replace("UNIT", unit)
        for old, new in changes.values():
            content = content.replace(old, new)
        (tmp_path / "projekt.toml").write_text(content, encoding="utf-8")
        return tmp_path / "projekt.toml"

    return write


def test_all_kinds_are_screened_mapped_and_reported_in_their_units(project):
    result = check_project(project())
    assert result.shortlist.keys == ["a0", "b0", "c0", "d0"]
    forms = {column.id: (column.indicator.kind, column.indicator.unit_text("de")) for column in result.release.columns}
    assert forms["eink"] == ("median", "EUR")
    assert forms["arm"] == ("share", "%")
    assert forms["saldo"] == ("balance", "")
    assert result.release.column("eink").city_source == "Statistikamt, 2023"
    assert result.release.values["arm"].iloc[0] == 30.0
    assert result.release.segregation["value"].notna().all()
    page = result.atlas.html()
    assert "Medianeinkommen" in page


@pytest.mark.filterwarnings("ignore:.*is a ready-made share without counts")
def test_fractions_are_refused_until_their_unit_is_said(project):
    undeclared = project(unit="percent", change=('units = { arm = "percent" }', ""))
    content = undeclared.read_text(encoding="utf-8").replace(
        "[counts]", '[indicators.arm]\nlabel_de = "Arme"\n\n[counts]'
    )
    undeclared.write_text(content, encoding="utf-8")
    with pytest.raises(SpecError, match="is in percent, and no area is above 1") as error:
        check_project(undeclared)
    found = {}
    for line in re.findall(r'units = \{ arm = "\w+" \}', str(error.value)):
        undeclared.write_text(content.replace('path = "zahlen.csv"', f'path = "zahlen.csv"\n{line}'), "utf-8")
        found[line] = check_project(undeclared).release.values["arm"].iloc[0]
    assert found == {'units = { arm = "fraction" }': 30.0, 'units = { arm = "percent" }': 0.3}


@pytest.mark.filterwarnings("ignore:.*is a ready-made share without counts")
def test_a_true_percentage_below_1_passes_once_its_unit_is_said(project):
    result = check_project(project(unit="percent", change=("arm = 12.5", "arm = 0.2")))
    assert result.release.values["arm"].iloc[0] == 0.3


def test_numerator_and_denominator_go_together(project):
    with pytest.raises(SpecError, match=r"\[indicators\] saldo: numerator and denominator go together"):
        check_project(project(change=('kind = "balance"', 'numerator = "ew"')))


def test_a_reference_needs_its_source(project):
    with pytest.raises(SpecError, match=r"\[references\.city\]: 'source' is missing"):
        check_project(project(change=('source = "Statistikamt"\n', "")))


def test_a_run_writes_map_and_report_of_all_kinds(project):
    result = run_project(project())
    report = next(file for file in result.files if file.name == "bericht.html").read_text(encoding="utf-8")
    assert "1.800\u202fEUR" in report
    assert "Wert der Stadt wie veröffentlicht (Statistikamt, 2023)" in report


def test_a_published_value_of_what_the_tables_do_not_have_is_a_slip(project):
    with pytest.raises(ColumnError, match=r"\[references.city\] values: the data has no column 'einkommen'"):
        check_project(project(change=("eink = 1800,", "einkommen = 1800,")))


def test_a_check_says_what_was_converted_and_what_is_published(project):
    words = repr(check_project(project()))
    assert "values between 0 and 1 turned into percent" in words
    assert "published (city; Statistikamt, 2023): eink 1800, arm 12.5" in words
