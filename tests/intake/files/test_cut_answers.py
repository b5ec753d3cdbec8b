"""A service that says that it sent a part only is believed: the part is refused, with how to get the rest."""

from __future__ import annotations

import json

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import InputError

ROWS = [{"nr": f"{n:03}", "ew": 100 + n} for n in range(1, 4)]


def ring(x):
    return [[[x, 48.1], [x + 0.01, 48.1], [x + 0.01, 48.11], [x, 48.11], [x, 48.1]]]


def features(**members):
    listed = [
        {"type": "Feature", "properties": row, "geometry": {"type": "Polygon", "coordinates": ring(11.5 + 0.01 * n)}}
        for n, row in enumerate(ROWS)
    ]
    return {"type": "FeatureCollection", **members, "features": listed}


CUT = {
    "ArcGIS": ({"exceededTransferLimit": True, "features": [{"attributes": r} for r in ROWS]}, "resultOffset=3"),
    "ArcGIS as GeoJSON": (features(properties={"exceededTransferLimit": True}), "resultOffset=3"),
    "CKAN": ({"success": True, "result": {"records": ROWS, "total": 1200}}, r"3 records of 1,200.*limit=1200"),
    "OData": ({"@odata.context": "c", "value": ROWS, "@odata.nextLink": "https://x/EW?$skip=3"}, "@odata.nextLink"),
    "OData 2": ({"d": {"results": ROWS, "__next": "https://x/EW?$skip=3"}}, "__next"),
    "WFS": (features(numberMatched=448, numberReturned=3), r"3 records of 448.*numberMatched.*startIndex=3"),
    "WFS total": (features(totalFeatures=448), r"3 records of 448.*totalFeatures"),
    "OGC API": (features(links=[{"rel": "self"}, {"rel": "next", "href": "https://x?offset=3"}]), "next page"),
    "Opendatasoft": ({"total_count": 86, "results": ROWS}, r"3 records of 86.*export of the data set"),
    "Opendatasoft 1": ({"nhits": 86, "records": [{"fields": r} for r in ROWS]}, "3 records of 86"),
    "pages": ({"count": 86, "next": "https://x/?page=2", "previous": None, "results": ROWS}, "3 records of 86"),
    "counted": ({"totalResults": 86, "data": ROWS}, r"3 records of 86.*totalResults"),
    "counted beside": ({"meta": {"total_count": 86}, "objects": ROWS}, r"3 records of 86.*total_count"),
    "last of several pages": ({"count": 86, "next": None, "previous": "https://x/?page=1", "results": ROWS}, "of 86"),
    "a mark for the next page": ({"rows": ROWS, "nextPageToken": "abc"}, "nextPageToken"),
    "more": ({"hasMore": True, "items": ROWS}, "hasMore: true"),
    "a link": ({"_links": {"next": {"href": "/ew?page=2"}}, "items": ROWS}, "next page|next"),
    "OData count": ({"@odata.context": "c", "@odata.count": 448, "value": ROWS}, r"3 records of 448.*@odata\.count"),
    "CKAN, query": ({"result": {"records": ROWS, "records_truncated": True}}, "records_truncated"),
    "World Bank": ([{"page": 1, "pages": 4, "per_page": 3, "total": 12}, ROWS], "per_page=12"),
}


@pytest.mark.parametrize("service", CUT)
def test_a_part_of_an_answer_is_no_table(read, service):
    content, message = CUT[service]
    with pytest.raises(InputError, match=rf"^table\.json is not the whole answer: the service sent .*{message}"):
        read(json.dumps(content), name="table.json", key="nr")


@pytest.mark.parametrize("service", ["ArcGIS as GeoJSON", "WFS", "WFS total", "OGC API"])
def test_a_part_of_an_answer_is_no_city(tmp_path, service):
    content, message = CUT[service]
    file = tmp_path / "gebiete.geojson"
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"^gebiete\.geojson is not the whole answer: .*{message}"):
        qa.read_areas(file, key="nr", to_crs="EPSG:25832")


WHOLE = {
    "ArcGIS": {"exceededTransferLimit": False, "features": [{"attributes": r} for r in ROWS]},
    "CKAN": {"success": True, "result": {"records": ROWS, "total": 3}},
    "OData": {"@odata.context": "c", "@odata.count": 3, "value": ROWS},
    "WFS": features(numberMatched=3, numberReturned=3, totalFeatures=3),
    "WFS unknown": features(numberMatched="unknown", numberReturned=3),
    "OGC API": features(numberMatched=3, links=[{"rel": "next", "href": "https://x?offset=3"}]),
    "Opendatasoft": {"total_count": 3, "results": ROWS},
    "last page": {"count": 3, "next": None, "results": ROWS},
    "counted": {"totalResults": 3, "data": ROWS},
    "a sum beside the rows": {"total": 306, "count": 306, "rows": ROWS},
    "no more": {"hasMore": False, "nextPageToken": "", "_links": {"self": {"href": "/ew"}}, "items": ROWS},
    "World Bank": [{"page": 1, "pages": 1, "per_page": 50, "total": 3}, ROWS],
}


@pytest.mark.parametrize("service", WHOLE)
def test_a_whole_answer_is_read(read, service):
    table = read(json.dumps(WHOLE[service]), name="table.json", key="nr")
    assert table.values["ew"].to_dict() == {"001": 101.0, "002": 102.0, "003": 103.0}


def test_columns_that_are_called_like_the_signs_are_columns(read, tmp_path):
    rows = [{**row, "total": 5000, "next": "x", "numberMatched": 9, "exceededTransferLimit": True} for row in ROWS]
    table = read(json.dumps(rows), name="table.json", key="nr")
    assert table.values["numberMatched"].tolist() == [9.0, 9.0, 9.0]
    whole = features()
    for feature, row in zip(whole["features"], rows, strict=True):
        feature["properties"] = row
    file = tmp_path / "gebiete.geojson"
    file.write_text(json.dumps(whole))
    assert len(qa.read_areas(file, key="nr", to_crs="EPSG:25832")) == 3


GML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" '
    'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:app="http://app"\n {counts} timeStamp="2024-01-01T00:00:00Z">'
    '<wfs:member><app:quartier gml:id="q1"><app:nr>017</app:nr><app:ew>5</app:ew><app:geom><gml:Polygon gml:id="p1" '
    'srsName="urn:ogc:def:crs:EPSG::25832"><gml:exterior><gml:LinearRing><gml:posList>691000 5334000 692000 5334000 '
    "692000 5335000 691000 5335000 691000 5334000</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    "</app:geom></app:quartier></wfs:member></wfs:FeatureCollection>"
)


def test_gml_with_more_matches_than_features_is_refused_at_both_doors(tmp_path):
    file = tmp_path / "quartiere.gml"
    file.write_text(GML.replace("{counts}", 'numberMatched="105" numberReturned="1"'))
    for read in (qa.read_areas, qa.read_table):
        with pytest.raises(InputError, match=r"sent 1 feature of 105 .*numberMatched.*count=105.*startIndex=1"):
            read(file, key="nr")


def test_gml_that_names_a_next_page_is_refused(tmp_path):
    file = tmp_path / "quartiere.gml"
    file.write_text(GML.replace("{counts}", 'numberMatched="unknown" numberReturned="1" next="https://x?startIndex=1"'))
    with pytest.raises(InputError, match=r"sent 1 feature and says so \(next\)"):
        qa.read_areas(file, key="nr")


@pytest.mark.parametrize("counts", ['numberMatched="1" numberReturned="1"', 'numberMatched="unknown"', ""])
def test_gml_with_all_matches_is_read(tmp_path, counts):
    file = tmp_path / "quartiere.gml"
    file.write_text(GML.replace("{counts}", counts))
    assert qa.read_areas(file, key="nr").index.tolist() == ["017"]
    assert qa.read_table(file, key="nr").values.loc["017", "ew"] == 5.0


@pytest.mark.parametrize("number", [999, 1000])
def test_areas_of_a_round_number_get_the_same_note(write, number):
    areas = qa.read_areas(write("geojson", PLR=[f"{n:04}" for n in range(number)]), key="PLR")
    notes = areas["read_notes"].iloc[0] if "read_notes" in areas.columns else ""
    assert ("exactly 1,000 records" in notes) == (number == 1000)


def test_a_round_number_of_records_from_a_service_is_worth_a_note_and_no_more(read):
    rows = [{"nr": f"{n:04}", "ew": n} for n in range(1000)]
    table = read(json.dumps({"d": {"results": rows}}), name="table.json", key="nr")
    assert any(note.startswith("exactly 1,000 records: a number at which services stop") for note in table.notes)
    fewer = read(json.dumps({"d": {"results": rows[:999]}}), name="table.json", key="nr")
    assert not any("services stop" in note for note in fewer.notes)
    own_list = read(json.dumps(rows), name="table.json", key="nr")
    assert not any("services stop" in note for note in own_list.notes)
