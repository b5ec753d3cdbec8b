"""Text from data is only ever text: it neither runs, nor breaks the page, nor is computed."""

from __future__ import annotations

import pytest
import shapely

from quartiersatlas import report

pytestmark = pytest.mark.browser

SNIPPETS = {
    "script": "<script>window.hacked=1</script>",
    "image": '"><img src=x onerror="window.hacked=1">',
    "attribute": "' onmouseover='window.hacked=1' x='",
    "end of script": "</script><script>window.hacked=1</script>",
    "end of title": "</title></textarea></style><script>window.hacked=1</script>",
    "comment": "<!--<script>",
    "jinja": "{{7*7}}",
    "jinja block": "{% for a in [1] %}",
    "raw": "{% raw %}",
    "end of raw": "{% endraw %}{{7*7}}",
    "jinja comment": "{# gone #}",
    "template literal": "${7*7}`",
    "escaped": "&lt;b&gt;&#123;&amp;",
    "placeholder": "{lower} {value} {0} %s",
    "backslash": "\\u003cscript\\u003e\\",
    "line ends": "a\u2028b\u2029c",
    "formula": '=HYPERLINK("http://x")',
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
    page = show(make_hostile(text))
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


@pytest.mark.parametrize("text", [SNIPPETS["image"], SNIPPETS["script"]], ids=["image", "script"])
def test_hostile_text_does_nothing_in_a_tooltip_either(show, make_hostile, text):
    release = make_hostile(text)
    page = show(release)
    centre = release.areas.geometry.to_crs("EPSG:4326").iloc[6].representative_point()
    assert page.hover(shapely.Point(centre.x + 0.001, centre.y)).startswith(text)
    assert page.run("return window.hacked") is None


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
