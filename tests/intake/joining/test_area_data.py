"""What is carried from the join onwards: further tables, population, notices, and a report that says something."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, SpecError


def frame(*keys, **columns):
    return pd.DataFrame(columns, index=pd.Index(keys, name="key"))


def test_a_second_table_adds_its_columns_and_its_report(row, residents):
    data = qa.join(row("01", "02"), residents(k01=10, k02=20))
    data = qa.join(data, frame("02", "01", mh=[4.0, 3.0]))
    assert data.values.loc["01"].to_dict() == {"residents": 10.0, "mh": 3.0}
    assert len(data.reports) == 2
    assert list(data.status.columns) == ["residents", "mh"]


def test_a_second_table_with_a_column_of_the_first_is_refused(row, residents):
    data = qa.join(row("01", "02"), residents(k01=10, k02=20))
    with pytest.raises(ColumnError, match=r"column 'residents' is there already.*columns=\['mh'\]"):
        qa.join(data, frame("01", "02", residents=[1.0, 2.0], mh=[3.0, 4.0]))


def test_residents_are_the_population_unless_another_column_is_named(row):
    table = frame("01", "02", residents=[10.0, 20.0], main=[9.0, 19.0])
    assert qa.join(row("01", "02"), table).residents().tolist() == [10.0, 20.0]
    assert qa.join(row("01", "02"), table, population="main").residents().tolist() == [9.0, 19.0]


def test_the_population_may_come_with_the_first_table_and_stays(row):
    data = qa.join(row("01"), frame("01", ew=[10.0]), population="ew")
    assert qa.join(data, frame("01", mh=[3.0])).population == "ew"


def test_a_population_column_that_is_not_there_is_refused(row, residents):
    with pytest.raises(ColumnError, match=r"no column 'resident'. Did you mean 'residents'"):
        qa.join(row("01"), residents(k01=10), population="resident")


def test_without_a_population_the_question_is_asked(row):
    data = qa.join(row("01"), frame("01", ew=[10.0]))
    with pytest.raises(SpecError, match=r"Which column holds the residents.*population='residents'"):
        data.residents()


def test_text_is_no_count(row):
    data = qa.join(row("01", "02"), frame("01", "02", mh=["5", "viele"]))
    with pytest.raises(CountError, match="Column 'mh' holds text, not counts: '5', 'viele'"):
        data.counts("mh")


@pytest.mark.parametrize("wrong", [-0.5, np.inf, -np.inf])
def test_negative_and_infinite_counts_are_refused_with_their_area(row, wrong):
    data = qa.join(row("01", "02"), frame("01", "02", mh=[5.0, 7.0]))
    data = replace(data, values=data.values.assign(mh=[5.0, wrong]))  # a join refuses what is infinite
    with pytest.raises(CountError, match=f"1 count in 'mh' is negative or infinite \\('02': {wrong:g}\\)"):
        data.counts("mh")


def test_a_count_column_that_is_not_there_is_refused(row, residents):
    with pytest.raises(ColumnError, match="The data has no column 'mhh'"):
        qa.join(row("01"), residents(k01=1)).counts("mhh")


def test_unknown_counts_stay_unknown(row):
    data = qa.join(row("01", "02"), frame("01", "02", mh=[5.0, np.nan]))
    assert np.isnan(data.counts("mh")["02"])


# notices


def test_notices_of_areas_and_tables_are_carried_once_each(row):
    areas = row("01", "02").assign(Hinweis="Synthetische Daten")
    data = qa.join(areas, frame("01", "02", residents=[1.0, 2.0], Hinweis="Synthetische Daten"))
    assert data.notices == ("Synthetische Daten",)
    data = qa.join(data, frame("01", "02", mh=[1.0, 2.0], notice="Provisional"))
    assert data.notices == ("Synthetische Daten", "Provisional")


def test_the_notice_of_a_second_table_is_not_lost_to_that_of_the_first(row):
    data = qa.join(row("01", "02"), frame("01", "02", residents=[1.0, 2.0], Hinweis="vorläufig"))
    data = qa.join(data, frame("01", "02", mh=[1.0, 2.0], Hinweis="Synthetische Daten"))
    assert data.notices == ("vorläufig", "Synthetische Daten")


def test_a_notice_is_carried_also_where_areas_have_no_row(row):
    table = frame("01", residents=[1.0], Hinweis="vorläufig")
    assert qa.join(row("01", "02"), table, missing="report").notices == ("vorläufig",)


def test_remarks_that_differ_from_row_to_row_are_no_notice(row):
    assert qa.join(row("01", "02"), frame("01", "02", a=[1.0, 2.0], Hinweis=["neu", "alt"])).notices == ()


# what it says


def test_the_report_says_everything_in_text_and_as_a_table(row):
    table = frame("01", "02", "77", "00", name=["A", "B", "C", "Summe"], residents=[10.0, 20.0, 7.0, 30.0])
    report = qa.join(row("01", "02", "03"), table, missing="report").report
    assert repr(report).splitlines() == [
        "JoinReport table: 2 of 3 areas have a row",
        "  residents that found an area: 81.1 %",  # 30 of 37; the total is none of them
        "  without a row (1): '03'",
        "  rows without an area (1): '77'",
        "  totals row set aside: '00' (its name says so)",
    ]
    assert report.table.to_numpy().tolist() == [
        ["03", "areas", "no row in the table"],
        ["77", "table", "no area"],
        ["00", "table", "totals row: its name says so"],
    ]


def test_the_report_is_escaped_in_a_notebook(row):
    report = qa.join(row("01"), frame("01", "<img src=x>", residents=[10.0, 3.0]), missing="report").report
    html = report._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html


def test_the_data_say_what_they_are(row, residents):
    areas = row("01").assign(Hinweis="Synthetische Daten")
    assert repr(qa.join(areas, residents(k01=10), period="2024")).splitlines() == [
        "AreaData: 1 area, 1 column, period 2024",
        "JoinReport table: 1 of 1 area has a row",
        "notice: Synthetische Daten",
    ]
