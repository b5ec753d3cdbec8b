"""Key systems: complete declarations, levels by prefix, and keys told by what they look like."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.catalogue.key_systems import mixed_vintages, systems, vintages_of
from quartiersatlas.errors import KeyColumnError, SpecError

SYSTEMS = ["lor", "ags", "ars", "nuts", "lsoa", "inspire_100m", "inspire_1km"]


@pytest.fixture(scope="module")
def plr(shared):
    """Give all keys of Berlin's planning areas before and from 2021 on."""
    folder = shared / "berlin" / "population"

    def keys(year):
        file = folder / f"berlin-lor-population-{year}-02-t1-planning-areas.csv"
        return pd.read_csv(file, dtype={"id": str})["id"].tolist()

    return {"2019": keys(2020), "2021": keys(2021)}


# the declarations


def test_the_systems_of_municipal_practice_are_there():
    assert list(systems()) == SYSTEMS
    assert qa.key_systems()["system"].unique().tolist() == SYSTEMS


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_is_labelled_in_both_languages_and_sourced(name):
    system = systems()[name]
    assert system.label("de").strip()
    assert system.label("en").strip()
    assert system.source.strip()
    for level in system.levels:
        assert level.label("de").strip()
        assert level.label("en").strip()
    for vintage in system.vintages:
        assert vintage.source.strip()
        assert vintage.areas.keys() <= {level.id for level in system.levels}


@pytest.mark.parametrize("name", SYSTEMS)
def test_levels_go_from_coarse_to_fine_and_fit_their_length(name):
    levels = systems()[name].levels
    assert [level.length for level in levels] == sorted(level.length for level in levels)
    for level in levels:
        re.compile(level.pattern)
        if level.length:
            wrong = "9" * (level.length + 1)
            assert not re.fullmatch(level.pattern, wrong)


def test_levels_are_those_of_the_official_keys():
    table = qa.key_systems().set_index(["system", "level"])["length"]
    assert table["ags"].to_dict() == {"land": 2, "regierungsbezirk": 3, "kreis": 5, "gemeinde": 8}
    assert table["ars"].to_dict() == {"land": 2, "regierungsbezirk": 3, "kreis": 5, "verband": 9, "gemeinde": 12}
    assert table["lor"].to_dict() == {"bezirk": 2, "pgr": 4, "bzr": 6, "plr": 8}
    assert table["nuts"].to_dict() == {"country": 2, "nuts1": 3, "nuts2": 4, "nuts3": 5}


def test_the_table_does_not_let_itself_be_changed():
    table = qa.key_systems()
    table["system"] = "spoiled"
    assert qa.key_systems()["system"].unique().tolist() == SYSTEMS


# which system a set of keys belongs to


@pytest.mark.parametrize(
    ("keys", "system", "level"),
    [
        (["05315000", "09162000", "14713000"], "ags", "gemeinde"),
        (["05315", "09162", "14713"], "ags", "kreis"),
        (["053150000000", "010575739022"], "ars", "gemeinde"),
        (["01100101", "12601235"], "lor", "plr"),
        (["01011101", "12103117"], "lor", "plr"),
        (["DEA23", "DE300", "ITI43"], "nuts", "nuts3"),
        (["E01000001", "W01001958"], "lsoa", "lsoa"),
        (["CRS3035RES100mN2684000E4334100", "100mN26840E43341"], "inspire_100m", "cell"),
        (["CRS3035RES1000mN2684000E4334000", "1kmN2684E4334"], "inspire_1km", "cell"),
        (["DE_CRS3035RES1000mN2684000E4334000"], "inspire_1km", "cell"),
    ],
)
def test_keys_are_recognised(keys, system, level):
    best = qa.recognise_keys(keys).loc[0]
    assert (best["system"], best["level"], best["share"], best["n_keys"]) == (system, level, 1.0, len(keys))


def test_all_candidates_are_listed_with_the_share_that_fits():
    found = qa.recognise_keys(["01100101", "05315000", "XX", "XX"]).set_index(["system", "level"])
    assert found.loc[("ags", "gemeinde"), "share"] == pytest.approx(2 / 3)
    assert found.loc[("lor", "plr"), "share"] == pytest.approx(1 / 3)  # no district of Berlin is 05 with 31
    assert found.loc[("nuts", "country"), "share"] == pytest.approx(1 / 3)


def test_keys_of_no_system_have_no_candidate():
    found = qa.recognise_keys(["Nord", "Süd-Ost"])
    assert len(found) == 0
    assert {"system", "level", "share", "vintages"} <= set(found.columns)


@pytest.mark.parametrize("keys", [[], [1011101, 1100101], ["01", None]])
def test_keys_that_are_no_text_are_refused(keys):
    with pytest.raises(KeyColumnError, match=r"There are no keys|(key is|keys are) not text"):
        qa.recognise_keys(keys)


def test_a_few_strays_do_not_hide_the_system():
    keys = [f"011001{number:02d}" for number in range(1, 21)]
    assert str(vintages_of([*keys, "Summe"])) == "LOR 2021"
    assert vintages_of([*keys[:10], "Summe"]) is None  # 1 of 11 is more than a stray


# vintages


@pytest.mark.shared_data
@pytest.mark.parametrize("length", [8, 6, 4])
def test_the_vintages_of_berlin_are_told_by_every_real_key(plr, length):
    old = {key[:length] for key in plr["2019"]}
    new = {key[:length] for key in plr["2021"]}
    assert str(vintages_of(old)) == "LOR 2006 or 2019"
    assert str(vintages_of(new)) == "LOR 2021"


@pytest.mark.shared_data
def test_no_real_key_looks_like_one_of_the_other_vintage(plr):
    patterns = {one.id: one.pattern for one in systems()["lor"].vintages}
    assert not any(re.fullmatch(patterns["2021"], key) for key in plr["2019"])
    assert not any(re.fullmatch(patterns["2019"], key) for key in plr["2021"])
    assert all(re.fullmatch(patterns["2019"], key) for key in plr["2019"])
    assert all(re.fullmatch(patterns["2021"], key) for key in plr["2021"])


@pytest.mark.shared_data
@pytest.mark.parametrize("vintage", ["2019", "2021"])
def test_the_declared_numbers_of_areas_are_the_real_ones(plr, vintage):
    (declared,) = [one.areas for one in systems()["lor"].vintages if one.id == vintage]
    lengths = {level.id: level.length for level in systems()["lor"].levels}
    assert declared == {name: len({key[: lengths[name]] for key in plr[vintage]}) for name in declared}


def test_codes_that_do_not_tell_the_vintage_have_none():
    assert vintages_of(["E01000001", "E01033768"]) is None
    assert vintages_of(["05315000"]) is None


def test_a_set_of_two_vintages_is_told_apart():
    assert mixed_vintages(["01011101", "01100101"]).keys() == {"LOR 2006 or 2019", "LOR 2021"}
    assert mixed_vintages(["01100101", "01100102"]) == {}
    assert mixed_vintages(["A", "B"]) == {}


# parents


def test_parents_are_the_first_characters():
    assert qa.parent_keys(["01100101", "12601235"], "lor", "bezirk").to_dict() == {"01100101": "01", "12601235": "12"}
    assert qa.parent_keys(["DEA23"], "nuts", "nuts1").tolist() == ["DEA"]
    assert qa.parent_keys(["010575739022"], "ars", "verband").tolist() == ["010575739"]


@pytest.mark.shared_data
def test_parents_of_berlin_group_as_published(plr):
    assert qa.parent_keys(plr["2021"], "lor", "bzr").nunique() == 143
    assert qa.parent_keys(plr["2021"], "lor", "pgr").nunique() == 58
    assert qa.parent_keys(plr["2021"], "lor", "bezirk").nunique() == 12


def test_keys_that_lost_a_zero_or_are_too_coarse_are_refused():
    with pytest.raises(KeyColumnError, match=r"1 of 2 keys is no key of 'ags' from level 'kreis' on: '5315000'") as e:
        qa.parent_keys(["5315000", "09162000"], "ags", "kreis")
    assert e.value.keys == ("5315000",)
    with pytest.raises(KeyColumnError, match="'05'"):
        qa.parent_keys(["05"], "ags", "kreis")


def test_unknown_systems_and_levels_are_refused_with_the_names_there_are():
    with pytest.raises(SpecError, match="system must be one of 'lor'"):
        qa.parent_keys(["1"], "plz", "x")
    with pytest.raises(SpecError, match="level of 'ags' must be one of 'land'"):
        qa.parent_keys(["05315000"], "ags", "bzr")
    with pytest.raises(SpecError, match="have no parts"):
        qa.parent_keys(["100mN26840E43341"], "inspire_100m", "cell")


@pytest.mark.parametrize(
    ("ars", "ags"),
    [("010575739022", "01057022"), ("147300070070", "14730070"), ("110000000000", "11000000")],
)
def test_the_municipality_key_is_the_regional_key_without_the_association(ars, ags):
    # the first two examples: Grebin in the Gemeindeverzeichnis of 2016; a published parser of these keys
    assert qa.ags_from_ars([ars]).to_dict() == {ars: ags}


def test_only_whole_regional_keys_have_a_municipality_key():
    with pytest.raises(KeyColumnError, match="no key of 'ars'"):
        qa.ags_from_ars(["01057022"])
