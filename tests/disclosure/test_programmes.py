"""What leaves of programmes: their dates and states, and cover as anybody can work it out from what is shown."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.present.map.payload import map_json
from quartiersatlas.screening import released_cover

PROTECTION = qa.Protection()


@pytest.fixture
def screened(joined):
    counts = {"low": [412.0, 688, 90, 951, 101, 88], "residents": [1013.0, 1508, 912, 2107, 903, 911]}
    data = qa.add_rates(joined(counts), {"rate": ("low", "residents")})
    shortlist = qa.screen(data, qa.above_city("rate"))
    return data, shortlist, qa.candidate_areas(data, shortlist, min_population=2000)


def dated():
    return gpd.GeoDataFrame(
        {"name": ["Jetzt", "Alt"], "kind": ["SZ", ""], "bis": ["2027", "06/2010"]},
        geometry=[shapely.box(0, 0, 1000, 1000), shapely.box(3000, 0, 4000, 1000)],
        crs="EPSG:25832",
    )


def released(screened, programmes, **options):
    data, shortlist, candidates = screened
    options = {"as_of": "31.12.2024", "protection": PROTECTION, **options}
    return qa.release(data, shortlist=shortlist, candidates=candidates, programmes=programmes, **options)


def test_only_what_runs_at_the_date_of_the_release_covers(screened):
    release = released(screened, dated())
    assert release.candidates["programmes"].tolist() == ["Jetzt", ""]
    assert release.candidates["formerly"].tolist() == ["", "Alt"]
    assert release.candidates["cover"].tolist() == ["partly", "not_covered"]
    assert release.programmes[["name", "end", "state"]].to_numpy().tolist() == [
        ["Jetzt", "2027", "running"],
        ["Alt", "2010-06", "ended"],
    ]
    earlier = released(screened, dated(), as_of="2009")
    assert earlier.candidates["cover"].tolist() == ["partly", "covered"]


def test_dates_need_a_date_of_the_release(screened):
    with pytest.raises(SpecError, match="as_of is '', which is no date; which programmes run depends on it"):
        released(screened, dated(), as_of="")
    assert released(screened, dated().drop(columns="bis"), as_of="").candidates["cover"].tolist() == [
        "partly",
        "covered",
    ]


def test_map_and_report_show_dates_and_states(screened, tmp_path):
    release = released(screened, dated())
    for lang, former in (("de", "Alt, ehemals bis 06/2010"), ("en", "Alt, formerly until 06/2010")):
        page = map_json(release, lang)
        assert former in page
        assert '"other":[false,true]' in page
    words = qa.report(release, tmp_path / "r.html", lang="de").read_text(encoding="utf-8")
    assert "kein Programmgebiet (ehemals: Alt)" in words
    assert "ehemals bis 06/2010" in words
    assert "bis 2027" in words


def test_programmes_without_dates_leave_as_they_came(screened, tmp_path):
    plain = dated().drop(columns="bis")
    release = released(screened, plain)
    assert list(release.programmes.columns) == ["name", "kind", "geometry"]
    assert "formerly" not in release.candidates
    words = qa.report(release, tmp_path / "r.html", lang="de").read_text(encoding="utf-8")
    assert "Laufzeit" not in words


def test_nothing_but_named_columns_of_programmes_leaves(screened):
    release = released(screened, dated().assign(akte="geheim"))
    assert "akte" not in release.programmes


def test_repairs_stand_in_the_method_box(screened):
    bow_tie = shapely.Polygon([(500, 0), (1500, 1000), (1500, 0), (500, 1000)])
    programmes = gpd.GeoDataFrame({"name": [""], "kind": [""]}, geometry=[bow_tie], crs="EPSG:25832")
    release = released(screened, programmes.to_crs("EPSG:4326"))
    names = {fact.name for fact in release.facts}
    assert {"programme_repaired", "layer_reprojected", "programme_without_name"} <= names
    assert release.candidates["programmes"].tolist() == ["(ohne Namen, Zeile 1) / (no name, row 1)", ""]


@pytest.mark.parametrize("base", [None, 50])
def test_cover_by_residents_is_made_of_the_residents_that_are_shown(screened, base):
    protection = qa.Protection(round_base=base) if base else PROTECTION
    half = gpd.GeoDataFrame({"name": ["P"], "kind": [""]}, geometry=[shapely.box(500, 0, 1300, 1000)], crs="EPSG:25832")
    release = released(screened, half, protection=protection)
    shown = release.residents
    expected = (0.5 * shown["a0"] + 0.3 * shown["b0"]) / (shown["a0"] + shown["b0"])
    key = release.members["a0"]
    assert release.candidates["covered_residents"][key] == pytest.approx(expected)
    assert release.candidates["covered_share"][key] == pytest.approx(0.4)


def test_where_residents_are_withheld_the_surface_alone_leaves(screened):
    data, _, candidates = screened
    areas = qa.programme_areas(dated().iloc[:1], crs="EPSG:25832", as_of="2024")
    shown = data.residents().where(data.areas.index != "b0")
    one, other = (released_cover(candidates, areas, some) for some in (shown, shown.replace(1013.0, 1.0)))
    key = candidates.members["a0"]
    assert np.isnan(one.loc[key, "covered_residents"])
    assert one.loc[key, "covered_share"] == pytest.approx(0.5)
    pd.testing.assert_frame_equal(one, other)  # nothing in it depends on a count of the area
