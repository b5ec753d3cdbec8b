"""Text from data is only ever text: it neither runs, nor breaks the page, nor is computed."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import shapely
from selenium.webdriver.support.select import Select

import quartiersatlas as qa
from quartiersatlas import report
from quartiersatlas.catalogue import action_bundles
from quartiersatlas.disclosure.release import ReleasedStability

pytestmark = pytest.mark.browser

# every text is compared as a whole: in a text of several, each has to be shown as it is
SNIPPETS = {
    "script": "<script>window.hacked=1</script>",
    "image, attribute": "\"><img src=x onerror=\"window.hacked=1\">' onmouseover='window.hacked=1' x='",
    "ends": "</script></title></textarea></style><script>window.hacked=1</script>",
    "comment": "<!--<script>",
    "jinja": "{{7*7}} {# gone #} ${7*7}` {lower} {value} {0} %s",
    "jinja block": "{% for a in [1] %}",
    "raw": "{% raw %}",
    "end of raw": "{% endraw %}{{7*7}}",
    "escaped": "&lt;b&gt;&#123;&amp; \\u003cscript\\u003e a\u2028b\u2029c \\",
}
FURTHER = """
const tips = [];
Object.entries(window).find(([name]) => name.startsWith("atlas_layer_"))[1].eachLayer(function look(layer) {
  if (layer.eachLayer) return layer.eachLayer(look);
  if (!layer.getTooltip || !layer.getTooltip()) return;
  const content = layer.getTooltip()._content;
  const node = typeof content === "function" ? content(layer) : content;
  tips.push(node.textContent ?? String(node));
});
return tips;"""


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_hostile_text_is_shown_literally_everywhere_and_does_nothing(show, make_hostile, text):
    release = make_hostile(text)
    page = show(release)
    assert page.errors() == []
    content = lambda selector: page.run("return document.querySelector(arguments[0]).textContent", selector)  # noqa: E731
    assert content("h1") == content(".qa-head p") == content(".qa-comment") == content(".qa-band") == text
    assert content(".qa-source").count(text) == content(".qa-paper p").count(text) == 2
    assert content("#qa-definition").count(text) >= 1
    assert page.run("return document.title").strip() == text.strip()
    assert page.run("return document.querySelector('.qa-panel details').textContent").count(text) >= 4
    assert content(".qa-panel ul:not(.qa-brief)").count(text) == 1
    options = page.run("return [...document.querySelectorAll('.qa-select option')].map((o) => o.textContent)")
    assert options == [f"{text} (Klasse)", text, f"{text} "]
    assert [row["label"] for row in page.legend()][:2] == [text, text]
    page.run("const s = document.querySelector('.qa-select'); s.value = '1'; s.dispatchEvent(new Event('change'));")
    assert content(".qa-legend-title") == f"{text} (%)"
    tips = page.run(FURTHER)
    assert sum(tip == f"{text} ({text})" for tip in tips) == 2
    areas = [tip for tip in tips if tip.startswith(f"{text}{text}")]
    assert len(areas) == 32
    assert f"{text}{text}1 · {text}{text}: " in areas[1]
    assert page.run("return window.hacked") is None
    assert page.run("return document.images.length") == 0


@pytest.mark.parametrize("text", [SNIPPETS["image, attribute"], SNIPPETS["script"]], ids=["image", "script"])
def test_hostile_text_does_nothing_in_a_tooltip_either(show, make_hostile, text):
    release = make_hostile(text)
    page = show(release)
    centre = release.areas.geometry.to_crs("EPSG:4326").iloc[6].representative_point()
    assert page.hover(shapely.Point(centre.x + 0.001, centre.y)).startswith(text)
    assert page.run("return window.hacked") is None


@pytest.fixture
def two_dates(make_hostile, monkeypatch):
    """Return a function: one text -> a map of two dates that has it wherever somebody can write."""

    def build(text):
        bundles = [
            replace(bundle, field_de=text, label_de=text, examples_de=text, source=text, triggers=("rate",))
            for bundle in action_bundles()[:2]
        ]
        monkeypatch.setattr("quartiersatlas.present.map.payload.action_bundles", lambda: bundles)
        now = make_hostile(text)
        keys = now.areas.index
        table = pd.DataFrame({"label": "borderline", "p_selected": 0.5}, index=keys)
        now = replace(
            now,
            audience="internal",
            stability=ReleasedStability(table, {"de": (text,), "en": (text,)}),
            dates={"rate": text},
        )
        then = replace(now, as_of=f"{text} (2022)", source=f"{text} S", notices=(f"{text} N",), title=text)
        return qa.atlas_map(now, earlier=[then], notes={keys[-1]: [text, f"{text} 2"], keys[0]: text})

    return build


PANEL = "return [...document.querySelectorAll(arguments[0])].map((node) => node.textContent)"


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_hostile_text_of_dates_notes_facilities_and_fields_of_action_is_shown_literally(
    page, two_dates, tmp_path, text
):
    atlas = two_dates(text)
    page.open(atlas.save(tmp_path / "dates.html"))
    content = lambda selector: page.run(PANEL, selector)  # noqa: E731
    dates = content(".qa-year option")
    assert dates == [text, f"{text} (2022)"]
    assert sum(text in band for band in content(".qa-band")) >= 2
    method = content("#qa-method li")
    assert sum(f"{text} (2022): Quelle {text} S," in line for line in method) == 1
    # the panel of the last area: reasons, class, drivers, facilities, fields of action, notes, definitions
    choose_area(page, atlas.release, 31)
    assert content("#qa-area .qa-area-name") == [text]
    assert [text, f"{text} 2"] == [line for line in content("#qa-area > ul > li") if line in (text, f"{text} 2")]
    assert content("#qa-area .qa-drivers li")[0].startswith(f"{text} (80,0")
    assert any(line.startswith(f"{text}: ") for line in content("#qa-area .qa-profile-words"))
    assert content("#qa-area h4").count(text) >= 1  # the field of action
    assert [s for s in content("#qa-area summary") if s == text] == [text, text]  # its bundles
    assert any(line.endswith(f": {text}") for line in content("#qa-area > p"))  # their source
    assert any(f"{text} (2022): " in line for line in content("#qa-area .qa-dates"))
    assert any(line.endswith(f"Stand: {text}") for line in content("#qa-area details li"))
    choose_area(page, atlas.release, 1)
    assert f"{text} – {text}" in content("#qa-area li")
    # another date, two maps, the table, paper
    Select(page.driver.find_element("css selector", ".qa-year")).select_by_index(1)
    assert content(".qa-legend-title")[0].endswith(f", {text} (2022)")
    assert any(text in note for note in content(".qa-legend-note"))
    page.driver.find_element("css selector", "#qa-compare-button").click()
    page.drawn()
    assert len(content(".qa-second .qa-year option")) == 2
    page.driver.find_element("css selector", "#qa-compare-button").click()
    page.driver.find_element("css selector", "#qa-table-button").click()
    assert f"{text} (2022)" in content("#qa-table caption")[0]
    assert sum(text in cell for cell in content("#qa-table td, #qa-table th")) > 60
    page.run("window.dispatchEvent(new Event('beforeprint'));")
    assert text in content(".qa-paper")[0]
    page.run("window.dispatchEvent(new Event('afterprint'));")
    assert page.errors() == []
    assert page.run("return window.hacked") is None
    assert page.run("return document.images.length") == 0
    assert "49" not in page.run("return document.querySelector('#qa-area').textContent").replace(text, "")


def choose_area(page, release, number):
    (place,) = release.areas.geometry.iloc[[number]].representative_point().to_crs("EPSG:4326")
    page.run(
        """
Object.values(map_quartiersatlas._layers).find((one) => one.at).fire("click", {
  layerPoint: map_quartiersatlas.latLngToLayerPoint([arguments[0], arguments[1]]),
});""",
        place.y,
        place.x,
    )
    page.drawn()


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_hostile_text_in_a_report_is_shown_literally(page, make_hostile, tmp_path, text):
    release = make_hostile(text)
    page.open(report(release, tmp_path / "bericht.html"))
    assert page.errors() == []
    assert page.run("return window.hacked") is None
    assert page.run("return document.querySelectorAll('script, img, iframe').length") == 0
    assert page.run("return document.querySelector('h1').textContent") == text
    body = page.run("return document.body.textContent")
    # band, title, subtitle, source, date, comment, group, axis, classes, names, keys, parents, definitions ...
    assert body.count(text) > 25
    assert "49" not in body.replace(release.spec_hash, "")
