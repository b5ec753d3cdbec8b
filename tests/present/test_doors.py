"""What shows a release takes nothing else: a wrong object gets one sentence that says what to hand over and how."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path

import folium
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, InputError, ReleaseError, SpecError
from quartiersatlas.present.map.atlas import AtlasLayer

HOW = r': rel = qa\.release\(data, title="\.\.\.", source="\.\.\.", as_of="\.\.\.", comment="\.\.\."\)\.$'
SHOWN_BY = {
    "atlas_map": qa.atlas_map,
    "Atlas": qa.Atlas,
    "export": lambda wrong: qa.export(wrong, "atlas.gpkg"),
    "figure": qa.figure,
    "report": lambda wrong: qa.report(wrong, "bericht.html"),
    "profile": lambda wrong: qa.profile(wrong, "01"),
}


@pytest.fixture
def wrong(request, town, town_release):
    """Return something else than a release: data, a table of areas, a path, a shortlist, a map."""
    return {
        "AreaData": lambda: town,
        "GeoDataFrame": lambda: town.areas,
        "str": lambda: "atlas.gpkg",
        "PosixPath": lambda: Path("atlas.gpkg"),
        "Shortlist": lambda: qa.screen(town, qa.above_city("sgb2_rate")),
        "Atlas": lambda: qa.atlas_map(town_release),
        "NoneType": lambda: None,
    }[request.param]()


@pytest.mark.parametrize("call", SHOWN_BY)
@pytest.mark.parametrize(
    "wrong", ["AreaData", "GeoDataFrame", "str", "PosixPath", "Shortlist", "Atlas", "NoneType"], indirect=True
)
def test_nothing_but_a_release_is_shown(call, wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "atlas_map" if call == "Atlas" else call
    noun = "None" if wrong is None else f"an? {type(wrong).__name__}"
    with pytest.raises(ArgumentError, match=f"^{name} takes a Release, not {noun}{HOW}"):
        SHOWN_BY[call](wrong)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"earlier": "2023"}, "atlas_map: earlier takes a Release, not a str"),
        ({"earlier": [None]}, "atlas_map: earlier takes a Release, not None"),
        ({"earlier": 3}, "atlas_map: earlier takes a Release, not an int"),
        ({"breaks": [10, 20]}, "atlas_map: breaks takes a mapping, not a list"),
        ({"notes": ["Neue Schule"]}, "atlas_map: notes takes a mapping, not a list"),
        ({"notes": {"01": 3}}, "notes takes a str or a list, not an int"),
    ],
)
def test_options_of_the_map_say_what_they_take(town_release, options, sentence):
    with pytest.raises(ArgumentError, match=f"^{sentence}: "):
        qa.atlas_map(town_release, **options)


@pytest.mark.parametrize("limits", [10, "10", [], [20, 10], [10, 10], ["10"], [1, 2, 3, 4, 5], [float("nan")], [None]])
def test_limits_are_rising_numbers(town_release, limits):
    with pytest.raises(SpecError, match=r"breaks: 'sgb2_rate' has the limits .*; give one to 4 rising numbers in a li"):
        qa.atlas_map(town_release, breaks={"sgb2_rate": limits})


def test_one_release_of_another_date_is_one(town, town_release):
    before = qa.release(town, title="T", source="S", as_of="31.12.2023", comment="K")
    assert qa.atlas_map(town_release, earlier=before).earlier == (before,)


@pytest.mark.parametrize("kind", ["DataFrame", "Release", "Path"])
def test_one_indicator_is_looked_at_from_joined_data_or_a_frame(town, town_release, kind):
    wrong = {"DataFrame": town.values, "Release": town_release, "Path": Path("a.gpkg")}[kind]
    with pytest.raises(ArgumentError, match=r"^choropleth takes an AreaData or a GeoDataFrame, not a .*: data = "):
        qa.choropleth(wrong, "sgb2_rate")
    with pytest.raises(ArgumentError, match=r"^choropleth: indicator takes a str, not a list: "):
        qa.choropleth(town, ["sgb2_rate"])
    with pytest.raises(ColumnError, match="'sgb2_rat'"):
        qa.choropleth(town, "sgb2_rat")


def test_files_and_maps_to_write_to_are_named(town_release, tmp_path):
    atlas = qa.atlas_map(town_release)
    with pytest.raises(InputError, match="is a folder: name the file to write"):
        atlas.save(tmp_path)
    with pytest.raises(ArgumentError, match=r'^Atlas\.save takes a str or a PathLike, not None: atlas\.save\("'):
        atlas.save(None)
    with pytest.raises(ArgumentError, match=r"^report: path takes a str or a PathLike, not a Release: qa\.report\(rel"):
        qa.report(town_release, town_release)
    with pytest.raises(ArgumentError, match=r"^Atlas\.add_to takes a Map, not a str: folium\.Map\("):
        atlas.add_to("map")
    with pytest.raises(ArgumentError, match=r"^AtlasLayer takes an Atlas, not a Release: atlas = qa\.atlas_map\(rel\)"):
        AtlasLayer(town_release)
    assert atlas.add_to(folium.Map()) is atlas


@pytest.mark.parametrize("key", [1, None, ["01"], "1"])
def test_a_profile_is_of_one_area_that_there_is(town_release, key):
    with pytest.raises(ReleaseError, match=r"The release has no area .* Keys are text, with their leading zeros"):
        qa.profile(town_release, key)


def test_a_profile_is_compared_with_a_release(town, town_release):
    with pytest.raises(ArgumentError, match=r"^profile: compare_with takes a Release, not an AreaData: "):
        qa.profile(town_release, "01", compare_with=town)
    with pytest.raises(ArgumentError, match=r"^notes takes a str or a list, not an int: "):
        qa.profile(town_release, "01", notes=7)


def test_results_are_frozen_compared_by_identity_and_pickled(town_release):
    atlas, profile = qa.atlas_map(town_release, notes={"01": "Neue Schule"}), qa.profile(town_release, "01")
    for result, name in ((atlas, "lang"), (profile, "record")):
        assert result == result  # noqa: PLR0124 - frames inside would have no truth value
        assert len({result, result}) == 1
        with pytest.raises(FrozenInstanceError):
            setattr(result, name, "en")
        assert pickle.loads(pickle.dumps(result)).html() == result.html()  # noqa: S301 - our own bytes
    assert qa.atlas_map(town_release) != qa.atlas_map(town_release)
