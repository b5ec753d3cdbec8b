"""Names from a Macintosh and names from elsewhere meet: in keys, headers, filters, rules and catalogues."""

from __future__ import annotations

import unicodedata

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import JoinError

NAMES = ["Schöneberg", "Würzburger Straße", "Nord"]


def apart(text):
    """Write umlauts in two parts."""
    return unicodedata.normalize("NFD", text)


@pytest.fixture
def areas():
    shapes = [shapely.box(500_000 + 100 * i, 5_700_000, 500_100 + 100 * i, 5_700_100) for i in range(3)]
    return gpd.GeoDataFrame({"name": NAMES}, index=pd.Index(NAMES, name="key"), geometry=shapes, crs="EPSG:25832")


def test_keys_of_a_file_are_composed_with_a_note(read):
    table = read(apart("key;ew\nSchöneberg;5\nWürzburger Straße;6\nNord;7\n"))
    assert list(table.values.index) == NAMES
    assert [note for note in table.notes if "decomposed letters" in note] == [
        "the key 'key': 2 texts with decomposed letters put into Unicode's usual form (NFC), such as 'Schöneberg'"
    ]


def test_a_table_of_composed_names_has_no_such_note(read):
    assert not any("form" in note for note in read("key;ew\nSchöneberg;5\nNord;7\n").notes)


@pytest.mark.parametrize("change", [apart, lambda key: f"\u200e{key}", lambda key: key.replace(" ", "\u00a0")])
def test_a_plain_frame_joins_areas_and_the_report_lists_each_key(areas, change):
    frame = pd.DataFrame({"ew": [1.0, 2, 3]}, index=[change(name) for name in NAMES])
    report = qa.join(areas, frame).report
    assert report.complete
    assert [key.after for key in report.composed] == [name for name in NAMES if change(name) != name]
    assert "put into Unicode's usual form (NFC)" in repr(report)


def test_areas_with_decomposed_keys_join_a_composed_table(areas):
    data = qa.join(areas.set_axis([apart(key) for key in areas.index]), pd.DataFrame({"ew": [1.0, 2, 3]}, index=NAMES))
    assert list(data.areas.index) == NAMES
    assert data.values["ew"].tolist() == [1.0, 2.0, 3.0]
    assert len(data.report.composed) == 2


def test_nothing_is_listed_where_nothing_was_composed(areas):
    report = qa.join(areas, pd.DataFrame({"ew": [1.0, 2, 3]}, index=NAMES)).report
    assert report.composed == ()
    assert "form" not in repr(report)


def test_keys_that_become_the_same_are_refused_as_duplicates(areas):
    frame = pd.DataFrame({"ew": [1.0, 2, 3, 4]}, index=[*NAMES, apart(NAMES[0])])
    with pytest.raises(JoinError, match="1 key has more than one row: 'Schöneberg'"):
        qa.join(areas, frame)


def test_exclude_and_rename_find_keys_in_either_form(areas):
    frame = pd.DataFrame({"ew": [1.0, 2, 3, 6]}, index=["Schöneberg", "Würzburger Str.", "Nord", "Übrige"])
    data = qa.join(areas, frame, exclude=apart("Übrige"), rename={apart("Würzburger Str."): apart(NAMES[1])})
    assert data.values["ew"].tolist() == [1.0, 2.0, 3.0]


def test_geometry_files_are_read_with_keys_names_and_columns_in_one_form(write):
    file = write(**{apart("Gebiet_Ü"): ["01", "02"], apart("Länge"): [apart("Süd"), "Nord"], "BEZ": ["x", "y"]})
    areas = qa.read_areas(file, key="Gebiet_Ü", name="Länge", exclude=[])
    assert areas["name"].tolist() == ["Süd", "Nord"]
    assert areas["composed"].tolist() == [True, False]
    assert "composed" not in qa.read_areas(write(key=["Süd"], n=["Süd"]), key="key", name="n")


def test_areas_to_exclude_are_found_in_either_form(write):
    file = write(key=[apart("Süd"), "Nord"])
    assert list(qa.read_areas(file, key="key", exclude="Süd").index) == ["Nord"]


def test_headers_columns_filters_and_labels_are_compared_in_one_form(read):
    content = apart("key;Größe;Ämter\n01;5;Grün\n02;6;Blau\n")
    assert read(content, columns=["Größe"]).values["Größe"].tolist() == [5.0, 6.0]
    assert read(content, columns={"g": "Größe"}, filters={"Ämter": "Grün"}).values["g"].tolist() == [5.0]
    assert read(content, drop={"Ämter": ["Grün"]}).values["Ämter"].tolist() == ["Blau"]
    assert read(content, pivot=("Ämter", "Größe")).values.columns.tolist() == ["Grün", "Blau"]
    assert read("key;Größe\n01;5\n", columns=[apart("Größe")]).values.columns.tolist() == ["Größe"]


def test_words_of_a_column_are_composed_with_a_note_and_numbers_lose_what_nobody_sees(read):
    table = read("key;n;a\n01;" + apart("Süd") + ";12\u200b\n02;Nord;7\n")
    assert table.values["n"].tolist() == ["Süd", "Nord"]
    assert table.values["a"].tolist() == [12.0, 7.0]
    assert (
        "column 'a': 1 text with invisible characters put into Unicode's usual form (NFC), such as '12'" in table.notes
    )


def test_indicators_rules_and_specs_find_a_column_in_either_form():
    catalogue = qa.Catalogue.builtin().add(qa.Indicator(id=apart("Übergänge"), label_de="Ü", label_en="T"))
    assert catalogue["Übergänge"].label_de == "Ü"
    assert apart("Übergänge") in catalogue
    assert catalogue.get(apart("Übergänge")).label_en == "T"
    assert repr(qa.worst_share(apart("Übergänge"), 0.2)) == 'worst_share("Übergänge", 0.2)'
    assert repr(qa.above_city(apart("Übergänge"))) == 'above_city("Übergänge")'


def test_rates_are_named_in_one_form(areas):
    frame = pd.DataFrame({"kinder": [10.0, 20, 30], "über": [1.0, 2, 3]}, index=NAMES)
    data = qa.add_rates(qa.join(areas, frame), {apart("Übergänge"): (apart("über"), "kinder")})
    assert data.values["Übergänge"].tolist() == [10.0, 10.0, 10.0]
