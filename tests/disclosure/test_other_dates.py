"""A change, lists, twins, funded areas and the change of a gap leave without telling a withheld count of any date."""

from __future__ import annotations

import warnings
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.optimize import linprog

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ReleaseError, SpecError
from quartiersatlas.present.files.tables import table_of
from quartiersatlas.present.report import report_document

RATES = {"sgb2_rate": ("sgb2", "residents"), "g": ("foreign_sgb2", "foreign"), "o": ("german_sgb2", "german")}
SUMS = {"sgb2": ["foreign_sgb2", "german_sgb2"], "residents": ["foreign", "german"]}
HIDDEN = "01"
SIZE_OF_REPORTS = 4  # of the towns of a series, the one whose reports are written: they say what the releases say
OPEN = {"open", "few", "limit", "marked"}


def town(k, period, seed=1, *, kind="", raised=0.0):
    """Make joined data of k areas; in the first the cases of the group are small, or secret in the source."""
    rng = np.random.default_rng(seed)
    keys = [f"{number + 1:02}" for number in range(k)]
    shapes = [shapely.box(1000 * n, 0, 1000 * n + 1000, 1000) for n in range(k)]
    areas = gpd.GeoDataFrame({"name": [f"Gebiet {key}" for key in keys]}, index=keys, geometry=shapes, crs="EPSG:25832")
    foreign, german = rng.integers(90, 900, k), rng.integers(700, 3000, k)
    base = rng.beta(4, 20, k) + raised
    x, y = rng.binomial(foreign, np.clip(1.6 * base, 0, 0.9)), rng.binomial(german, base)
    x[0] = 2 if kind == "small" else x[0]
    columns = {"residents": foreign + german, "sgb2": x + y, "foreign": foreign, "foreign_sgb2": x}
    columns |= {"german": german, "german_sgb2": y}
    if k == 14:  # more columns than a sum can be found in
        for column in ("residents", "sgb2", "foreign"):
            women = rng.binomial(columns[column], 0.5)
            columns |= {f"{column}_f": women, f"{column}_m": columns[column] - women}
    frame = pd.DataFrame(columns, index=keys).astype(float)
    data = qa.add_rates(qa.join(areas, frame, population="residents", period=period), RATES)
    data = qa.add_relations(data, sums=SUMS).with_indicators(*(meaning(name) for name in RATES))
    if kind == "source":
        values, status = data.values.copy(), data.status.copy()
        values.loc[HIDDEN, ["foreign_sgb2", "g"]] = np.nan
        status.loc[HIDDEN, ["foreign_sgb2", "g"]] = "suppressed"
        data = replace(data, values=values, status=status)
    return data, frame


def meaning(name):
    words = {f"{part}_{lang}": f"{part} of {name}" for part in ("numerator", "denominator") for lang in ("de", "en")}
    return qa.Indicator(
        id=name, label_de=name, label_en=name, unit="percent", kind="share", direction=1, role="index", **words
    )


def released(data, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # no definitions
        given = {"title": "T", "source": "S", "as_of": data.period, "comment": "C", "columns": []}
        return qa.release(data, **{**given, **options})


def swapped(data, hidden):
    """Return the data with one case moved around four withheld cells of group and others: every sum stays."""
    one, other = hidden[:2]
    values = data.values.copy()
    for key, step in ((one, -1), (other, 1)):
        values.loc[key, "foreign_sgb2"] += step
        values.loc[key, "german_sgb2"] -= step
    for rate, (x, n) in RATES.items():
        values[rate] = 100 * values[x] / values[n]
    return replace(data, values=values)


def told(change, date):
    """Return the counts of a date that a change shows, by column: earlier ones too, for it has both."""
    found = pd.DataFrame(np.nan, index=change.names.index, columns=sorted({c for pair in RATES.values() for c in pair}))
    for row in change.table.to_dict("records"):
        for side in ("earlier", "later"):
            if row[side] == date and row["indicator"] in RATES:
                for column, part in zip(RATES[row["indicator"]], ("x", "n"), strict=True):
                    if np.isfinite(row[f"{part}_{side}"]):
                        found.loc[row["key"], column] = row[f"{part}_{side}"]
    return found


def interval_of(shown, truth):
    """Return what shown cells, the sums, and the totals of the city leave of the hidden cell."""
    columns, keys = ["foreign_sgb2", "german_sgb2", "sgb2"], list(truth.index)
    bounds, rows, right = [], [], []
    for place, column in enumerate(columns):
        bounds += [(0, None) if pd.isna(cell) else (cell, cell) for cell in shown[column]]
        row = np.zeros(3 * len(keys))
        row[place * len(keys) : (place + 1) * len(keys)] = 1
        rows.append(row)
        right.append(truth[column].sum())
    for area in range(len(keys)):
        row = np.zeros(3 * len(keys))
        row[[area, len(keys) + area]], row[2 * len(keys) + area] = 1, -1
        rows.append(row)
        right.append(0.0)
    goal = np.zeros(3 * len(keys))
    goal[0] = 1
    low, high = (sign * linprog(sign * goal, A_eq=rows, b_eq=right, bounds=bounds).fun for sign in (1, -1))
    return low, high


@pytest.mark.parametrize(
    ("k", "then", "now"),
    [(3, "small", ""), (3, "source", ""), (4, "", "small"), (6, "source", ""), (14, "small", "")],
)
def test_a_hidden_group_beside_others_and_all_follows_at_no_date(k, then, now):
    before, was = town(k, "2021", 2, kind=then)
    after, is_now = town(k, "2024", 3, kind=now)
    change = qa.change(before, after, indicators=list(RATES))
    release = released(after, change=change)
    audit = release.audit()
    assert audit.ok
    assert set(audit.earlier) == {"2021"}
    one = audit.earlier["2021"] if then else audit
    asked = one.table[one.table["need"] > 0]
    assert len(asked)
    assert set(asked["verdict"]) <= OPEN
    period, truth = ("2021", was) if then else ("2024", is_now)
    shown = told(release.change, period)
    assert pd.isna(shown.loc[HIDDEN, "foreign_sgb2"])
    known = shown.eq(truth[shown.columns]) | shown.isna()
    assert known.all().all()
    low, high = interval_of(shown, truth)
    assert low <= truth.loc[HIDDEN, "foreign_sgb2"] <= high
    assert high - low >= 3
    row = release.change.of("g").loc[HIDDEN]
    assert row["reason"] == "withheld"
    assert row[["value_earlier", "value_later", "change", "x_earlier", "x_later"]].isna().all()


@pytest.mark.parametrize("k", [3, 4, 6, 14])
def test_a_series_of_yearly_reports_leaves_a_hidden_group_open(k, tmp_path):
    """The reader keeps the release of each year, and what the later one says of the earlier date."""
    before, was = town(k, "2021", 2, kind="small")
    after, _ = town(k, "2024", 3, raised=0.02)
    rule, ledger = qa.above_city("sgb2_rate"), tmp_path / "ledger.json"
    lists = qa.compare_lists(qa.screen(before, rule), qa.screen(after, rule))
    gaps = [
        qa.group_gap(data, RATES["g"], RATES["sgb2_rate"], reference="others", earlier=then, name="gap")
        for data, then in ((before, None), (after, before))
    ]
    first = released(before, gaps=gaps[0], ledger=ledger, as_of="2021-12-31")
    more = {"change": qa.change(before, after, indicators=list(RATES)), "lists": lists, "shortlist": lists.after}
    second = released(after, gaps=gaps[1], ledger=ledger, as_of="2024-12-31", **more)
    assert first.audit().ok
    assert second.audit().ok
    store = qa.monitor(tmp_path / "store", format="csv")
    for number, release in enumerate((first, second) if k == SIZE_OF_REPORTS else ()):
        found = store.add((before, after)[number])
        if found.asked:
            found.accept(reason="checked", by="office")
        report = qa.monitor_report(store, release, tmp_path / f"{number}.html", earlier=(first,)[:number])
        assert "Abstand" in report.read_text(encoding="utf-8")
    columns = ["foreign_sgb2", "german_sgb2", "sgb2"]
    shown = first.values.reindex(columns=columns).astype(float).combine_first(told(second.change, "2021")[columns])
    for part, column in (("x_group", "foreign_sgb2"), ("x_others", "german_sgb2")):
        areas = first.group_gaps[0].areas
        assert part in areas
        shown[column] = shown[column].fillna(areas[part].reindex(shown.index))
    shown["sgb2"] = shown["sgb2"].fillna(shown["foreign_sgb2"] + shown["german_sgb2"])
    assert pd.isna(shown.loc[HIDDEN, "foreign_sgb2"])
    assert (shown.eq(was[columns]) | shown.isna()).all().all()
    assert shown["sgb2"].notna().sum() >= k - 1
    low, high = interval_of(shown, was)
    assert low <= was.loc[HIDDEN, "foreign_sgb2"] <= high
    assert high - low >= 3


def test_without_partners_the_reader_has_the_cell_of_the_earlier_date_and_the_audit_says_so():
    before, was = town(4, "2021", 2, kind="small")
    after, _ = town(4, "2024", 3)
    change = qa.change(before, after, indicators=list(RATES))
    release = released(after, change=change, protection=qa.Protection(secondary=False))
    assert not release.audit().ok
    assert not release.audit().earlier["2021"].ok
    assert "2021: Audit" in repr(release.audit())
    low, high = interval_of(told(release.change, "2021"), was)
    assert high - low < 1e-6


def test_what_a_change_shows_is_what_its_dates_say():
    """Independent: from the counts of the areas that are shown, and the city as it is printed."""
    before, was = town(14, "2021", 2)
    after, is_now = town(14, "2024", 3, raised=0.02)
    release = released(after, change=qa.change(before, after, indicators="sgb2_rate"))
    rows = release.change.of("sgb2_rate")
    expected = 100 * (is_now["sgb2"] / is_now["residents"] - was["sgb2"] / was["residents"])
    np.testing.assert_allclose(rows["change"], expected)
    city = release.change.of_city("sgb2_rate")
    assert city["value_later"] == release.column("sgb2_rate").city
    assert city["value_earlier"] == round(100 * was["sgb2"].sum() / was["residents"].sum(), 1)
    house = qa.change(before, after, indicators="sgb2_rate").of()
    np.testing.assert_allclose(rows["p_together"], house["p_together"])
    assert "Gesamtstadt" in release.change.text("de")
    assert len(release.change.chart("course").marks)


def test_moving_a_case_between_withheld_cells_changes_nothing_that_leaves():
    before, _ = town(6, "2021", 2, kind="small")
    after, _ = town(6, "2024", 3, raised=0.02)
    rule = qa.above_city("g") | qa.above_city("sgb2_rate")

    def everything(then):
        lists = qa.compare_lists(qa.screen(then, rule), shortlist)
        gap = qa.group_gap(after, RATES["g"], RATES["sgb2_rate"], reference="others", earlier=then)
        change = qa.change(then, after, indicators=list(RATES))
        return released(after, change=change, lists=lists, shortlist=shortlist, gaps=gap)

    shortlist = qa.screen(after, rule)
    first = everything(before)
    rows = [first.change.of(name) for name in ("g", "o")]
    hidden = [key for key in rows[0].index if all(row.loc[key, "reason"] == "withheld" for row in rows)]
    assert HIDDEN in hidden
    assert len(hidden) >= 2
    second = everything(swapped(before, hidden))
    pd.testing.assert_frame_equal(first.change.table, second.change.table)
    pd.testing.assert_frame_equal(first.change.city, second.change.city)
    pd.testing.assert_frame_equal(first.lists.table, second.lists.table)
    pd.testing.assert_frame_equal(first.group_gaps[0].areas, second.group_gaps[0].areas)
    assert first.change.text("de") == second.change.text("de")
    assert first.lists.text("de") == second.lists.text("de")


def test_lists_say_who_moved_and_why_where_both_outcomes_leave():
    """Brute force: the states from the two lists; reasons as in the house where none is hidden."""
    before, _ = town(14, "2021", 2)
    after, _ = town(14, "2024", 3)
    rule = qa.above_city("sgb2_rate")
    lists = qa.compare_lists(qa.screen(before, rule), qa.screen(after, rule))
    release = released(after, shortlist=lists.after, lists=lists)
    table = release.lists.table
    was, is_now = lists.before.selected, lists.after.selected
    named = {(False, True): "entered", (True, False): "left", (True, True): "stayed", (False, False): "outside"}
    assert table["state"].tolist() == [named[pair] for pair in zip(was, is_now, strict=True)]
    assert table["reasons"].tolist() == lists.table["reasons"].tolist()
    assert not len(release.lists.conditions)
    assert release.lists.before is None


def test_an_area_with_a_withheld_value_at_one_date_is_on_no_list():
    before, _ = town(6, "2021", 2, kind="small")
    after, _ = town(6, "2024", 3)
    rule = qa.above_city("g")
    lists = qa.compare_lists(qa.screen(before, rule), qa.screen(after, rule))
    found = released(after, shortlist=lists.after, lists=lists).lists
    assert found.table.loc[HIDDEN, "state"] == "unknown"
    assert found.table.loc[HIDDEN, "reasons"] == ()
    assert "Gebiet 01" not in found.text("de")


def test_the_change_of_a_gap_is_told_where_the_counts_of_both_dates_leave():
    before, was = town(6, "2021", 2, kind="small")
    after, is_now = town(6, "2024", 3)
    gap = qa.group_gap(after, RATES["g"], RATES["sgb2_rate"], reference="others", earlier=before)
    release = released(after, gaps=gap)
    assert release.audit().ok
    areas = release.group_gaps[0].areas

    def gaps(frame):
        return frame["foreign_sgb2"] / frame["foreign"] - frame["german_sgb2"] / frame["german"]

    expected = gaps(is_now) - gaps(was)
    shown = areas["change"].notna()
    assert not shown[HIDDEN]
    assert shown.sum() >= 2
    np.testing.assert_allclose(areas.loc[shown, "change"], expected[shown])
    assert release.audit().earlier["2021"].ok


def test_lines_of_a_gap_leave_where_the_totals_of_both_dates_may_be_known():
    before, was = town(6, "2021", 2)
    after, _ = town(6, "2024", 3)
    gap = qa.group_gap(after, RATES["g"], RATES["sgb2_rate"], reference="others", earlier=before)
    chart = released(after, gaps=gap).group_gaps[0].chart("lines")
    first = f"{100 * was['foreign_sgb2'].sum() / was['foreign'].sum():.1f}".replace(".", ",")
    assert any(first in cell for row in chart.rows for cell in row)
    secret, _ = town(6, "2021", 2, kind="source")
    hidden = qa.group_gap(after, RATES["g"], RATES["sgb2_rate"], reference="others", earlier=secret)
    with pytest.raises(SpecError, match="no lines"):
        released(after, gaps=hidden).group_gaps[0].chart("lines")


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_every_date_is_entered_and_what_was_planned_of_it_stays():
    before, _ = town(6, "2021", 2, kind="small")
    after, _ = town(6, "2024", 3)
    book = qa.Ledger()
    released(after, change=qa.change(before, after, indicators=["g"]), ledger=book, **words())
    assert sorted(entry.date for entry in book.published()) == ["2021", "2024"]
    planned = next(entry for entry in book.published() if entry.date == "2021").plan["foreign_sgb2"]
    assert HIDDEN in planned
    later = released(before, columns=list(RATES), ledger=book, **words())
    hidden = set(later.values.index[later.values["g"].isna()])
    assert set(planned) <= hidden


def test_a_count_that_was_shown_before_and_needs_protection_now_is_refused():
    before, _ = town(6, "2021", 2, kind="small")
    after, _ = town(6, "2024", 3)
    book = qa.Ledger()
    loose = qa.Protection(min_count=2)
    released(before, columns=["g"], ledger=book, protection=loose, **words())
    with pytest.raises(ReleaseError, match="shown before"):
        released(
            after,
            change=qa.change(before, after, indicators=["g"]),
            ledger=book,
            protection=qa.Protection(min_count=4),
            **words(),
        )


def words():
    return {"title": "T", "source": "S", "comment": "C"}


# --- twins and funded areas ------------------------------------------------------------------------------------------


def test_twins_are_looked_for_among_areas_that_show_what_they_are_compared_by():
    data, _ = town(30, "2024", 5, kind="small")
    found = qa.twins(data, ["01", "02", "03"], indicators=["g", "o"], number=3, runs=60, seed=1)
    release = released(data, twins=found)
    hidden = set(release.values.index[release.values["g"].isna() | release.values["o"].isna()])
    assert HIDDEN in hidden
    assert HIDDEN not in set(release.twins.table["area"]) | set(release.twins.table["twin"])
    assert not hidden & set(release.twins.table["twin"])
    assert not len(release.twins.near)
    assert not release.twins.call
    open_data, _ = town(30, "2024", 5)
    open_twins = qa.twins(open_data, ["02", "03"], indicators=["sgb2_rate"], number=3, runs=60, seed=1)
    pd.testing.assert_frame_equal(released(open_data, twins=open_twins).twins.table, open_twins.table)


def years(hidden="", period=str):
    rng = np.random.default_rng(8)
    m = 100
    keys = [f"{number:03}" for number in range(m)]
    shapes = [shapely.box(2000 * n, 0, 2000 * n + 1000, 1000) for n in range(m)]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    level = rng.beta(8, 32, m)
    panel = {}
    for year in range(2016, 2023):
        frame = pd.DataFrame({"poor": rng.binomial(600, level), "residents": [600] * m}, index=keys).astype(float)
        if year == 2018 and hidden:
            frame.loc[hidden, "poor"] = 1.0
        data = qa.join(areas, frame, population="residents", period=period(year))
        panel[year] = qa.add_rates(data, {"sgb2_rate": ("poor", "residents")})
    return panel, [keys[n] for n in np.argsort(-level)[:14]]


def compared(panel, funded):
    return qa.compare_funded(panel, funded, outcome="sgb2_rate", selected=2020, selected_on="level", bordering=[])


def test_funded_areas_are_compared_without_those_that_are_withheld_in_a_year():
    panel, funded = years()
    found = compared(panel, funded)
    release = released(panel[2022], funded=found)
    pd.testing.assert_frame_equal(release.funded.table, found.table)
    assert not release.funded.call
    panel, funded = years(hidden="050")
    release = released(panel[2022], funded=compared(panel, funded))
    assert "050" in release.funded.dropped["unknown"]
    assert "050" not in release.funded.others
    assert len(release.funded.dropped["unknown"]) >= 2
    assert release.audit().earlier["2018"].ok


def test_a_comparison_that_too_few_areas_remain_for_is_a_note():
    """86 others of which 30 hide a year leave fewer than 60. The rest of the release leaves."""
    panel, funded = years()
    rest = [key for key in panel[2018].values.index if key not in funded]
    panel, _ = years(hidden=rest[:30])
    release = released(panel[2022], funded=compared(panel, funded))
    assert release.funded is None
    said = [fact for fact in release.facts if fact.name == "fact_funded_too_few"]
    ((n, others),) = [(fact.values["n"], fact.values["others"]) for fact in said]
    assert n == 14
    assert 50 <= others <= 56  # partners of the small counts are withheld too
    assert not release.is_draft
    report = report_document(release, "de").blocks
    assert any(f"zu wenige vergleichbar (14 geförderte, {others} andere" in str(block) for block in report)
    with pytest.raises(ReleaseError, match="no funded"):
        table_of(release, "funded", "de")


def test_funded_areas_and_lists_stand_in_the_tables():
    panel, funded = years()
    rule = qa.above_city("sgb2_rate")
    after = qa.screen(panel[2022], rule)
    lists = qa.compare_lists(qa.screen(panel[2016], rule), after)
    found = compared(panel, funded)
    release = released(panel[2022], funded=found, lists=lists, shortlist=after)
    table = table_of(release, "funded", "en").set_index("funded")
    assert table["value"].iloc[0] == pytest.approx(found.table["estimate"]["regression"], abs=0.006)
    means = table.loc["funded (n = 14)"].set_index("year")["value"]
    shares = {str(year): data.values.loc[funded, "sgb2_rate"].mean() for year, data in panel.items()}
    assert means.to_dict() == pytest.approx(shares, abs=0.006)
    moved = table_of(release, "lists", "en").set_index("key")["move"]
    was = panel[2016].values["sgb2_rate"] > 100 * panel[2016].values["poor"].sum() / 60000
    now = panel[2022].values["sgb2_rate"] > 100 * panel[2022].values["poor"].sum() / 60000
    assert list(moved.index[moved.eq("entered")]) == list(was.index[~was & now])
    assert list(moved.index[moved.eq("left")]) == list(was.index[was & ~now])


# --- refusals --------------------------------------------------------------------------------------------------------


def test_what_does_not_belong_to_the_release_is_refused():
    before, _ = town(6, "2021", 2)
    after, _ = town(6, "2024", 3)
    other, _ = town(6, "2024", 4)
    rule = qa.above_city("sgb2_rate")
    lists = qa.compare_lists(qa.screen(before, rule), qa.screen(after, rule))
    with pytest.raises(SpecError, match="'2024' comes twice"):
        released(other, change=qa.change(before, after, indicators="g"))
    with pytest.raises(SpecError, match="is not the one that leaves"):
        released(after, lists=lists)
    with pytest.raises(SpecError, match="is not the one that leaves"):
        released(after, lists=lists, shortlist=qa.screen(after, qa.above_city("g")))
    with pytest.raises(ArgumentError, match="change"):
        released(after, change="g")
    gap = qa.group_gap(after, RATES["g"], RATES["sgb2_rate"], reference="others", earlier=town(6, "2021", 9)[0])
    with pytest.raises(SpecError, match="'2021' comes twice"):
        released(after, gaps=gap, change=qa.change(before, after, indicators="g"))
    panel, funded = years()
    frame = pd.DataFrame({year: data.values["sgb2_rate"] for year, data in panel.items()})
    with pytest.raises(SpecError, match="made of a frame"):
        released(panel[2022], funded=compared(frame, funded))
