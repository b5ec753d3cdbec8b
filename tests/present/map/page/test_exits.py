"""Ways out of the page: an address that leads back, a picture, a table as a file, two maps on paper, a small form."""

from __future__ import annotations

import base64
import csv
import io
import shutil
import subprocess
import warnings
import xml.etree.ElementTree as ET
from collections import Counter

import numpy as np
import pandas as pd
import pypdf
import pytest
from PIL import Image

import quartiersatlas as qa

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"
CATCH = """
window.files = [];
const make = URL.createObjectURL;
URL.createObjectURL = (blob) => { window.files.push(blob); return make(blob); };
HTMLAnchorElement.prototype.click = function () { window.saved = [...(window.saved ?? []), this.download]; };"""
READ = """
const done = arguments[0];
const wait = (left) => {
  if (left && !window.saved?.length) return setTimeout(wait, 30, left - 1);
  const reader = new FileReader();
  reader.onload = () => done([window.saved?.[0] ?? null, reader.result.split(",")[1]]);
  reader.readAsDataURL(window.files.at(-1));
};
wait(100);"""
SHOWN = """
const layer = Object.entries(window).find(([name]) => name.startsWith("atlas_layer_"))[1];
const centre = map_quartiersatlas.getCenter();
return {
  column: document.querySelector(".qa-select").selectedOptions[0].text,
  date: document.querySelector(".qa-year")?.value ?? null,
  area: document.querySelector(".qa-area-name")?.textContent ?? null,
  view: [centre.lat.toFixed(3), centre.lng.toFixed(3), map_quartiersatlas.getZoom().toFixed(1)],
  second: document.querySelector(".qa-second .qa-select")?.selectedOptions[0].text ?? null,
};"""


def at(page, sample, address, size=(1280, 800)):
    """Open the sample city at an address."""
    page.open(sample.folder / "atlas.html", size)
    page.driver.get("about:blank")
    page.driver.get((sample.folder / "atlas.html").as_uri() + address)
    return page.drawn()


def saved(page, button):
    """Return name and content of the file that a button hands out."""
    page.run(CATCH + "window.saved = [];")
    page.driver.find_element("css selector", "#qa-save summary").click()
    page.driver.find_element("css selector", button).click()
    name, content = page.driver.execute_async_script(READ)
    return name, base64.b64decode(content)


def settled(page):
    """Wait until the page has written its address."""
    page.driver.execute_async_script("setTimeout(arguments[0], 500)")
    return page.run("return location.hash")


def test_an_address_leads_back_to_what_was_shown(page, sample):
    page.open(sample.folder / "atlas.html")
    assert settled(page) == "", "nothing was chosen"
    page.choose("Kinderarmut (SGB II unter 15)")
    page.choose_classes("natürliche Grenzen (Jenks)")
    page.search("0404")
    page.run("map_quartiersatlas.setView([50.99, 8.31], 12.3, { animate: false })")
    before = page.run(SHOWN)
    address = settled(page)
    assert address == "#i=child_poverty_u15&c=jenks&a=0404&v=50.9900_8.3100_12.3"
    at(page, sample, address)
    assert page.run(SHOWN) == before
    assert page.texts(".qa-band-link") == []
    assert page.errors() == []


def test_the_date_and_the_second_map_stand_in_the_address_too(page, sample):
    at(page, sample, "#i=sgb2_rate&d=31.12.2022&i2=mh_share")
    shown = page.run(SHOWN)
    assert (shown["column"], shown["second"]) == ("SGB-II-Quote", "Anteil Personen mit Migrationshintergrund")
    assert page.text(".qa-legend-title").endswith("31.12.2022")
    assert settled(page) == "#i=sgb2_rate&d=31.12.2022&i2=mh_share"


def test_what_an_address_does_not_find_is_said_and_the_rest_is_shown(page, sample):
    at(page, sample, "#i=gone_rate&a=0404&d=1999&v=x&z=%3Cimg%20src=x%20onerror=hacked%3E")
    assert page.text(".qa-area-name") == "Werftviertel"
    said = page.text(".qa-band-link")
    for part in ("i=gone_rate", "d=1999", "v=x", "z=<img src=x onerror=hacked>"):
        assert part in said
    assert page.run("return document.images.length") == 0
    page.driver.find_element("css selector", ".qa-band-link button").click()
    assert page.texts(".qa-band-link") == []
    assert page.errors() == []


def test_back_undoes_a_choice_and_nothing_else(page, sample):
    at(page, sample, "")
    page.search("0404")
    page.choose("SGB-II-Quote")
    settled(page)
    page.search("0101")
    assert page.text(".qa-area-name") == "Marktviertel"
    page.driver.back()
    page.drawn()
    assert page.text(".qa-area-name") == "Werftviertel"
    assert page.run(SHOWN)["column"] == "SGB-II-Quote"
    page.driver.back()
    page.drawn()
    assert page.texts(".qa-area-name") == []
    page.driver.forward()
    page.drawn()
    assert page.text(".qa-area-name") == "Werftviertel"


def test_the_picture_holds_the_view_with_all_that_a_reader_has_to_know(page, sample, exported):
    at(page, sample, "#i=sgb2_rate")
    name, content = saved(page, "#qa-save-svg")
    assert name == "bedarfslagen-in-der-beispielstadt.svg"
    root = ET.fromstring(content)  # noqa: S314 - our own file
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    for said in (
        "Bedarfslagen in der Beispielstadt",
        "Synthetische Daten",
        "SGB-II-Quote (%), 31.12.2024",
        "Quelle: Statistikstelle",
    ):
        assert said in words
    for label in page.run("return [...document.querySelectorAll('.qa-legend-label')].map((n) => n.textContent)"):
        assert label.split()[0] in words
    assert {pattern.get("id") for pattern in root.iter(f"{SVG}pattern")} == {"hatch", "dashes", "dots", "lines"}
    assert not [
        node for node in root.iter() if node.tag.split("}")[1] in ("foreignObject", "image", "script", "style", "a")
    ]
    fills = [path.get("fill") for path in root.iter(f"{SVG}path")]
    legend = {row["label"]: row for row in page.legend() if row["residents"] is not None}
    for row in legend.values():
        assert fills.count(row["color"]) >= int(row["count"].strip("()")), (
            "each area in sight in the colour of its class"
        )
    assert fills.count("url(#hatch)") == sum(exported["selection"].eq("sure"))
    assert fills.count("url(#dashes)") == sum(exported["selection"].eq("open"))
    # the same in pixels: of the same size twice over, its colours those of the map
    _, pixels = saved(page, "#qa-save-png")
    image = Image.open(io.BytesIO(pixels)).convert("RGB")
    assert image.size == (2 * int(root.get("width")), 2 * int(root.get("height")))
    colors = {"#{:02x}{:02x}{:02x}".format(*color) for _, color in image.getcolors(1 << 24)}
    assert {row["color"] for row in legend.values()} <= colors
    assert page.errors() == []


def numbers(node, *names):
    return [float(node.get(name)) for name in names]


def test_the_picture_has_the_exclave_in_its_frame_where_it_stands_on_the_map(show, coast):
    page = show(coast)
    root = ET.fromstring(saved(page, "#qa-save-svg")[1])  # noqa: S314 - our own file
    main = root.find(f"{SVG}svg")
    (inset,) = main.findall(f"{SVG}svg")
    frame, inside = page.run("""
      const own = map_quartiersatlas.getContainer().getBoundingClientRect();
      return [".qa-inset", ".qa-inset-map"].map((name) => {
        const { left, top, width, height } = document.querySelector(name).getBoundingClientRect();
        return [left - own.left, top - own.top, width, height];
      });""")
    box = ("x", "y", "width", "height")
    assert numbers(inset, *box) == pytest.approx(inside, abs=0.1)
    assert any(numbers(rect, *box) == pytest.approx(frame, abs=0.1) for rect in main.findall(f"{SVG}rect")[1:])
    colors = {row["color"] for row in page.legend() if row["residents"] is not None}
    assert {path.get("fill") for path in inset.iter(f"{SVG}path")} & colors
    words = " ".join(text.text or "" for text in main.findall(f"{SVG}text"))
    assert page.text(".qa-inset-show") in words
    assert page.errors() == []


def test_the_picture_has_the_signs_of_measures_and_says_what_they_mean(show, town, need_rules):
    """One measure in the first area of twelve; the two of highest need have none."""
    row = {"measure_id": "M1", "name": "Café", "lead": "VHS", "fields": "social", "aim": "Teilhabe", "end": "dauerhaft"}
    row |= {"status": "running", "scope": "area", "areas": "01", "updated": "2024-06-30"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = {"need": qa.need_index(town, qa.NeedSpec.from_dict(need_rules))}
        parts["measures"] = qa.read_measures({"massnahmen": pd.DataFrame([row])})
        page = show(qa.release(town, **parts, title="T", source="S", as_of="2024-12-31", comment="K"))
    signs = page.run("return document.querySelectorAll('.qa-measure-place .qa-measure').length")
    shape = page.run("return document.querySelector('.qa-measure-place path').getAttribute('d')")
    rows = page.run("return [...document.querySelectorAll('.qa-measure-key li')].map((n) => n.textContent)")
    assert signs
    root = ET.fromstring(saved(page, "#qa-save-svg")[1])  # noqa: S314 - our own file
    main = root.find(f"{SVG}svg")
    shapes = set(page.run("return [...document.querySelectorAll('.qa-measure path')].map((n) => n.getAttribute('d'))"))
    on_map = [path for path in main.iter(f"{SVG}path") if path.get("d") in shapes]
    in_key = [
        path for path in root.findall(f"{SVG}path") + root.findall(f"{SVG}g/{SVG}path") if path.get("d") in shapes
    ]
    assert (len(on_map), len(in_key)) == (signs, len(rows))
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert all(row.split("(")[0].split()[0] in words for row in rows)
    page.run("""
      const boxes = [...document.querySelectorAll(".qa-layers input")];
      boxes.find((box) => box.parentElement.textContent.includes("Maßnahmen")).click();""")
    root = ET.fromstring(saved(page, "#qa-save-svg")[1])  # noqa: S314 - our own file
    assert not [path for path in root.iter(f"{SVG}path") if path.get("d") == shape]  # switched off, not in the picture


def test_the_table_leaves_as_it_is_shown(page, sample, exported):
    at(page, sample, "")
    page.driver.find_element("css selector", "#qa-table-button").click()
    page.run("document.querySelectorAll('#qa-table thead button')[3].click()")  # by residents
    _, content = saved(page, "#qa-save-csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    head, body = rows[0], {row[1]: row for row in rows[1:] if len(row) > 5}
    assert set(body) == set(exported.index)
    shown = page.run(
        "return [...document.querySelectorAll('#qa-table tbody tr')].map((row) => row.children[1].textContent)"
    )
    assert list(body) == shown
    place = head.index("SGB-II-Quote (%)")
    for key, row in body.items():
        value = exported["sgb2_rate"][key]
        assert row[place] == ("" if np.isnan(value) else f"{value:.1f}".replace(".", ","))
        said = exported["selection"][key]
        assert row[head.index("selection")] == said or (
            pd.isna(said) and row[head.index("selection")] in ("", "not_assessed")
        )
        assert ("SGB-II-Quote (%): " in row[head.index("status")]) == bool(np.isnan(value))
    assert rows[-1] == [page.run("return document.querySelector('.qa-source').textContent")]
    assert ["Synthetische Daten - keine reale Stadt"] in rows


@pytest.mark.parametrize("address", ["#i=sgb2_rate", "#i=sgb2_rate&i2=mh_share"])
def test_printed_maps_have_the_colours_of_their_classes(page, sample, tmp_path, address):
    program = shutil.which("pdftoppm")
    if program is None:
        pytest.skip("pdftoppm (poppler) is needed to look at a printed page; it is not on the PATH.")
    at(page, sample, address, (1440, 900))
    result = page.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    (tmp_path / "map.pdf").write_bytes(base64.b64decode(result["data"]))
    command = [program, "-r", "50", "-l", "1", "-png", "-singlefile", str(tmp_path / "map.pdf"), str(tmp_path / "map")]
    subprocess.run(command, check=True)
    with Image.open(tmp_path / "map.png") as image:
        found = Counter(image.convert("RGB").get_flattened_data())
    # more of each class than its swatches in the legends
    for color in ((255, 255, 204), (161, 218, 180), (65, 182, 196), (44, 127, 184), (37, 52, 148)):
        assert found[color] > 400, color


def test_two_maps_are_printed_side_by_side_with_their_legends(page, sample):
    at(page, sample, "#i=sgb2_rate&i2=mh_share", (1440, 900))
    result = page.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    first = pypdf.PdfReader(io.BytesIO(base64.b64decode(result["data"]))).pages[0]
    assert float(first.mediabox.width) > float(first.mediabox.height)
    text = " ".join(first.extract_text().split())
    for said in (
        "SGB-II-Quote (%)",
        "Anteil Personen mit Migrationshintergrund (%)",
        "Quelle: Statistikstelle",
        "Zeichen",
    ):
        assert said in text
    page.drawn()
    assert page.run("return document.querySelectorAll('.leaflet-container .qa-legend').length") == 2, "back on the maps"


@pytest.mark.parametrize("size", [(320, 240), (600, 400)])
def test_a_small_form_for_other_pages(page, sample, size):
    at(page, sample, "#embed=1&i=sgb2_rate", size)

    def seen(selector):
        return page.run("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector)

    assert not any(seen(selector) for selector in (".qa-head", ".qa-panel", ".qa-foot", ".leaflet-control-layers"))
    assert seen(".qa-band"), "a notice goes wherever the map goes"
    assert page.run("return document.querySelector('.qa-legend details').open") is False
    left, top, right, bottom = page.box(".qa-embed-foot a")
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert page.text(".qa-embed-foot span").startswith("Quelle: ")
    link = page.run(
        "const a = document.querySelector('.qa-embed-foot a'); a.dispatchEvent(new Event('focus')); return a.href"
    )
    assert link.endswith("atlas.html#i=sgb2_rate")
    box = page.box(".folium-map")
    assert box[3] - box[1] > size[1] / 2
    assert page.errors() == []


def test_a_frame_of_a_notebook_writes_no_address_and_no_error(page, sample_frame):
    page.open(sample_frame)
    page.driver.switch_to.frame(0)
    try:
        page.search("0404")
        page.driver.execute_async_script("setTimeout(arguments[0], 500)")
        assert page.text(".qa-area-name") == "Werftviertel"
    finally:
        page.driver.switch_to.default_content()
    assert page.errors() == []


@pytest.fixture
def sample_frame(sample, tmp_path):
    from quartiersatlas import atlas_map

    path = tmp_path / "notebook.html"
    path.write_text(f"<!DOCTYPE html><meta charset='utf-8'>{atlas_map(sample.release)._repr_html_()}", encoding="utf-8")
    return path
