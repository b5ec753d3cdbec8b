"""Names that are nearly the same are suggested, never applied."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import JoinError
from quartiersatlas.intake.joining.join_report import plain_name, suggestions


def table(*keys):
    return pd.DataFrame({"residents": 10.0}, index=pd.Index(keys, name="key"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Stülerstr.", "Stülerstraße"),
        ("Stuelerstraße", "Stülerstraße"),
        ("STÜLERSTRASSE", "Stülerstraße"),
        ("St. Pauli", "Sankt Pauli"),
        ("St.Pauli", "Sankt Pauli"),
        ("Altstadt/Süd", "Altstadt-Süd"),
        ("Altstadt Sued", "Altstadt-Süd"),
        ("Eims-büttel", "Eimsbüttel"),  # a hyphen left over from the end of a line
        ("Neustadt u. Hafen", "Neustadt und Hafen"),
        ("Berliner Pl.", "Berliner Platz"),
        ("Saarbrucken", "Saarbrücken"),
        ("Wilhelmsb.", "Wilhelmsburg"),
        ("Gr. Flottbek", "Groß Flottbek"),
        ("Volksdorff", "Volksdorf"),
        ("Rothenburgsort", "Rothenburgsort "),
        ("Winterhude, Nord", "Winterhude (Nord)"),
        ("Höhenhaus", "Höhenhaus"),  # composed and decomposed umlauts
    ],
)
def test_spellings_of_one_name_are_recognised(written, meant):
    if written == meant:
        meant = "Höhenhaus".replace("ö", "ö")
    others = ["Hammerbrook", "Bahrenfeld", "Marmstorf"]
    (found,) = suggestions([written], [meant, *others])
    assert (found.key, found.areas) == (written, (meant,))
    assert found.alike >= 85


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("Planungsraum 12", "Planungsraum 13"),
        ("Neustadt-Nord", "Neustadt-Süd"),
        ("Bramfeld Ost", "Bramfeld West"),
        ("Alt-Hohenschönhausen", "Neu-Hohenschönhausen"),
        ("Groß Borstel", "Klein Borstel"),
        ("Hamm", "Horn"),
        ("Barmbek-Nord", "Barmbek-Süd"),
        ("0101", "0102"),
        ("04030417", "06010102"),
    ],
)
def test_names_of_different_places_are_not_suggested(written, other):
    assert suggestions([written], [other]) == ()


def test_of_two_names_that_are_equally_near_none_is_suggested():
    assert suggestions(["Schlosstraße"], ["Schlossstraße A", "Schlossstraße B"]) == ()


def test_two_rows_for_one_area_are_both_not_suggested():
    assert suggestions(["Stülerstr.", "Stuelerstraße"], ["Stülerstraße"]) == ()


def test_areas_reported_as_one_are_recognised_by_their_parts():
    found = suggestions(
        ["Neuland und Gut Moor", "Moorburg/Altenwerder", "0402+0403"],
        ["Neuland", "Gut Moor", "Moorburg", "Altenwerder", "0402", "0403", "Wilstorf"],
    )
    assert {row.key: row.areas for row in found} == {
        "Neuland und Gut Moor": ("Neuland", "Gut Moor"),
        "Moorburg/Altenwerder": ("Moorburg", "Altenwerder"),
        "0402+0403": ("0402", "0403"),
    }


def test_a_part_that_is_no_area_makes_no_merger():
    assert suggestions(["Neuland und Gut Moor"], ["Neuland", "Wilstorf"]) == ()


def test_the_error_suggests_and_the_suggestions_work(row):
    areas = row("Stülerstraße", "Neuland", "Gut Moor", "Lurup")
    rows = table("Stülerstr.", "Neuland und Gut Moor", "Lurup")
    with pytest.raises(JoinError) as caught:
        qa.join(areas, rows)
    message, report = str(caught.value), caught.value.report
    assert "Names nearly the same (1), if they are the same: rename={'Stülerstr.': 'Stülerstraße'}" in message
    assert "merge_areas(areas, {'Neuland und Gut Moor': ['Neuland', 'Gut Moor']})" in message
    assert "'Stülerstr.' could be 'Stülerstraße'" in repr(report)
    data = qa.join(qa.merge_areas(areas, report.merge), rows, rename=report.rename)
    assert data.report.complete
    assert data.report.n_areas == 3


def test_suggestions_are_never_applied(row):
    data = qa.join(row("Stülerstraße", "Lurup"), table("Stülerstr.", "Lurup"), missing="report")
    assert data.report.only_in_table == ("Stülerstr.",)
    assert data.status["residents"]["Stülerstraße"] == "missing"


def test_names_in_place_of_keys_are_recognised(row):
    areas = row("01", "02", "03").assign(name=["Lurup", "Horn", "Hamm"])
    with pytest.raises(JoinError, match=r"3 keys of the table are names of areas: 'Hamm', 'Horn', 'Lurup'\. Read the"):
        qa.join(areas, table("Lurup", "Horn", "Hamm"))


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_plain_name_is_its_own_plain_name(name):
    assert plain_name(plain_name(name)).replace(" ", "") in {
        plain_name(name).replace(" ", ""),
        plain_name(plain_name(name)).replace(" ", ""),
    }
    assert plain_name(name.upper()) == plain_name(name) or "ß" in name or not name.isascii()


@settings(deadline=None)
@given(st.lists(st.text("abcdeöst. -/", min_size=1, max_size=12), max_size=8, unique=True), st.randoms())
def test_the_order_of_rows_and_areas_changes_nothing(names, random):
    rows, areas = names[::2], names[1::2]
    found = suggestions(rows, areas)
    random.shuffle(rows)
    random.shuffle(areas)
    assert suggestions(rows, areas) == found
    claimed = [area for suggestion in found for area in suggestion.areas]
    assert len(claimed) == len(set(claimed))
