"""The value of the city has decimals of its own: fewer than the areas where it would tell a withheld count."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from attack import attack, leaks
from attack_files import decimals_of, read_files
from test_everything_shown import KINDS, written
from towns import any_town

import quartiersatlas as qa
from quartiersatlas.disclosure.suppression import SuppressionPattern
from quartiersatlas.present.files.tables import columns_table
from quartiersatlas.present.pictures import legend_histogram, scatter, spine_profile

RATE = {"poverty": ("mh", "residents")}
COUNTS = [np.nan, 60.0, 50, 40, 55, 45, 70, 66, 32, 38]  # 456 of 9,000: with one decimal 455 to 459 would be left


@pytest.fixture
def coarse(joined):
    """Return a release whose city value has no decimals: a cell is secret, and 5.07 would tell it."""
    data = joined({"mh": COUNTS, "residents": [1000.0] * 10})
    data.status.loc["a0", "mh"] = "suppressed"
    parts = {f"{part}_{lang}": part for part in ("numerator", "denominator") for lang in ("de", "en")}
    meaning = qa.Indicator(id="poverty", label_de="Armut", label_en="Poverty", unit="percent", kind="share", **parts)
    words = {"title": "T", "source": "S", "as_of": "2024-12-31", "comment": "K", "city": "Musterstadt"}
    return qa.release(qa.add_rates(data, RATE).with_indicators(meaning), **words)


def test_areas_of_the_sample_city_keep_a_decimal_where_its_value_has_none(outcome):
    release, data = outcome[0].release, outcome[0].data
    column = release.column("language_support_need")
    assert (column.decimals, column.of_city.decimals) == (1, 0)
    x, n = (data.values[name].astype(float) for name in ("Sprachförderbedarf", "Untersuchte_Kinder"))
    shown = release.values["language_support_need"].dropna()
    assert (shown - (100 * x / n)[shown.index]).abs().max() <= 0.05 + 1e-9
    assert shown.mod(1).ne(0).mean() > 0.5
    assert release.audit().ok
    assert any(fact.name == "fact_city_rounded" for fact in release.facts)


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_has_the_areas_finer_than_the_city(coarse, tmp_path, kind):
    for file in written(coarse, tmp_path).iterdir():  # beside an a.csv lies what its columns mean
        if not file.name.startswith("a.") or not file.name.endswith(kind):
            file.unlink()
    seen = read_files(tmp_path)
    assert decimals_of(seen.areas["poverty"].dropna()) == 1
    assert seen.city["poverty"] == (5.0, 0)


def test_it_is_written_so_wherever_it_stands(coarse, tmp_path):
    qa.report(coarse, tmp_path / "r.html")
    qa.profile(coarse, "b0").save(tmp_path / "p.html")
    qa.atlas_map(coarse).save(tmp_path / "a.html")
    row = columns_table(coarse, "de").set_index("column").loc["poverty"]
    assert (row["decimals"], row["city_value"], row["city_decimals"]) == (1, 5.0, 0)
    for name in ("r", "p"):
        words = re.sub(r"<[^>]+>", " ", (tmp_path / f"{name}.html").read_text(encoding="utf-8"))
        assert not re.search(r"Musterstadt:? 5,\d", words), name
        assert "weniger Nachkommastellen als die Werte der Gebiete" in words, name
    assert "Musterstadt: 5\u202f% (zum Schutz gerundet)" in (tmp_path / "r.html").read_text(encoding="utf-8")
    for chart in (
        legend_histogram(coarse, "poverty"),
        spine_profile(coarse, "b0"),
        scatter(coarse, "poverty", "poverty"),
    ):
        drawn = " ".join([chart.alt, *(getattr(mark, "text", "") for mark in chart.marks), *map(str, chart.rows)])
        assert "5\u202f%" in drawn, chart.id
        assert "5,0\u202f%" not in drawn, chart.id


@pytest.mark.parametrize("options", [{}, {"decimals": 3}, {"round_base": 5}, {"round_base": 10, "decimals": 2}])
@pytest.mark.parametrize("seed", [9, 31])
def test_the_rate_of_an_area_tells_no_more_than_its_two_counts_that_stand_beside_it(seed, options):
    """So it may keep its decimals, whatever the value of the city has."""
    one, protection = any_town(seed, n_areas=5 + seed % 8)
    release = one.release(protection=qa.Protection(**{**protection, **options}))
    rates = [column for column in release.columns if column.kind == "rate"]
    assert rates
    for column in rates:
        x, n = (release.values[name].astype(float) for name in (column.numerator, column.denominator))
        computed = (x / n * column.indicator.per).round(column.decimals)
        pd.testing.assert_series_equal(release.values[column.id], computed, check_names=False)


def test_a_finer_city_value_would_tell_a_secret_cell(tmp_path, monkeypatch):
    one, protection = any_town(9, n_areas=6)
    rules = qa.Protection(**protection)
    release = one.release(protection=rules)
    assert {column.of_city.decimals < column.decimals for column in release.columns if column.kind == "rate"} >= {True}
    assert leaks(attack(written(release, tmp_path / "safe"), one.known)) == set()
    monkeypatch.setattr(SuppressionPattern, "spread_of", lambda _pattern, _column: 0.0)
    assert leaks(attack(written(one.release(protection=rules), tmp_path / "open"), one.known))


@pytest.mark.filterwarnings("ignore:Only the definition")
def test_a_change_tells_no_finer_city_value_than_the_release(joined):
    """Of 57,000 persons one decimal leaves a secret cell open; the counts of the city and tests of them would not."""
    random, dates = np.random.default_rng(5), []
    for period in ("2021", "2024"):
        counts = [np.nan, *random.integers(200, 400, 19).astype(float)]
        data = joined({"mh": counts, "residents": [3000.0] * 20}, period=period)
        data.status.loc["a0", "mh"] = "suppressed"
        dates.append(qa.add_rates(data, RATE))
    change = qa.change(*dates, indicators=["poverty"])
    assert change.city["x_later"].notna().all()  # in the house
    release = qa.release(dates[1], change=change, title="T", source="S", as_of="2024-12-31", comment="K")
    assert release.column("poverty").of_city.decimals == 1
    assert release.change.city["value_later"].tolist() == [release.column("poverty").city]
    assert release.change.city[["x_earlier", "n_earlier", "x_later", "n_later"]].isna().all().all()
    assert release.change.table[["relative", "z", "p"]].isna().all().all()


@pytest.mark.filterwarnings("ignore:.* in the release than in the house")
def test_two_areas_beside_the_city_value_confine_no_secret_cell(joined):
    """475 of 9,380 lie below 70 of 1,380, and 476 above: who is selected would tell of one person more or less.

    Who knows the total with the secret cell would have that cell from it. The withheld cell that keeps it company may
    therefore have some persons more or fewer, and the same areas are selected.
    """
    poor = [np.nan, 60.0, 50, 40, 55, 45, 70, 50, 35, 70]
    assert 475 * 1380 < 70 * 9380 < 476 * 1380
    seen, partner = [], ""
    for more in (0, 1, 2, -1, -2):
        data = joined({"mh": poor, "residents": [1000.0] * 9 + [1380.0]})
        data.status.loc["a0", "mh"] = "suppressed"
        if partner:
            data.values.loc[partner, "mh"] += more
        data = qa.add_rates(data, RATE)
        release = qa.release(data, shortlist=qa.screen(data, qa.above_city("poverty")), columns=["poverty"])
        hidden = list(release.values.index[release.values["poverty"].isna()])
        (partner,) = set(hidden) - {"a0"}
        seen.append((hidden, release.selected.tolist()))
    assert partner != "j0"  # the area of 1,380
    assert all(one == seen[0] for one in seen)
