"""Catalogues and key systems answer a wrong object in one sentence; what they hold is compared as it says."""

from __future__ import annotations

import pickle

import geopandas as gpd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.catalogue import Message
from quartiersatlas.catalogue.key_systems import mixed_vintages, systems, vintages_of
from quartiersatlas.errors import ArgumentError, SpecError

AREAS = gpd.GeoDataFrame(index=["01100101"], geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:25833")
OWN = qa.Indicator(id="own", label_de="eigener", label_en="own")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: qa.Catalogue([OWN]),
            r"^Catalogue takes a mapping, not a list: qa.Catalogue.builtin\(\).add\(indicator",
        ),
        (lambda: qa.Catalogue({"own": "own"}), r"^Catalogue takes an Indicator, not a str: qa.Indicator\(id="),
        (lambda: qa.Catalogue().add({"own": OWN}), r"^Catalogue.add takes an Indicator, not a dict: qa.Indicator\("),
        (lambda: qa.recognise_keys(AREAS), r"^recognise_keys takes a list of keys, not a GeoDataFrame: keys = areas"),
        (lambda: qa.recognise_keys(5), r"^recognise_keys takes a list, not an int: keys = areas.index"),
        (lambda: qa.parent_keys(AREAS, "lor", "bezirk"), r"^parent_keys takes a list of keys, not a GeoDataFrame"),
        (lambda: qa.ags_from_ars(None), r"^ags_from_ars takes a list, not None"),
        (lambda: qa.inspire_cells(AREAS), r"^inspire_cells takes a list of keys, not a GeoDataFrame"),
    ],
)
def test_a_wrong_object_is_answered_with_what_is_taken_and_how_to_get_it(call, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        call()


def test_one_key_is_one_key_and_not_its_characters():
    assert qa.recognise_keys("01100101").loc[0, ["system", "level", "n_keys"]].tolist() == ["lor", "plr", 1]
    assert qa.parent_keys("01100101", "lor", "bezirk").to_dict() == {"01100101": "01"}
    assert qa.ags_from_ars("010575739022").tolist() == ["01057022"]
    assert qa.inspire_cells("1kmN2684E4334").index.tolist() == ["1kmN2684E4334"]


@pytest.mark.parametrize("wrong", [[], None, 3])
def test_systems_and_levels_that_are_no_names_are_refused_with_the_names(wrong):
    with pytest.raises(SpecError, match="system must be one of 'lor', 'ags'"):
        qa.parent_keys(["05315000"], wrong, "kreis")
    with pytest.raises(SpecError, match="level of 'ags' must be one of 'land'"):
        qa.parent_keys(["05315000"], "ags", wrong)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"domain": "traffic"}, "Indicator 'a': domain must be one of 'demography', .*, not 'traffic'"),
        ({"role": "main"}, "Indicator 'a': role must be one of 'index', .*, not 'main'"),
        ({"direction": 0.5}, "Indicator 'a': direction must be one of 1, 0, -1, not 0.5"),
    ],
)
def test_an_indicator_names_the_field_and_its_choices(wrong, sentence):
    with pytest.raises(SpecError, match=sentence):
        qa.Indicator(id="a", label_de="a", label_en="a", **wrong)


def test_a_misspelt_indicator_is_answered_with_its_neighbours():
    with pytest.raises(SpecError, match=r"no indicator 'mh_shar'\. Did you mean 'mh_share'"):
        qa.Catalogue.builtin()["mh_shar"]


def test_a_catalogue_is_printed_in_singular_and_plural():
    assert repr(qa.Catalogue({"own": OWN})) == "Catalogue of 1 indicator: 'own'"
    assert repr(qa.Catalogue()) == "Catalogue of 0 indicators: "
    many = qa.Catalogue({str(i): OWN for i in range(7)})
    assert repr(many) == "Catalogue of 7 indicators: '0', '1', '2', '3', '4' and 2 more"


# what is what


def test_plain_data_are_compared_by_value_and_collections_by_identity():
    assert pickle.loads(pickle.dumps(OWN)) == OWN  # noqa: S301 - our own bytes
    assert len({OWN, qa.Indicator(id="own", label_de="eigener", label_en="own")}) == 1
    catalogue, again = qa.Catalogue.builtin(), qa.Catalogue.builtin()
    assert catalogue != again
    assert len({catalogue, again}) == 2
    assert dict(pickle.loads(pickle.dumps(catalogue)).indicators) == dict(catalogue.indicators)  # noqa: S301


@pytest.mark.parametrize("name", systems())
def test_key_systems_are_hashable_and_picklable(name):
    system = systems()[name]
    assert {system: name, **{vintage: vintage.id for vintage in system.vintages}}[system] == name
    assert pickle.loads(pickle.dumps(system)).levels == system.levels  # noqa: S301 - our own bytes


def test_messages_are_compared_by_value_and_hashable_whatever_they_hold():
    one, same = (Message("areas_slivers", {"keys": ["a"]}) for _ in range(2))
    assert one == same
    assert one != Message("areas_slivers", {"keys": ["b"]})
    assert len({one, same, Message("areas_slivers", {"keys": ["b"]})}) == 2


# exactly at the share of keys from which a system is recognised


@pytest.mark.parametrize(("n_fitting", "recognised"), [(18, False), (19, True), (20, True)])
def test_a_vintage_is_recognised_from_95_percent_of_the_keys_on(n_fitting, recognised):
    keys = [f"011001{number:02d}" for number in range(n_fitting)]
    keys += [f"stray {number}" for number in range(max(20 - n_fitting, 1))]  # 18 of 20, 19 of 20, 20 of 21
    assert (vintages_of(keys) is not None) == recognised
    assert (qa.recognise_keys(keys).loc[0, "vintages"] == ("2021",)) == recognised


@pytest.mark.parametrize(("n_new", "n_stray", "mixed"), [(9, 1, True), (8, 2, False)])
def test_two_vintages_are_told_apart_from_95_percent_of_the_keys_on(n_new, n_stray, mixed):
    keys = [f"010111{number:02d}" for number in range(1, 11)]  # 2006 or 2019
    keys += [f"011001{number:02d}" for number in range(1, n_new + 1)]  # 2021
    keys += [f"stray {number}" for number in range(n_stray)]
    assert bool(mixed_vintages(keys)) == mixed
