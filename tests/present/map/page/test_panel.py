"""The panel of an area as a person reads it: what it says is what the profile says, in words as well as in bars."""

from __future__ import annotations

import re
from itertools import pairwise

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.present.statements import stability_text

pytestmark = pytest.mark.browser

TEXTS = {"title": "T", "source": "Q", "as_of": "31.12.2024", "comment": "K"}
SECTIONS = """
const found = {};
let title = null;
for (const node of document.querySelector("#qa-area").children) {
  if (node.tagName === "H3") found[(title = node.textContent)] = [];
  else if (title && !node.matches("details:last-child")) found[title].push(node.textContent);
}
return found;"""
ACTIONS = """
const found = [];
let field = null;
const nodes = [...document.querySelector("#qa-area").children];
const start = nodes.findIndex((node) => node.textContent === arguments[0]);
for (const node of start < 0 ? [] : nodes.slice(start + 1)) {
  if (node.tagName === "H3") break;
  if (node.tagName === "H4") field = node.textContent;
  if (node.tagName !== "DETAILS" || !field || !node.nextElementSibling?.matches(".qa-muted")) continue;
  found.push([
    field,
    node.querySelector("summary").textContent,
    [...node.querySelectorAll("li")].map((line) => line.textContent),
    node.nextElementSibling.textContent,
  ]);
}
return found;"""
LEVELS = "return [...document.querySelectorAll('#qa-area h2, #qa-area h3, #qa-area h4')].map((h) => +h.tagName[1])"
LEFT_AND_WIDTH = (
    "return arguments[0].map((s) => { const p = document.querySelector(s); return [p.style.left, p.style.width]; })"
)


def sections(page, key):
    return page.search(key).run(SECTIONS)


@pytest.fixture(scope="module")
def city(make_city):
    """Return 24 areas: benefits and unemployment rise evenly, memberships, a potential, fall."""
    table = pd.DataFrame(
        {
            "residents": 1000.0,
            "poor": [50.0 + 10 * i for i in range(24)],
            "jobless": [20.0 + 5 * i for i in range(24)],
            "members": [300.0 - 10 * i for i in range(24)],
        },
        index=[f"A{i}" for i in range(24)],
    )
    rates = {
        "sgb2_rate": ("poor", "residents"),
        "unemployment_share_total": ("jobless", "residents"),
        "sports_club_membership_u18": ("members", "residents"),
    }
    return qa.add_rates(make_city(table), rates)


@pytest.fixture(scope="module")
def parts(city):
    classes = [
        {"id": "low", "upper": 0.0, "label_de": "gering", "label_en": "low"},
        {"id": "high", "label_de": "hoch", "label_en": "high"},
    ]
    indicators = [{"id": "sgb2_rate"}, {"id": "unemployment_share_total"}]
    axis = {"id": "status", "label_de": "Lage", "label_en": "Status", "indicators": indicators, "classes": classes}
    axis["standardise"] = {"method": "z"}
    need = qa.need_index(city, qa.NeedSpec.from_dict({"id": "t", "source": "t", "axes": [axis]}))
    shortlist = qa.screen(city, qa.worst_share("sgb2_rate", 0.3), need=need)
    columns = ["sgb2_rate", "sports_club_membership_u18"]
    return {"data": city, "columns": columns, "need": need, "shortlist": shortlist}


@pytest.fixture(scope="module")
def stable(parts):
    return parts["shortlist"].stability(n=80, seed=1)


def test_fields_of_action_are_those_of_the_profile(atlas, sample):
    release = sample.release
    named = 0
    for key in release.areas.index[::5]:
        atlas.search(key)
        rows = qa.profile(release, key, format="dict")["actions"]
        expected = [[r["field"], r["bundle"], r["examples"], f"Anlass: {', '.join(r['because'])}"] for r in rows]
        found = atlas.run(ACTIONS, "Handlungsfelder zum Weiterdenken")
        assert sorted(found) == sorted(expected), key
        panel = atlas.text("#qa-area")
        assert ("Es sind Anregungen, keine Vorgaben." in panel) == bool(rows)
        if rows:
            sources = "; ".join(sorted({row["source"] for row in rows}))
            assert f"Quelle: {sources}" in panel
        named += bool(rows)
    assert 3 <= named < 18


def test_a_note_stands_in_the_panel_of_its_area(atlas):
    atlas.search("0404")
    assert "Der Nachbarschaftsverein bietet seit 2023 Sprachtreffs" in atlas.text("#qa-area")
    assert "Anmerkungen" in atlas.texts("#qa-area h3")
    atlas.search("0405")
    assert "Anmerkungen" not in atlas.texts("#qa-area h3")


def test_an_area_where_nobody_lives_is_not_said_to_lack_values_or_be_protected(atlas):
    atlas.search("0212")
    assert "Werte fehlen, sind geschützt oder nicht anwendbar." in atlas.text("#qa-area")


def test_drivers_are_those_of_the_profile_highest_first(atlas, sample):
    release = sample.release
    key = release.selected.index[release.selected][2]
    atlas.search(key)
    axes = [axis["drivers"] for axis in qa.profile(release, key, format="dict")["need"]]
    drivers = [driver for axis in axes for driver in axis]
    lines = atlas.texts(".qa-drivers li")
    for driver, line in zip(drivers, lines, strict=True):
        part = f"{driver['contribution']:+.1f}".replace(".", ",").replace("-", "\u2212")
        assert line == f"{driver['label']} ({driver['text']}): {'0,0' if driver['contribution'] == 0 else part}"
    for axis in axes:
        assert [d["contribution"] for d in axis] == sorted((d["contribution"] for d in axis), reverse=True)


def test_bars_of_drivers_go_to_both_sides_in_proportion(show, parts):
    page = show(qa.release(**{**parts, "columns": ["sgb2_rate", "unemployment_share_total"]}, **TEXTS))
    page.search("A23")
    # both rise evenly: the highest area has the largest distance from the mean, to the right, the lowest to the left
    assert page.run(LEFT_AND_WIDTH, [".qa-driver-up"]) == [["50%", "50%"]]
    page.search("A0")
    assert page.run(LEFT_AND_WIDTH, [".qa-driver-down"]) == [["0%", "50%"]]
    assert not page.texts(".qa-driver-up")
    assert "Weitere Indikatoren des Indexwerts" not in page.text("#qa-area")


def test_that_not_all_drivers_are_released_is_said(show, parts):
    need = sections(show(qa.release(**parts, **TEXTS)), "A20")["Bedarfsindex"]
    assert need[0] == "Lage: hoch"
    assert "Weitere Indikatoren des Indexwerts werden nicht ausgewiesen." in need
    assert not any("Rang" in line for line in need)


def test_rank_and_its_interval_stand_in_words_and_as_a_band_inside_the_house_only(show, parts, stable):
    release = qa.release(**parts, **TEXTS, stability=stable, audience="internal")
    page = show(release)
    for key in ("A23", "A12", "A0"):
        need = sections(page, key)["Bedarfsindex"]
        rank, low, high = (
            int(release.ranks["need_status_rank"][key]),
            *(int(release.stability.table[f"rank_{side}"][key]) for side in ("lower", "upper")),
        )
        assert need[1] == (
            f"Lage: Rang {rank} von 24 ausgewiesenen Gebieten (1 = höchster Indexwert). "
            f"In 90 % der Durchläufe liegt der Rang zwischen {low} und {high}."
        )
        (left, width), (mark, _) = page.run(LEFT_AND_WIDTH, [".qa-rank-interval", ".qa-rank-mark"])
        assert float(left[:-1]) == pytest.approx(100 * (low - 1) / 23, abs=0.01)
        assert float(width[:-1]) == pytest.approx(100 * (high - low) / 23, abs=0.01)
        assert float(mark[:-1]) == pytest.approx(100 * (rank - 1) / 23, abs=0.01)
    show(qa.release(**parts, **TEXTS, stability=stable)).search("A23")
    assert "Rang" not in page.text("#qa-area")
    assert page.run("return document.querySelectorAll('.qa-rank').length") == 0


def test_stability_is_told_below_the_reasons_as_in_the_report(show, parts, stable):
    release = qa.release(**parts, **TEXTS, stability=stable)
    page = show(release)
    for key in release.areas.index:
        lines = sections(page, key)["Auswahl"]
        place = lines.index("Wie stabil ist die Auswahl?")
        assert lines[place + 1] == stability_text(release, key, "de")
        assert place == (2 if release.selected[key] else 3)  # why it is not: what speaks against it, and the list


def test_selected_not_selected_and_not_assessed_are_three_things(atlas, sample):
    release = sample.release
    areas = release.areas.index
    cases = {
        areas[release.selected][0]: "Das Gebiet ist ausgewählt, weil es diese Bedingungen erfüllt:",
        areas[release.assessed & ~release.selected][0]: "erfüllt die Auswahlregel nicht. Das heißt nicht",
        areas[~release.assessed][0]: "lässt sich nicht sagen",
    }
    for key, words in cases.items():
        assert words in sections(atlas, key)["Auswahl"][0]


def test_potentials_stand_under_their_own_heading(show, parts, city):
    centre = city.areas.geometry["A3"].centroid
    facilities = gpd.GeoDataFrame(
        {"name": ["Sonnenschein", "Am Park", "Nord"], "kind": ["Kita", "Kita", ""]},
        geometry=[shapely.Point(centre.x + step, centre.y) for step in (0, 20, 40)],
        crs=city.areas.crs,
    )
    page = show(qa.release(**parts, **TEXTS, facilities=facilities))
    found = sections(page, "A3")
    potentials = found["Potenziale"]
    assert re.match(r"Vereinsmitgliedschaft Minderjähriger: 27,0\u202f% \(Stadt: 18,5\u202f%\)", potentials[0])
    assert potentials[1:] == ["Einrichtungen im Gebiet:", "Kita – Am ParkKita – SonnenscheinNord"]
    assert not any("Verein" in line for line in found["Indikatoren"])
    assert "Einrichtungen im Gebiet:" not in sections(page, "A4")["Potenziale"]


def test_that_nothing_is_known_of_potentials_is_said(show, town_release):
    found = sections(show(town_release), "05")["Potenziale"]
    assert len(found) == 1
    assert found[0].startswith("Zu Potenzialen liegen keine Angaben vor.")


def test_the_interval_stands_in_words(atlas, exported, counts, pairs):
    from scipy.stats import binomtest

    key = exported.index[exported["selected"]][0]
    x, n = (int(counts[side][key]) for side in pairs["sgb2_rate"])
    interval = binomtest(x, n).proportion_ci(method="wilson")
    low, high = (f"{100 * side:.1f}".replace(".", ",") for side in (interval.low, interval.high))
    lines = sections(atlas, key)["Indikatoren"]
    line = next(line for line in lines if line.startswith("SGB-II-Quote: "))
    assert line.endswith(f"; 95-%-Intervall {low} bis {high}\u202f%")


def test_reasons_say_by_how_much(atlas, sample):
    release = sample.release
    row = release.reasons[release.reasons["kind"].eq("above")].iloc[0]
    value, city = (f"{x:.1f}".replace(".", ",") for x in (row["value"], row["limit"]))
    above = f"{round(row['value'], 1) - round(row['limit'], 1):.1f}".replace(".", ",")
    reasons = sections(atlas, row["key"])["Auswahl"][1]
    wanted = f"{value}\u202f%, über dem Wert der Gesamtstadt ({city}\u202f%), Abstand {above}\u202fProzentpunkte"
    assert wanted in reasons


def test_definitions_open_at_the_end(atlas, sample):
    key = sample.release.areas.index[0]
    atlas.search(key)
    last = atlas.driver.find_element("css selector", "#qa-area > details:last-child")
    assert last.text == "Definitionen"
    last.find_element("css selector", "summary").click()
    notes = [line.text for line in last.find_elements("css selector", "li")]
    assert notes == qa.profile(sample.release, key, format="dict")["footnotes"]


def test_buttons_lead_to_the_sections(atlas, sample):
    atlas.search(sample.release.areas.index[0])
    buttons = atlas.driver.find_elements("css selector", ".qa-jumps button")
    titles = atlas.run("return [...document.querySelectorAll('#qa-area h3')].map((h) => h.textContent)")
    assert [button.text for button in buttons] == [*titles, "Prüfgebiete verändern"]  # that one stands below the panel
    wanted = titles.index("Potenziale")
    buttons[wanted].click()
    assert atlas.driver.switch_to.active_element.text == "Potenziale"
    panel, heading = atlas.box(".qa-panel"), atlas.box("#qa-area h3:focus")
    assert panel[1] <= heading[1] < heading[3] <= panel[3]


def test_headings_go_down_by_one_level_at_a_time(atlas, sample):
    atlas.search(sample.release.selected.index[sample.release.selected][0])
    levels = atlas.run(LEVELS)
    assert levels[0] == 2
    assert set(levels[1:]) == {3, 4}
    assert all(below - above <= 1 for above, below in pairwise(levels))
    hidden = "return [...document.querySelectorAll('#qa-area .qa-bar')].every((bar) => bar.ariaHidden === 'true')"
    assert atlas.run(hidden)


@pytest.mark.parametrize("size", [(1280, 800), (390, 844), (320, 640)])
def test_nothing_in_the_panel_is_wider_than_the_panel(page, sample, size):
    page.open(sample.folder / "atlas.html", size)
    page.search(sample.release.selected.index[sample.release.selected][0])
    wide = """
    for (const box of document.querySelectorAll("#qa-area details")) box.open = true;
    const right = document.querySelector("#qa-area").getBoundingClientRect().right + 1;
    const nodes = [...document.querySelectorAll("#qa-area *")];
    return nodes.filter((node) => node.getBoundingClientRect().right > right).map((node) => node.outerHTML);"""
    assert page.run(wide) == []


@pytest.mark.parametrize(
    "text",
    ["<script>window.hacked=1</script>", '"><img src=x onerror="window.hacked=1">', "${7*7}", "{{7*7}}", "</script>"],
)
def test_hostile_notes_definitions_and_facilities_are_text(page, make_hostile, tmp_path, text):
    release = make_hostile(text)
    keys = release.areas.index
    notes = {keys[3]: [text, "zwei"], keys[1]: text}
    path = qa.atlas_map(release, notes=notes).save(tmp_path / "atlas.html")
    page.open(path)
    found = sections(page, keys[3])
    assert found["Anmerkungen"][0] == f"{text}zwei"
    assert any(text in line for line in found["Bedarfsindex"])
    assert page.run("return document.querySelector('#qa-area > details:last-child').textContent").count(text) >= 2
    assert f"{text} – {text}" in sections(page, keys[1])["Potenziale"][-1]
    assert page.run("return [window.hacked ?? null, document.images.length]") == [None, 0]
    assert page.errors() == []


def test_english_pages_have_english_words(page, english, sample):
    page.open(english)
    found = sections(page, sample.release.selected.index[sample.release.selected][0])
    assert {"Selection", "Need index", "Indicators", "Potentials"} <= set(found)
    assert not re.search(r"Gebiet|Anlass|Intervall", page.text("#qa-area"))
