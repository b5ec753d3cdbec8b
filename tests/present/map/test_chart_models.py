"""The page and the Python side build the same charts, key by key."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.present import pictures
from quartiersatlas.present.map.payload import map_json

ASSETS = files("quartiersatlas.present.map") / "assets"


@pytest.fixture(scope="session")
def in_page():
    """Return a function: a release, earlier ones and charts to build -> their records as the page builds them."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is needed to build the page's charts by themselves; it is not on the PATH.")

    def build(release, earlier, charts, lang="de"):
        content = json.loads(map_json(release, lang, None, earlier))
        done = subprocess.run(
            [program, str(Path(__file__).with_name("node") / "model.mjs")],
            input=json.dumps({"atlas": content, "charts": charts}),
            env={**os.environ, "ASSETS": Path(str(ASSETS)).as_uri()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return build


def difference(one, other, path=""):
    """Return where two records differ first; empty where they are the same, numbers up to rounding."""
    if isinstance(one, int | float) and isinstance(other, int | float) and not isinstance(one, bool):
        return "" if math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) else f"{path}: {one} and {other}"
    if isinstance(one, dict) and isinstance(other, dict):
        if set(one) != set(other):
            return f"{path}: {sorted(set(one) ^ set(other))}"
        return next(filter(None, (difference(one[key], other[key], f"{path}.{key}") for key in one)), "")
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{path}: {len(one)} and {len(other)} long"
        return next(filter(None, (difference(a, b, f"{path}[{n}]") for n, (a, b) in enumerate(zip(one, other)))), "")  # noqa: B905
    return "" if one == other else f"{path}: {one!r} and {other!r}"


def charts_of(release, earlier, area, lang):
    """Return what to ask of the page, and what the Python side makes of the same; None where it cannot be drawn."""
    number = None if area is None else release.areas.index.get_loc(area)
    asks, made = [], []

    def ask(request, call, *arguments, **options):
        asks.append(request)
        try:
            made.append(json.loads(json.dumps(call(*arguments, **options).to_json(), allow_nan=False)))
        except qa.errors.SpecError:
            made.append(None)

    numbers = [c.id for c in pictures.profile_columns(release)]
    for name in numbers:
        ask(["histogram", name, number], pictures.legend_histogram, release, name, lang, area)
        ask(["time_line", name, number], pictures.time_line, release, earlier, name, lang, area)
        ask(["scatter", name, None, number], pictures.scatter, release, name, None, lang, area)
    if len(numbers) > 1:
        ask(["scatter", *numbers[-2:], number], pictures.scatter, release, *numbers[-2:], lang, area)
    by_class = next((c.id for c in release.columns if c.kind == "class"), None)
    if by_class and len(numbers) > 1:
        ask(
            ["scatter", numbers[0], None, number, by_class],
            pictures.scatter, release, numbers[0], None, lang, area, colors=by_class,
        )  # fmt: skip
    if area is not None:
        ask(["spine", number], pictures.spine_profile, release, area, lang)
        ask(["contributions", [number]], pictures.contributions, release, lang, [area])
    ask(["certainty", number], pictures.certainty, release, lang, area)
    ask(["contributions", None], pictures.contributions, release, lang)
    for year, part in enumerate(earlier, start=1):
        ask(["transition", year], pictures.class_moves, release, part, lang)
    return asks, made


def compare(in_page, release, earlier, area, lang):
    asks, made = charts_of(release, earlier, area, lang)
    found = in_page(release, earlier, asks, lang)
    different = [(ask, difference(a, b)) for ask, a, b in zip(asks, made, found, strict=True) if difference(a, b)]
    assert different == []
    return [ask[0] for ask, chart in zip(asks, made, strict=True) if chart is not None]


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("area", [None, "0404", "0213"])
def test_the_sample_city(in_page, sample, earlier_sample, area, lang):
    drawn = compare(in_page, sample.release, earlier_sample, area, lang)
    assert {"histogram", "time_line", "scatter", "certainty", "contributions"} <= set(drawn)


@pytest.fixture(scope="session")
def earlier_sample(sample):
    """Return the sample city at two earlier dates: other values, cells that are hidden then, and its classes."""

    def at(as_of, factor, hidden):
        release, values = sample.release, sample.release.values
        for column in release.columns:
            if column.kind == "rate":
                values[column.numerator] = (values[column.numerator] * factor).round()
                rate = values[column.numerator] / values[column.denominator] * column.indicator.per
                values[column.id] = (rate * 10**column.decimals).round() / 10**column.decimals
                values.loc[hidden, [column.id, column.numerator, column.denominator]] = np.nan
        classes = values["need_status_class"].copy()
        values["need_status_class"] = pd.Series(np.roll(classes, 3), index=classes.index)
        gaps = release.reasons_not_shown
        gaps.loc[hidden] = "protected"
        return replace(release, values=values, reasons_not_shown=gaps, as_of=as_of)

    return [at("31.12.2022", 0.97, ["0404", "0101"]), at("30.06.2020", 1.02, ["0702"])]


@pytest.mark.parametrize("area", [None, "few", "secret", "small", "nobody", "shown3"])
def test_a_town_with_every_kind_of_gap(in_page, kinds, area):
    earlier = [replace(kinds, as_of="31.12.2022")]
    assert "histogram" in compare(in_page, kinds, earlier, area, "de")


def test_a_city_with_a_name(in_page, sample):
    named = replace(sample.release, city="Leeds")
    assert {"histogram", "scatter"} <= set(compare(in_page, named, [], "0404", "en"))


@pytest.mark.parametrize("lang", ["de", "en"])
def test_a_row_of_the_profile_names_a_long_unit_once(in_page, make_city, lang):
    keys = pd.Index([f"{n:02d}" for n in range(1, 13)], name="key")
    values = {"residents": 1000.0, "wait": np.arange(12.0) ** 2, "age": np.arange(30.0, 42.0)}
    catalogue = qa.Catalogue.builtin().add(
        qa.Indicator(id="wait", kind="mean", unit="Arbeitstage", label_de="Wartezeit", label_en="Wait"),
        qa.Indicator(id="age", kind="mean", unit="years", label_de="Alter", label_en="Age"),
    )
    release = qa.release(make_city(pd.DataFrame(values, index=keys), catalogue=catalogue), columns=["wait", "age"])
    chart = pictures.spine_profile(release, "03", lang)
    for name, value in zip(chart.y.bands, chart.right, strict=True):
        is_short = not name.startswith("Wa")
        assert name.count("Arbeitstage") == (not is_short)
        assert value.count("years") == 2 * is_short
        assert "Arbeitstage" not in value
    assert "histogram" in compare(in_page, release, [], "03", lang)


def test_dates_that_are_words_have_no_time_line(in_page, kinds):
    now = replace(kinds, as_of="Ende 2024")
    assert "time_line" not in compare(in_page, now, [replace(kinds, as_of="2022")], "shown3", "de")


def rows_of(make_city, values, *, second=None, **options):
    """Return the release of a row of areas with one rate, or two."""
    keys = pd.Index([f"{i:05}" for i in range(len(values))], name="key")
    table = pd.DataFrame({"residents": 2000.0, "x": np.round(values), "n": 1000.0}, index=keys)
    pairs = {"sgb2_rate": ("x", "n")}
    if second is not None:
        table["z"], pairs["mh_share"] = np.round(second), ("z", "residents")
    data = qa.add_rates(make_city(table), pairs)
    return qa.release(data, title="T", source="Q", as_of="31.12.2024", comment="K", **options)


@pytest.mark.parametrize("n", [2, 6, 7, 8, 9])
def test_few_areas(in_page, make_city, n):
    release = rows_of(make_city, 100.0 + 37 * np.arange(n) % 400)
    compare(in_page, release, [replace(release, as_of="31.12.2022")], "00001", "de")


def test_equal_values(in_page, make_city):
    compare(in_page, rows_of(make_city, np.full(12, 200.0)), [], "00003", "en")


def test_more_lines_than_can_be_drawn_are_bands(in_page, make_city):
    values = np.random.default_rng(1).integers(50, 400, 160).astype(float)
    release = rows_of(make_city, values)
    hidden = {"sgb2_rate": np.nan, "sgb2_rate_numerator": np.nan}
    nothing = {
        "values": release.values.assign(**hidden),
        "reasons_not_shown": release.reasons_not_shown.assign(**dict.fromkeys(hidden, "protected")),
    }
    earlier = [
        replace(release, as_of="31.12.2022", **nothing),
        replace(release, as_of="31.12.2021"),
        replace(release, as_of="31.12.2020"),
    ]
    compare(in_page, release, earlier, "00007", "de")
    chart = pictures.time_line(release, earlier, "sgb2_rate")
    assert len([m for m in chart.marks if m.kind == "line" and m.fill]) == 4  # two bands, before the gap and after it


def test_thousands_of_areas_are_cells(in_page, make_city):
    draws = np.random.default_rng(2)
    values, second = draws.integers(50, 400, 2100).astype(float), draws.integers(100, 900, 2100).astype(float)
    release = rows_of(make_city, values, second=second)
    asks, made = charts_of(release, [], "00007", "de")
    wanted = [n for n, ask in enumerate(asks) if ask[0] == "scatter"]
    found = in_page(release, [], [asks[n] for n in wanted], "de")
    assert [difference(made[n], chart) for n, chart in zip(wanted, found, strict=True)] == [""] * len(wanted)
    assert sum("opacity" in mark for mark in found[0]["marks"]) > 400


def test_many_indicators_of_an_index_are_merged(in_page, sample):
    release = sample.release
    drivers = release.drivers
    own = drivers[("status", "sgb2_rate")]
    more = {("status", f"more{n}"): (own * factor).round(1) for n, factor in enumerate((0.3, -0.7, 0.5, 1.4))}
    columns = [*release.columns, *(replace(release.column("sgb2_rate"), id=name) for _, name in more)]
    values = release.values.assign(**{name: release.values["sgb2_rate"] for _, name in more})
    wide = replace(release, drivers=pd.concat([drivers, pd.DataFrame(more)], axis=1), columns=tuple(columns))
    others = {name: "" for _, name in more}
    wide = replace(wide, values=values, reasons_not_shown=release.reasons_not_shown.assign(**others))
    chart = pictures.contributions(wide, areas=["0404"])
    assert len(chart.key) == 6
    row = wide.areas.index.get_loc("0404")
    found = in_page(wide, [], [["contributions", [row]]])
    assert difference(json.loads(json.dumps(chart.to_json())), found[0]) == ""


@pytest.mark.parametrize(
    ("low", "high", "most", "wanted"),
    [(0, 36.6, 5, [0, 10, 20, 30]), (2.1, 2.4, 3, [2.1, 2.2, 2.3, 2.4]), (-0.3, 0.9, 4, [0, 0.5])],
)
def test_ticks_are_round(low, high, most, wanted):
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is needed to run the page's modules by themselves; it is not on the PATH.")
    script = (
        f'import {{ roundTicks }} from "{(Path(str(ASSETS)) / "chart_model.js").as_uri()}";'
        f"console.log(JSON.stringify(roundTicks({low}, {high}, {most})));"
    )
    done = subprocess.run([program, "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == wanted


def test_halves_are_rounded_to_the_even_digit_as_on_the_python_side():
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is needed to run the page's modules by themselves; it is not on the PATH.")
    cases = [(0.5, 0), (1.5, 0), (2.5, 0), (0.25, 1), (0.75, 1), (12.125, 2), (-2.5, 0), (2.675, 2), (1e6 + 0.5, 0)]
    script = (
        f'import {{ formatNumber }} from "{(Path(str(ASSETS)) / "format.js").as_uri()}";'
        f'console.log(JSON.stringify({json.dumps(cases)}.map(([v, d]) => formatNumber(v, d, "en"))));'
    )
    done = subprocess.run([program, "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [
        f"{value:,.{decimals}f}".replace("-0", "0").replace("-", "\u2212") for value, decimals in cases
    ]
