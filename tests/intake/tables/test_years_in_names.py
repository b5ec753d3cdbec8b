"""School years, dates and footnote marks in the names of columns: one series is one column, whatever its names."""

from __future__ import annotations

import pytest

from quartiersatlas.errors import InputError, SpecError
from quartiersatlas.intake.tables.year_names import year_name


def stacked(read, *names):
    """Read a table of two areas with these columns, one row per area and year."""
    rows = "".join(
        f"{key};{';'.join(str(10 * i + j) for j in range(len(names)))}\n" for i, key in ((1, "01"), (2, "02"))
    )
    return read(f"key;{';'.join(names)}\n{rows}", years="long")


@pytest.mark.parametrize(
    ("names", "column", "years"),
    [
        (["2019/20", "2020/21"], "value", ["2019/20", "2020/21"]),
        (["2019/2020", "2020/2021"], "value", ["2019/20", "2020/21"]),
        (["1999/00", "2000/01"], "value", ["1999/00", "2000/01"]),
        (["2019-20", "2020–21"], "value", ["2019/20", "2020/21"]),
        (["Schüler 2019/20", "Schüler 2020 / 21"], "Schüler", ["2019/20", "2020/21"]),
        (["2019 1)", "2020*"], "value", ["2019", "2020"]),
        (["2019¹", "2020 (2)"], "value", ["2019", "2020"]),
        (["2019 a)", "2020**"], "value", ["2019", "2020"]),
        (["Quote 1) 2019", "Quote 2020"], "Quote", ["2019", "2020"]),
        (["2019 Quote*", "2020 Quote"], "Quote", ["2019", "2020"]),
        (["31.12.2019", "30.06.2020"], "value", ["2019", "2020"]),
        (["2019-12-31", "2020-12-31 00:00:00"], "value", ["2019", "2020"]),
        (["Einwohner 31.12.2019", "Einwohner 31.12.2020"], "Einwohner", ["2019", "2020"]),
        (["Einwohner am 31.12.2019", "Einwohner am 31. 12. 2020"], "Einwohner", ["2019", "2020"]),
        (["Stand 12/2019", "Stand 12/2020"], "value", ["2019", "2020"]),
        (["Anteil (%) 2019", "Anteil (%) 2020"], "Anteil (%)", ["2019", "2020"]),
        (["2019 Anteil", "2020 Anteil"], "Anteil", ["2019", "2020"]),
        (["Einwohner (2019)", "Einwohner (2020)"], "Einwohner", ["2019", "2020"]),
        (["Fläche in m² 2019", "Fläche in m² 2020"], "Fläche in m²", ["2019", "2020"]),
    ],
)
def test_one_series_is_one_full_column(read, names, column, years):
    table = stacked(read, *names)
    assert table.values.columns.tolist() == ["year", column]
    assert table.values["year"].tolist() == [years[0], years[0], years[1], years[1]]
    assert table.values[column].tolist() == [10.0, 20.0, 11.0, 21.0]
    assert set(table.status[column]) == {"value"}


def test_marks_and_dates_that_are_left_out_are_told(read):
    assert "footnote marks left out of 2 column names: '2019 1)', '2020*'" in stacked(read, "2019 1)", "2020*").notes
    notes = stacked(read, "31.12.2019", "31.12.2020").notes
    assert "dates in 2 column names read as their year: '31.12.2019', '31.12.2020'" in notes
    assert not any("left out of" in note or "read as" in note for note in stacked(read, "2019", "2020").notes)


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (["2019 1)", "2019 2)"], "'2019 1)' and '2019 2)' are both 'value' of 2019"),
        (["30.06.2019", "31.12.2019"], "'30.06.2019' and '31.12.2019' are both 'value' of 2019"),
        (["EW 2019", "EW (2019)"], "both 'EW' of 2019"),
    ],
)
def test_two_columns_of_one_name_and_year_are_refused_and_both_named(read, names, named):
    with pytest.raises(InputError) as caught:
        stacked(read, *names)
    assert named in str(caught.value)
    advice = f"columns=[{names[1]!r}]"
    assert advice in str(caught.value)
    content = f"key;{names[0]};{names[1]}\n01;5;6\n"
    assert read(content, columns=[names[1]]).values[names[1]].tolist() == [6.0]


def test_marks_that_tell_columns_of_a_year_apart_stay(read):
    table = stacked(read, "Typ 1) 2019", "Typ 2) 2019", "Typ 1) 2020", "Typ 2) 2020")
    assert len(table.values.columns) == 3
    assert not table.values.isna().any().any()


@pytest.mark.parametrize("names", [["2019", "2020p"], ["2019", "2020 vorläufig"], ["Dez 2019", "Jun 2020"]])
def test_years_of_one_column_each_under_different_names_are_refused(read, names):
    with pytest.raises(InputError, match="each year has one column, and their names without the year differ") as caught:
        stacked(read, *names)
    assert "years=2019" in str(caught.value)
    assert read(f"key;{names[0]};{names[1]}\n01;5;6\n", years=2019).values.iloc[0].tolist() == [5.0]


def test_two_series_of_which_one_lacks_a_year_are_read_as_before(read):
    table = stacked(read, "EW 2019", "EW 2020", "MH 2020")
    assert table.status["MH"].tolist() == ["missing", "missing", "value", "value"]


@pytest.mark.parametrize("year", [2019, "2019/20", "2019/2020"])
def test_a_school_year_is_found_by_its_first_year_with_a_note_and_by_its_name(read, year):
    table = read("key;Schüler 2019/20;Schüler 2020/21\n01;5;6\n", years=year)
    assert table.values["Schüler"].tolist() == [5.0]
    assert ("2019 is taken for the school year 2019/20" in table.notes) == (year == 2019)


def test_a_calendar_year_comes_before_a_school_year(read):
    table = read("key;EW 2019;Schüler 2019/20\n01;5;6\n", years=2019)
    assert table.values.columns.tolist() == ["EW"]


@pytest.mark.parametrize("year", ["2019/21", "2011-12", "Schuljahr", 2018])
def test_a_year_that_is_none_or_not_there_is_refused(read, year):
    with pytest.raises((SpecError, InputError), match=r"years must be|no column of 2018; there are '2019/20'"):
        read("key;2019/20\n01;5\n", years=year)


@pytest.mark.parametrize("name", ["2019/25", "2019-2020", "2011-12", "EW 2019 bis 2020", "PLZ 12019", "Zone 2100/20"])
def test_periods_and_other_numbers_are_no_year(name):
    assert year_name(name) is None
