"""What the page carries for the panel of an area: no rank in public, nothing that no released indicator points to."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.catalogue import action_bundles
from quartiersatlas.errors import ReleaseError
from quartiersatlas.present.map.atlas import Atlas
from quartiersatlas.present.map.payload import area_status, map_json

TEXTS = {"title": "T", "source": "Q", "as_of": "31.12.2024", "comment": "K"}
KEYS = [f"A{i:02d}" for i in range(24)]
CLASSES = [
    {"id": "low", "upper": 0.0, "label_de": "gering", "label_en": "low"},
    {"id": "high", "label_de": "hoch", "label_en": "high"},
]


def content(release, lang="de", **options):
    return json.loads(map_json(release, lang, **options))


@pytest.fixture(scope="module")
def parts(make_city):
    """Return 24 areas in which a rate rises, with need index, shortlist and the runs of the shortlist."""
    table = pd.DataFrame({"residents": 1000.0, "poor": [50.0 + 10 * i for i in range(24)]}, index=KEYS)
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("poor", "residents")})
    axis = {"id": "status", "label_de": "Lage", "label_en": "Status", "indicators": [{"id": "sgb2_rate"}]}
    spec = qa.NeedSpec.from_dict({"id": "t", "source": "t", "axes": [{**axis, "classes": CLASSES}]})
    need = qa.need_index(data, spec)
    shortlist = qa.screen(data, qa.worst_share("sgb2_rate", 0.25), need=need)
    return {"data": data, "need": need, "shortlist": shortlist, "stability": shortlist.stability(n=60, seed=1)}


def test_in_public_the_page_has_no_rank(parts):
    public, internal = (qa.release(**parts, **TEXTS, audience=audience) for audience in ("public", "internal"))
    assert [list(axis) for axis in content(public)["standing"]["axes"]] == [["id", "label", "drivers", "partly"]]
    assert content(public)["standing"]["stability"]["percent"]  # the runs are told, without their ranks
    page = qa.atlas_map(public).html()
    assert not re.search(r'"(rank|place|lower|upper)":[\[{]', page)
    assert re.search(r'"(rank|place|lower|upper)":[\[{]', qa.atlas_map(internal).html())


def test_inside_the_house_ranks_and_their_interval_are_those_of_the_release(parts):
    release = qa.release(**parts, **TEXTS, audience="internal")
    rank = content(release)["standing"]["axes"][0]["rank"]
    assert rank["of"] == 24
    assert rank["place"] == list(range(24, 0, -1))  # the rate rises from area to area
    assert rank["lower"] == release.stability.table["rank_lower"].tolist()
    assert rank["upper"] == release.stability.table["rank_upper"].tolist()
    assert any(low < high for low, high in zip(rank["lower"], rank["upper"], strict=True))


def test_an_area_without_a_score_has_no_rank_and_is_not_counted(parts):
    release = qa.release(**parts, **TEXTS, audience="internal")
    values = release.values.assign(need_status=release.values["need_status"].mask(release.areas.index == KEYS[23]))
    rank = content(replace(release, values=values))["standing"]["axes"][0]["rank"]
    assert (rank["of"], rank["place"]) == (23, [*range(23, 0, -1), None])


def test_labels_and_shares_of_the_runs_are_those_of_the_release(parts):
    release = qa.release(**parts, **TEXTS)
    stable, table = content(release)["standing"]["stability"], release.stability.table
    assert stable["names"] == ["sicher", "Grenzfall", "nicht ausgewählt"]
    assert [("certain", "borderline", "not_selected")[label] for label in stable["label"]] == table["label"].tolist()
    assert [percent / 100 for percent in stable["percent"]] == table["p_selected"].tolist()


def test_drivers_are_the_released_ones_and_what_is_missing_is_told(sample):
    release = sample.release
    axes = content(release)["standing"]["axes"]
    assert [axis["id"] for axis in axes] == ["need_status_class", "need_dynamics_class"]
    for axis in axes:
        name = axis["id"].split("_")[1]
        for driver in axis["drivers"]:
            released = release.drivers[name, driver["id"]]
            found = pd.Series(driver["parts"], index=released.index, dtype=float) / 10
            assert found.notna().equals(released.notna())
            assert (found - released).abs().max() < 1e-9
    assert len(axes[0]["drivers"]) == 4
    assert not axes[0]["partly"]
    assert not axes[1]["partly"]  # the members of an index leave with it, changes too


def test_only_bundles_are_sent_that_a_released_indicator_can_trigger(sample, town):
    sent = content(sample.release)["panel"]["bundles"]
    able = {"sgb2_rate", "child_poverty_u15", "unemployment_share_total", "language_support_need"}
    assert [bundle["label"] for bundle in sent] == [b.label_de for b in action_bundles() if able & set(b.triggers)]
    assert 0 < len(sent) < len(action_bundles())
    # the share of residents with migration background is no need by itself, and triggers nothing
    assert all(set(bundle["triggers"]) <= able for bundle in sent)
    assert content(qa.release(town, columns=[]))["panel"]["bundles"] == []


def test_facilities_know_the_areas_they_lie_in(town):
    x, y = 450_000, 5_650_000
    places = {
        "inside": shapely.Point(x + 250, y + 250),
        "border": shapely.Point(x + 500, y + 250),
        "outside": shapely.Point(x - 10, y),
    }
    frame = gpd.GeoDataFrame({"name": list(places), "kind": "Kita"}, geometry=list(places.values()), crs="EPSG:25832")
    for facilities in (frame, frame.to_crs("EPSG:4326")):
        release = qa.release(town, facilities=facilities, **TEXTS)
        found = {place["name"]: sorted(place["areas"]) for place in content(release)["facilities"]}
        assert found["inside"] == [0]
        assert found["outside"] == []
    assert sorted(content(qa.release(town, facilities=frame, **TEXTS))["facilities"][1]["areas"]) == [0, 1]


def test_areas_for_which_the_rule_cannot_be_told_are_named(sample, town):
    release = sample.release
    unknown = content(release)["standing"]["unassessed"]
    assert [release.areas.index[area] for area in unknown] == release.areas.index[~release.assessed].tolist()
    assert unknown
    standing = content(qa.release(town, **TEXTS))["standing"]
    assert (standing["screened"], standing["unassessed"], standing["stability"]) == (False, [], None)


def test_how_areas_stand_is_told_in_the_order_of_the_areas(sample):
    release = sample.release
    turned = {name: getattr(release, name).iloc[::-1] for name in ("areas", "values", "status", "state", "selected")}
    here, there = area_status(release, "de"), area_status(replace(release, **turned), "de")
    last = len(release.areas) - 1
    assert sorted(last - area for area in there["unassessed"]) == here["unassessed"]
    for one, two in zip(here["axes"], there["axes"], strict=True):
        assert [driver["parts"][::-1] for driver in two["drivers"]] == [driver["parts"] for driver in one["drivers"]]


def test_a_change_points_to_the_fields_of_action_of_its_indicator(parts, make_city):
    table = pd.DataFrame({"residents": 1000.0, "poor": [150.0 + i for i in range(24)]}, index=KEYS)
    then = qa.add_rates(make_city(table), {"sgb2_rate": ("poor", "residents")})
    data = qa.add_change(parts["data"], then, ["sgb2_rate"])
    panel = content(qa.release(data, columns=["sgb2_rate_change"]))["panel"]
    pointed = [bundle.label("de") for bundle in action_bundles() if "sgb2_rate" in bundle.triggers]
    assert [bundle["label"] for bundle in panel["bundles"]] == pointed
    assert {name for bundle in panel["bundles"] for name in bundle["triggers"]} == {"sgb2_rate"}


def test_notes_stand_with_the_number_of_their_area(town_release):
    notes = {"03": "Treffpunkt fehlt", "01": (line for line in ("eins", "zwei")), "02": []}
    atlas = qa.atlas_map(town_release, notes=notes)
    assert atlas.notes == {"03": ("Treffpunkt fehlt",), "01": ("eins", "zwei"), "02": ()}
    assert content(town_release, notes=atlas.notes)["panel"]["notes"] == {
        "2": ["Treffpunkt fehlt"],
        "0": ["eins", "zwei"],
    }
    assert Atlas(town_release, notes={"01": (line for line in ("eins", "zwei"))}).notes == {"01": ("eins", "zwei")}
    assert atlas.html() == atlas.html()
    assert qa.atlas_map(town_release).notes == {}
    backwards = dict(reversed(atlas.notes.items()))
    assert map_json(town_release, "de", notes=backwards) == map_json(town_release, "de", notes=atlas.notes)


def test_a_note_on_an_area_that_is_not_there_is_refused(town_release):
    with pytest.raises(ReleaseError, match=r"has no area '1'\. Did you mean .*leading zeros"):
        qa.atlas_map(town_release, notes={"1": "x"})


@pytest.mark.parametrize(
    "describe",
    [
        lambda release, note: qa.atlas_map(release, notes={"02": note}),
        lambda release, note: qa.atlas_map(release, notes={"01": "Treffpunkt fehlt", "02": ["Markt", note]}),
        lambda release, note: qa.profile(release, "02", notes=[note]),
    ],
)
def test_a_note_with_a_word_that_stigmatises_is_warned_of_where_it_was_written(town_release, describe):
    with pytest.warns(UserWarning, match=r"Note on 02 contains “Problemviertel”\. Neutral: ") as caught:
        describe(town_release, "Das ist kein Problemviertel")
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("lang", ["de", "en"])
def test_definitions_are_those_of_the_profile(sample, lang):
    release = sample.release
    record = qa.profile(release, release.areas.index[0], lang=lang, format="dict")
    page = content(release, lang)
    sent, meanings = page["panel"]["indicators"], {column["id"]: column.get("definition") for column in page["columns"]}
    assert [indicator.get("note", meanings[indicator["id"]]) for indicator in sent] == record["footnotes"]
    assert [indicator["id"] for indicator in sent] == [row["id"] for row in record["indicators"]]


def test_an_older_date_stands_with_its_indicator(town):
    sent = content(qa.release(town, dates={"sgb2_rate": "30.06.2022"}, **TEXTS))["panel"]["indicators"]
    assert sent[0]["note"].endswith("Stand: 30.06.2022")


def test_the_map_offers_every_indicator_of_the_index_that_it_shows(sample):
    content = json.loads(map_json(sample.release, "de"))
    offered = {column["id"] for column in content["columns"]}
    drivers = {driver["id"] for axis in content["standing"]["axes"] for driver in axis["drivers"]}
    assert drivers
    assert drivers <= offered
