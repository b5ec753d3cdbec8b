"""Two vintages of one key system are never joined by key."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import JoinError

OLD = ["01011101", "01011102", "01011103"]
NEW = ["01100101", "01100102", "01100103"]


def table(keys):
    return pd.DataFrame({"residents": [100.0] * len(keys)}, index=pd.Index(keys, name="key"))


def test_a_table_of_the_other_vintage_is_refused_and_the_way_is_named(row):
    with pytest.raises(JoinError) as error:
        qa.join(row(*NEW), table(OLD))
    message = str(error.value)
    assert "The 3 keys of the areas are of LOR 2021 ('01100101', '01100102' and 1 more)" in message
    assert "the 3 keys of table are of LOR 2006 or 2019 ('01011101', '01011102' and 1 more)" in message
    assert "transfer(counts, crosswalk)" in message
    assert "transfer_by_area(counts, from_areas, to_areas)" in message


@pytest.mark.parametrize("keys", [OLD, NEW])
def test_tables_of_the_same_vintage_are_joined(row, keys):
    data = qa.join(row(*keys), table(keys))
    assert data.report.complete
    assert data.vintage == ("2021" if keys is NEW else "")  # 2006 and 2019 look alike


def test_a_table_of_both_vintages_is_refused_also_where_missing_is_reported(row):
    with pytest.raises(
        JoinError, match=r"table mixes keys of several vintages: 3 of LOR 2006 or 2019.*; 3 of LOR 2021"
    ):
        qa.join(row(*NEW), table([*OLD, *NEW]), missing="report")


def test_repaired_keys_are_looked_at_after_the_repair(row):
    short = table([key.lstrip("0") for key in OLD])
    with pytest.raises(JoinError, match="LOR 2006 or 2019"):
        qa.join(row(*NEW), short, repair="zero_pad")


def test_a_declared_vintage_stays_with_the_data_and_the_next_table_must_be_of_it(row):
    keys = ["E01000001", "E01000002"]
    data = qa.join(row(*keys), table(keys), vintage="2011")
    assert data.vintage == "2011"
    more = table(keys).rename(columns={"residents": "poor"})
    with pytest.raises(JoinError, match=r"of the areas are of 2011 .* of table are of 2021 "):
        qa.join(data, more, vintage="2021")
    assert qa.join(data, more, vintage="2011").vintage == "2011"
    assert qa.join(data, more).vintage == "2011"  # a table that says nothing is taken at its keys


def test_a_declaration_that_the_codes_belie_is_refused(row):
    with pytest.raises(JoinError, match=r"table is declared to be of vintage '2006', but its codes are of LOR 2021"):
        qa.join(row(*NEW), table(NEW), vintage="2006")


def test_a_declaration_tells_vintages_apart_that_look_alike(row):
    data = qa.join(row(*OLD), table(OLD), vintage="2006")
    assert data.vintage == "2006"
    with pytest.raises(JoinError, match=r"of the areas are of LOR 2006 .* of table are of LOR 2019"):
        qa.join(data, table(OLD).rename(columns={"residents": "poor"}), vintage="2019")


def test_the_vintage_of_a_citys_own_keys_is_the_users_word(row):
    keys = ["0101", "0102"]  # they look like forecast areas of Berlin before 2021
    assert qa.join(row(*keys), table(keys), vintage="2023").vintage == "2023"


def test_keys_of_no_system_join_as_ever(row):
    assert qa.join(row("A", "B"), table(["A", "B"])).vintage == ""


def test_the_check_takes_whatever_has_keys(row, read):
    areas, data = row(*NEW), qa.join(row(*NEW), table(NEW))
    file = read("key;n\n" + "\n".join(f"{key};1" for key in OLD))
    for left in (areas, data, NEW, table(NEW), pd.Index(NEW)):
        assert qa.check_vintages(left, NEW) == "2021"
        with pytest.raises(JoinError, match="a join by key would be wrong"):
            qa.check_vintages(left, file)
    assert qa.check_vintages([], NEW) == "2021"
    assert qa.check_vintages(["A"], ["B"]) == ""


def test_the_check_takes_declared_vintages():
    assert qa.check_vintages(["E01000001"], ["E01000001"], left_vintage="2011", right_vintage="2011") == "2011"
    with pytest.raises(JoinError, match="key of left is of 2011"):
        qa.check_vintages(["E01000001"], ["E01000001"], left_vintage="2011", right_vintage="2021")


@pytest.mark.shared_data
def test_the_real_tables_of_2020_are_refused_on_the_areas_of_2021_and_joined_on_their_own(shared):
    areas = qa.read_areas(shared / "berlin/lor_post2021_PLR/lor_planungsraeume_2021.shp", key="PLR_ID", name="PLR_NAME")
    folder = shared / "berlin" / "population"
    old = qa.read_table(folder / "berlin-lor-population-2020-02-t1-planning-areas.csv", key="id")
    new = qa.read_table(folder / "berlin-lor-population-2021-02-t1-planning-areas.csv", key="id")
    for missing in ("raise", "report"):
        with pytest.raises(
            JoinError, match=r"542 keys of the areas are of LOR 2021 .* the 448 keys of .* are of LOR 2006 or 2019"
        ):
            qa.join(areas, old, missing=missing)
    assert qa.join(areas, new, population="inhabitants").vintage == "2021"
