"""JSON of services and portals: the records are found by themselves, or at the path that is named."""

from __future__ import annotations

import json

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, InputError, QuartiersatlasError, SpecError

ROWS = [{"gebiet": "0031", "ew": 812}, {"gebiet": "0032", "ew": None}]


@pytest.fixture
def answer(read):
    def from_json(content, **options):
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        return read(text, **{"name": "antwort.json", "key": "gebiet", **options})

    return from_json


SHAPES = {
    "CKAN": {"help": "h", "success": True, "result": {"fields": [{"id": "gebiet"}, {"id": "ew"}], "records": ROWS}},
    "CKAN, rows as lists": {
        "result": {"fields": [{"id": "gebiet"}, {"id": "ew"}], "records": [["0031", 812], ["0032", None]]}
    },
    "ArcGIS": {"fields": [{"name": "gebiet"}, {"name": "ew"}], "features": [{"attributes": row} for row in ROWS]},
    "GeoJSON": {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": row, "geometry": None} for row in ROWS],
    },
    "OData": {"@odata.context": "c", "value": [{"@odata.etag": "e", **row} for row in ROWS]},
    "OData 2": {
        "d": {"results": [{"__metadata": {"uri": "u"}, "Kreis": {"__deferred": {"uri": "u"}}, **r} for r in ROWS]}
    },
    "Opendatasoft": {"nhits": 2, "records": [{"recordid": "r", "fields": row} for row in ROWS]},
    "SPARQL": {
        "head": {"vars": ["gebiet", "ew"]},
        "results": {
            "bindings": [
                {"gebiet": {"type": "literal", "value": "0031"}, "ew": {"type": "typed-literal", "value": "812"}},
                {"gebiet": {"type": "literal", "value": "0032"}},
            ]
        },
    },
    "Socrata": {
        "meta": {"view": {"columns": [{"name": "gebiet"}, {"name": "ew"}]}},
        "data": [["0031", 812], ["0032", None]],
    },
    "fields and rows": {"fields": [{"code": "gebiet"}, {"code": "ew"}], "rows": [["0031", 812], ["0032", None]]},
    "header and data": {"header": ["gebiet", "ew"], "data": [["0031", "812"], ["0032", ""]]},
    "columns and data": {"columns": ["gebiet", "ew"], "index": [0, 1], "data": [["0031", 812], ["0032", None]]},
    "PxWeb": {
        "columns": [{"code": "gebiet", "type": "d"}, {"code": "ew", "type": "c"}],
        "data": [{"key": ["0031"], "values": ["812"]}, {"key": ["0032"], "values": [""]}],
    },
    "names in the first list": [["gebiet", "ew"], ["0031", 812], ["0032", None]],
    "deep in the document": {"meta": {"stand": "2024"}, "antwort": {"liste": {"zeile": ROWS}}},
    "beside other lists": {"spalten": [{"n": "a"}, {"n": "b"}], "inhalt": {"zeilen": ROWS, "quellen": [{"q": "x"}]}},
    "one object per line": "\n".join(map(json.dumps, ROWS)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_records_of_a_service_are_found_by_themselves(answer, shape):
    table = answer(SHAPES[shape])
    assert table.values["ew"].to_dict() == pytest.approx({"0031": 812.0, "0032": float("nan")}, nan_ok=True)
    assert table.status["ew"].tolist() == ["value", "missing"]
    assert list(table.values.columns) == ["ew"]
    assert table.notes  # how the records were found is said


def test_an_id_outside_the_properties_is_a_column(answer):
    features = [
        {"type": "Feature", "id": row["gebiet"], "properties": {"ew": row["ew"]}, "geometry": None} for row in ROWS
    ]
    table = answer({"type": "FeatureCollection", "features": features}, key="id")
    assert table.values.index.tolist() == ["0031", "0032"]


def test_a_cube_is_one_row_per_cell_and_can_be_pivoted(answer):
    cube = {
        "version": "2.0",
        "class": "dataset",
        "id": ["gebiet", "jahr"],
        "size": [2, 2],
        "dimension": {
            "gebiet": {"category": {"index": {"0032": 1, "0031": 0}}},
            "jahr": {"category": {"index": ["2022", "2023"]}},
        },
        "value": [1, 2, None, 4],
    }
    table = answer(cube, pivot=("jahr", "value"))
    assert table.values.loc["0031"].to_dict() == {"2022": 1.0, "2023": 2.0}
    assert table.status.loc["0032"].to_dict() == {"2022": "missing", "2023": "value"}
    sparse = answer(cube | {"value": {"0": 1, "3": 4}}, pivot=("jahr", "value"))
    assert sparse.values.loc["0032", "2023"] == 4.0
    with pytest.raises(InputError, match="JSON-stat whose dimensions do not fit its values"):
        answer(cube | {"value": [1, 2, 3]})


@pytest.mark.parametrize(
    "content",
    [
        {"type": "FeatureCollection", "features": []},
        {"success": True, "result": {"fields": [], "records": [], "total": 0}},
        {"@odata.context": "c", "value": []},
        {"head": {"vars": ["gebiet"]}, "results": {"bindings": []}},
    ],
)
def test_an_empty_answer_is_said_as_that(answer, content):
    with pytest.raises(InputError, match=r"^antwort\.json has no records: the answer is empty\. Check the query"):
        answer(content)


# a path that is named


def nested():
    return {
        "stand": "2024",
        "stadt": {"quartiere": ROWS, "bezirke": [{"gebiet": "1", "ew": 9}]},
        "layer": [{"name": "x", "features": [{"attributes": row} for row in ROWS]}],
        "mit.punkt": {"liste": ROWS},
    }


@pytest.mark.parametrize(
    "path",
    [
        "stadt.quartiere",
        "stadt.quartiere[]",
        "layer[0].features[].attributes",
        "layer[].features[].attributes",
        "layer.features.attributes",
        "$.layer[*].features[*].attributes",
        "$.stadt.quartiere",
        "mit.punkt.liste",
    ],
)
def test_the_records_at_a_path_are_read(answer, path):
    assert answer(nested(), records=path).values["ew"].iloc[0] == 812.0


def test_a_path_may_lead_to_columns_or_to_areas(answer):
    content = {"a": {"gebiet": ["0031", "0032"], "ew": [812, 3]}, "b": {"0031": {"ew": 812}, "0032": {"ew": 3}}}
    for path in ("a", "b"):
        assert answer(content, records=path).values["ew"].to_dict() == {"0031": 812.0, "0032": 3.0}


@pytest.mark.parametrize("path", ["stadt.quartier", "stadt.quartiere.ew.x", "layer[7].features", "punkt", "stadt[0]"])
def test_a_wrong_path_lists_what_is_there(answer, path):
    with pytest.raises(InputError) as caught:
        answer(nested(), records=path)
    message = str(caught.value)
    assert message.startswith("antwort.json")
    assert repr(path) in message
    assert "'stadt.quartiere' (2 records with 'gebiet', 'ew')" in message
    assert "'layer[].features'" in message or "'layer' (1 record with 'name', 'features')" in message


def test_a_path_to_a_single_value_is_refused_with_what_is_there(answer):
    with pytest.raises(InputError, match=r"no records at 'stand'\. There is .*'stadt\.quartiere'"):
        answer(nested(), records="stand")


def test_several_lists_with_the_key_are_asked_about_and_the_advice_works(answer):
    content = {"stadt": {"quartiere": ROWS, "bezirke": [{"gebiet": "1", "ew": 9}]}}
    with pytest.raises(InputError, match="several lists of records") as caught:
        answer(content)
    advice = str(caught.value).split("such as records=")[1].rstrip(".").strip("'")
    assert answer(content, records=advice).values["ew"].iloc[0] == 812.0


def test_an_empty_path_and_one_that_is_no_text_are_refused(answer):
    with pytest.raises(SpecError, match="records is empty"):
        answer(nested(), records=" ")
    with pytest.raises(ArgumentError, match="records takes a str"):
        answer(nested(), records=["stadt"])


# one value per cell


def test_objects_in_a_record_become_columns_with_a_note(answer):
    table = answer([{"gebiet": "0031", "alter": {"u6": 5, "ab65": {"w": 7}}}, {"gebiet": "0032", "alter": None}])
    assert table.values.loc["0031", ["alter.u6", "alter.ab65.w"]].tolist() == [5.0, 7.0]
    assert table.status.loc["0032", "alter.u6"] == "missing"
    assert "the object 'alter' was read as 'alter.u6', 'alter.ab65.w'" in table.notes


def test_a_geometry_in_a_record_is_left_out_with_a_note(answer):
    point = {"type": "Point", "coordinates": [9.1, 48.8]}
    feature = {"type": "Feature", "geometry": point, "properties": {}}
    table = answer([{**row, "geo_point": point, "geo_shape": feature} for row in ROWS])
    assert list(table.values.columns) == ["ew"]
    assert "column 'geo_point' holds no numbers or text and was left out" in table.notes


def test_a_part_that_would_have_the_name_of_a_column_is_refused(answer):
    with pytest.raises(InputError, match=r"a part of the object 'a' would be a second column 'a\.b'"):
        answer([{"gebiet": "0031", "a.b": 5, "a": {"b": 6}}])


def test_an_object_by_area_stays_one(answer):
    table = answer({"0031": {"ew": 812}, "0032": {"ew": 3}})
    assert table.values["ew"].to_dict() == {"0031": 812.0, "0032": 3.0}
    assert table.notes == ()


def test_the_project_file_names_the_path(tmp_path):
    (tmp_path / "antwort.json").write_text(json.dumps(nested()))
    (tmp_path / "p.toml").write_text(
        '[areas]\npath = "fehlt.gpkg"\nkey = "nr"\n'
        '[[tables]]\npath = "antwort.json"\nkey = "gebiet"\nrecords = "stadt.nirgends"\n'
    )
    with pytest.raises(QuartiersatlasError, match=r"antwort\.json has nothing at 'stadt\.nirgends'"):
        qa.check_project(tmp_path / "p.toml")


def test_half_a_character_is_refused_with_its_place_and_whole_ones_are_read(read):
    cut = r'[{"key": "01", "Ort": "Ost"}, {"key": "02", "Ort": "Dorf \ud83c"}]'
    with pytest.raises(InputError, match=r"record 2 holds half a character in 'Ort': 'Dorf \\ud83c'"):
        read(cut, name="orte.json")
    whole = r'[{"key": "01", "Ort": "Dorf \ud83c\udfd8"}]'
    assert read(whole, name="orte.json").values["Ort"].tolist() == ["Dorf 🏘"]


def test_one_object_per_column_is_read_row_by_row(answer):
    table = answer({"gebiet": {"0": "0031", "1": "0032"}, "ew": {"0": 812, "1": 640}})
    assert table.values["ew"].to_dict() == {"0031": 812.0, "0032": 640.0}
    assert any("one object per column" in note and "2 records" in note for note in table.notes)


def test_one_object_per_area_stays_one_object_per_area(answer):
    table = answer({"0031": {"ew": 812, "hh": 400}, "0032": {"ew": 640, "hh": 300}})
    assert table.values["hh"].to_dict() == {"0031": 400.0, "0032": 300.0}


def test_text_that_is_no_json_is_refused_in_plain_words(answer):
    for text in ('antwort([{"gebiet": "0031", "ew": 1}])', "[" * 100_000, '[{"gebiet": "0031"; "ew": 1}]'):
        with pytest.raises(InputError, match="no valid JSON") as error:
            answer(text)
        assert not any(word in str(error.value) for word in ("Expecting", "recursion", "delimiter", "char "))


def test_a_second_list_with_the_key_further_down_is_asked_about(answer):
    content = {"neu": ROWS, "archiv": {"2023": [{"gebiet": "0031", "ew": 5}, {"gebiet": "0032", "ew": 6}]}}
    with pytest.raises(InputError, match=r"several lists of records.*records='neu'"):
        answer(content)
    assert answer(content, records="archiv.2023").values["ew"].tolist() == [5.0, 6.0]


def test_a_list_further_down_without_the_key_is_no_doubt(answer):
    content = {"daten": ROWS, "info": {"spalten": [{"name": "ew", "text": "Einwohner"}]}}
    assert answer(content).values["ew"].iloc[0] == 812.0
