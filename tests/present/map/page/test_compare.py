"""Two maps side by side: their own choices, moved together, one chosen area."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.select import Select

pytestmark = pytest.mark.browser

SECOND = """
const box = document.querySelector(".qa-second");
const canvas = box.querySelector("canvas");
const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
const seen = new Set();
for (let i = 0; i < pixels.length; i += 4) {
  if (pixels[i + 3] === 255) seen.add((pixels[i] << 16) + (pixels[i + 1] << 8) + pixels[i + 2]);
}
return [...seen].map((color) => "#" + color.toString(16).padStart(6, "0"));"""
COLORS = """
return [...document.querySelectorAll(arguments[0] + " .qa-legend-button .qa-swatch")]
  .filter((swatch) => !swatch.style.backgroundImage)
  .map((swatch) => swatch.style.backgroundColor.match(/\\d+/g).map((n) => (+n).toString(16).padStart(2, "0")))
  .map((parts) => "#" + parts.join(""));"""
OVERLAP = """
const [a, b] = [...arguments].map((selector) => document.querySelector(selector).getBoundingClientRect());
return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;"""
PLACE = """
const box = document.querySelector(arguments[0]).getBoundingClientRect();
return [box.left, box.top, box.width, box.height];"""
CENTRES = """
const canvases = [...document.querySelectorAll(".leaflet-overlay-pane canvas")];
return canvases.map((canvas) => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const [frame, home] = [canvas, canvas.closest(".leaflet-container")].map((node) => node.getBoundingClientRect());
  let [left, right, top, bottom] = [1e9, 0, 1e9, 0];
  for (let y = 0; y < canvas.height; y += 1) for (let x = 0; x < canvas.width; x += 1) {
    if (!pixels[4 * (y * canvas.width + x) + 3]) continue;
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  const [across, down] = [frame.left - home.left, frame.top - home.top];
  return [left + across, right + across, top + down, bottom + down];
});"""


@pytest.fixture
def atlas(atlas):
    """Return the map of the sample city without what lies above its colours."""
    return atlas.switch("Kartengrundlage")


def press(page):
    page.driver.find_element("css selector", "#qa-compare-button").click()
    page.drawn()
    return page.drawn()


@pytest.fixture
def both(atlas):
    """Return the page of the sample city with the second map beside the first."""
    return press(atlas)


def second(page, label):
    Select(page.driver.find_element("css selector", ".qa-second .qa-select")).select_by_visible_text(label)
    return page.drawn()


def test_the_second_map_stands_beside_the_first_and_goes_again(atlas):
    width = atlas.run(PLACE, ".folium-map")[2]
    press(atlas)
    first, other = atlas.run(PLACE, ".folium-map"), atlas.run(PLACE, ".qa-second")
    assert other[0] >= first[0] + first[2]
    assert abs(first[2] - other[2]) < 3
    assert first[3] == other[3]
    assert atlas.text("#qa-compare-button") == "Nur eine Karte"
    assert atlas.run("return document.querySelector('#qa-compare-button').ariaPressed") == "true"
    press(atlas)
    assert atlas.texts(".qa-second") == []
    assert atlas.run(PLACE, ".folium-map")[2] == width
    assert atlas.text("#qa-compare-button") == "Zweite Karte daneben"
    press(press(atlas))
    assert atlas.errors() == []


def test_each_map_shows_its_own_indicator_in_the_colours_of_its_own_legend(both):
    both.choose("SGB-II-Quote")
    second(both, "Anteil Personen mit Migrationshintergrund")
    titles = both.texts(".qa-legend-title")
    assert titles == [
        "SGB-II-Quote (%), 31.12.2024",
        "Anteil Personen mit Migrationshintergrund (%), 31.12.2024",
    ]
    own, theirs = both.run(COLORS, ".folium-map"), both.run(COLORS, ".qa-second")
    assert not set(own[:5]) & set(theirs[:5])
    painted = set(both.run(SECOND))
    assert set(theirs[:5]) <= painted
    assert not set(own[:5]) & painted


def test_classes_are_chosen_for_each_map_alone(both):
    both.choose("SGB-II-Quote")
    second(both, "SGB-II-Quote")
    classes = both.driver.find_element("css selector", ".qa-second .qa-scheme")
    Select(classes).select_by_visible_text("Abweichung vom Wert der Stadt")
    both.drawn()
    own, theirs = both.run(COLORS, ".folium-map"), both.run(COLORS, ".qa-second")
    assert not set(own[:5]) & set(theirs[:5])
    assert Select(both.driver.find_element("css selector", ".qa-scheme")).first_selected_option.text.startswith(
        "gleich"
    )


def test_the_whole_city_is_seen_on_both_between_choices_and_legends(both):
    for box, home in zip(both.run(CENTRES), (".folium-map", ".qa-second"), strict=True):
        left, right, _top, bottom = box
        _, above, width, _ = both.run(PLACE, home)
        assert left > 0
        assert right < width
        legend = both.run(PLACE, f"{home} .qa-legend")
        assert above + bottom <= legend[1] + 1
    card = both.run(PLACE, ".qa-second .qa-card")
    assert both.run(CENTRES)[1][2] + both.run(PLACE, ".qa-second")[1] >= card[1] + card[3]
    assert not both.run(OVERLAP, ".qa-second .qa-card", ".qa-second .qa-legend")


def test_both_maps_move_together(both):
    before = both.run(CENTRES)
    assert before[0] == pytest.approx(before[1], abs=4)  # outlines of candidate areas stand out by some pixels
    both.run("map_quartiersatlas.panBy([40, 25], { animate: false })")
    both.drawn()
    after = both.run(CENTRES)
    assert after[0][0] == pytest.approx(before[0][0] - 40, abs=1)
    assert after[1] == pytest.approx(after[0], abs=4)
    # dragging the second one moves the first
    left, top, width, height = both.run(PLACE, ".qa-second")
    chain = ActionChains(both.driver, duration=50)
    pointer = chain.w3c_actions.pointer_action
    pointer.move_to_location(round(left + width / 2), round(top + height / 2))
    pointer.pointer_down()
    for step in range(1, 6):
        pointer.move_to_location(round(left + width / 2) + 10 * step, round(top + height / 2))
    pointer.pause(0.3)
    pointer.pointer_up()
    chain.perform()
    both.drawn()
    both.driver.execute_async_script("setTimeout(arguments[0], 400)")
    moved = both.run(CENTRES)
    assert moved[1][0] > after[1][0] + 30
    assert moved[0] == pytest.approx(moved[1], abs=4)


def test_an_area_clicked_on_the_second_map_is_the_chosen_one_of_both(both, exported):
    left, top, _width, _height = both.run(PLACE, ".qa-second")
    chain = ActionChains(both.driver, duration=0)
    box = both.run(CENTRES)[1]
    x, y = left + (box[0] + box[1]) / 2, top + box[2] + (box[3] - box[2]) * 0.38
    chain.w3c_actions.pointer_action.move_to_location(round(x), round(y))
    chain.w3c_actions.pointer_action.click()
    chain.perform()
    both.drawn()
    assert both.text(".qa-area-name") in set(exported["name"])
    ring = "#ffd400"
    assert ring in both.run(SECOND)
    assert ring in both.run(SECOND.replace(".qa-second", ".folium-map"))


def test_the_second_legend_names_only_what_the_second_map_draws(both):
    first, other = (
        both.run(f"return document.querySelector('{home}').textContent") for home in (".folium-map", ".qa-second")
    )
    assert "zusammenhängendes Prüfgebiet" in first
    assert "Einrichtung" in first
    assert "zusammenhängendes Prüfgebiet" not in other
    assert "Einrichtung" not in other
    assert "Gebiet mit erhöhtem Unterstützungsbedarf" in other


def test_two_maps_ask_for_nothing_and_say_nothing_in_the_console(both):
    second(both, "Kinderarmut (SGB II unter 15)")
    assert both.errors() == []
    assert [url for url in both.requests() if not url.startswith(("file:", "data:", "about:"))] == []


def test_layers_of_the_second_map_are_switched_with_those_of_the_first(both):
    names = "return document.querySelectorAll('.qa-second .qa-names').length"
    assert both.run(names) == 1
    both.run("[...document.querySelectorAll('.qa-layers label')].find((l) => l.textContent.trim() === 'Namen').click()")
    assert both.run(names) == 0
    press(both)
    press(both)
    assert both.run(names) == 0, "what is off stays off"
