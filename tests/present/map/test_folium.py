"""The atlas is a folium map and its layer stands beside other folium layers."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import folium
import pytest

from quartiersatlas import atlas_map
from quartiersatlas.errors import ReleaseError
from quartiersatlas.present.map.atlas import LEAFLET, AtlasLayer, OfflineMap, asset

CENTRE = (51.0, 8.292)  # of the town's areas
CONTROL_BOXES = """
const boxes = [...document.querySelectorAll(".leaflet-control")].map((node) => node.getBoundingClientRect());
return boxes.map((box) => [box.left, box.top, box.right, box.bottom]);"""
OPAQUE_AT_THE_CENTRE = """
const canvas = document.querySelector("canvas");
return canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[3] === 255;"""


class FramesAndTitles(HTMLParser):
    """Collect the attributes of iframes, unescaped as a browser does it."""

    def __init__(self):
        super().__init__()
        self.frames = []

    def handle_starttag(self, tag, attrs):
        if tag == "iframe":
            self.frames.append(dict(attrs))


def other_map(release):
    """Return somebody else's map with our layer, a line of theirs and their layer control."""
    their = OfflineMap(location=CENTRE, zoom_start=15, tiles=None)
    atlas_map(release).add_to(their)
    folium.PolyLine([CENTRE, (CENTRE[0] + 0.005, CENTRE[1] + 0.005)], color="#ff0000").add_to(
        folium.FeatureGroup(name="Linie").add_to(their)
    )
    folium.LayerControl(collapsed=False).add_to(their)
    return their


def test_atlas_becomes_a_folium_map(town_release):
    atlas = atlas_map(town_release).to_folium()
    assert isinstance(atlas, folium.Map)
    assert [type(child) for child in atlas._children.values()] == [AtlasLayer]


def test_html_twice_gives_the_same_bytes(town_release):
    atlas = atlas_map(town_release)
    assert atlas.html() == atlas.html() == atlas_map(town_release).html()


@pytest.mark.parametrize("ending", ["png", "svg", "PDF"])
def test_a_page_is_not_written_as_a_picture(town_release, tmp_path, ending):
    with pytest.raises(ReleaseError, match=r'save\("a.html"\).*qa.figure\(release\).save\("a.png"\)'):
        atlas_map(town_release).save(tmp_path / f"a.{ending}")
    assert not list(tmp_path.iterdir())


def test_two_saves_give_the_same_file(town_release, tmp_path):
    atlas = atlas_map(town_release)
    first, second = atlas.save(tmp_path / "a.html"), atlas.save(tmp_path / "b.html")
    assert first.read_bytes() == second.read_bytes()


def test_notebook_shows_the_whole_page_in_a_frame(town_release):
    hostile = replace(town_release, title='"><script>alert(1)</script>')
    atlas = atlas_map(hostile)
    parser = FramesAndTitles()
    parser.feed(atlas._repr_html_())
    assert len(parser.frames) == 1
    assert parser.frames[0]["srcdoc"] == atlas.html()
    assert parser.frames[0]["title"] == hostile.title
    assert atlas._repr_html_().count("<") == 2  # <iframe ...></iframe>


def test_map_asks_for_none_of_foliums_own_files(town_release):
    page = atlas_map(town_release).html()
    for name in ("cdn.jsdelivr.net", "jquery", "bootstrap", "cdnjs.cloudflare.com", "openstreetmap.org/{"):
        assert name not in page


@pytest.mark.browser
def test_layer_works_on_somebody_elses_map_beside_other_layers(page, town_release, tmp_path):
    other_map(town_release).save(tmp_path / "other.html")
    page.open(tmp_path / "other.html")
    assert page.errors() == []
    assert page.texts(".leaflet-top.leaflet-right .qa-card .qa-choice")[0].startswith("Indikator")
    assert page.text(".qa-legend-title") == "SGB-II-Quote (%)"
    assert "nicht allein aus diesen Daten entscheiden" in page.text(".qa-legend")  # no page around the map says it
    controls = page.texts(".leaflet-control-layers")
    assert any("Linie" in text for text in controls)
    assert any("Zusammenhängende Prüfgebiete" in text for text in controls)
    assert page.run("return document.querySelectorAll('path[stroke=\"#ff0000\"]').length") == 1
    assert page.run(OPAQUE_AT_THE_CENTRE)


@pytest.mark.browser
def test_controls_of_the_layer_do_not_lie_over_theirs(page, town_release, tmp_path):
    other_map(town_release).save(tmp_path / "other.html")
    page.open(tmp_path / "other.html")
    boxes = page.run(CONTROL_BOXES)
    assert len(boxes) == 6  # zoom, choice, our layers, their layers, legend, attribution
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert min(a[2], b[2]) <= max(a[0], b[0]) or min(a[3], b[3]) <= max(a[1], b[1])


@pytest.mark.browser
def test_removing_the_layer_takes_its_controls_along(page, town_release, tmp_path):
    other_map(town_release).save(tmp_path / "other.html")
    page.open(tmp_path / "other.html")
    layer = AtlasLayer(atlas_map(town_release)).get_name()
    page.run(f"Object.values(window).find((v) => v instanceof L.Map).removeLayer({layer})")
    page.drawn()
    assert page.texts(".qa-legend") == []
    assert page.texts(".qa-card") == []
    page.run(f"{layer}.addTo(Object.values(window).find((v) => v instanceof L.Map))")
    page.drawn()
    assert page.text(".qa-legend-title") == "SGB-II-Quote (%)"
    assert page.errors() == []


@pytest.mark.browser
def test_a_hostile_title_is_only_text_in_foliums_layer_control(page, town_release, tmp_path):
    title = '<img src=x onerror="window.hacked=1">{{7*7}}'
    other_map(replace(town_release, title=title)).save(tmp_path / "other.html")
    page.open(tmp_path / "other.html")
    assert page.run("return window.hacked") is None
    assert any(title in text for text in page.texts(".leaflet-control-layers"))


@pytest.mark.browser
def test_layer_keeps_the_leaflet_that_is_there_already(page, town_release, tmp_path):
    class Extended(OfflineMap):
        default_js = [("other", "other.js")]  # noqa: RUF012 - folium's own type

    (tmp_path / "other.js").write_text(asset(f"{LEAFLET}/leaflet.js") + "\nL.theirPlugin = true;", encoding="utf-8")
    their = Extended(location=CENTRE, zoom_start=15, tiles=None)
    atlas_map(town_release).add_to(their)
    their.save(tmp_path / "other.html")
    page.open(tmp_path / "other.html")
    assert page.run("return L.theirPlugin") is True
    assert page.text(".qa-legend-title") == "SGB-II-Quote (%)"
    assert page.errors() == []


def moved(release, metres):
    """Return the release of a like town further east, under another title."""
    east = release.areas.set_geometry(release.areas.translate(xoff=metres))
    outlines = release.candidates.set_geometry(release.candidates.translate(xoff=metres))
    return replace(release, areas=east, candidates=outlines, title="Nachbarstadt")


def two_towns(release):
    """Return somebody else's map with the layers of two towns and a layer control."""
    their = OfflineMap(location=(CENTRE[0], CENTRE[1] + 0.025), zoom_start=14, tiles=None)
    atlas_map(release).add_to(their)
    atlas_map(moved(release, 3000)).add_to(their)
    folium.LayerControl(collapsed=False).add_to(their)
    return their


def test_the_name_of_a_layer_follows_its_content(town_release):
    name = AtlasLayer(atlas_map(town_release)).get_name()
    assert name == AtlasLayer(atlas_map(town_release)).get_name()
    others = [
        AtlasLayer(atlas_map(town_release, "en")),
        AtlasLayer(atlas_map(town_release, breaks={"sgb2_rate": [20, 30]})),
        AtlasLayer(atlas_map(replace(town_release, title="Anderer Titel"))),
        AtlasLayer(atlas_map(moved(town_release, 3000))),
    ]
    assert len({name, *(layer.get_name() for layer in others)}) == 5


def test_the_same_layer_twice_is_one_layer(town_release):
    their = OfflineMap(location=CENTRE, tiles=None)
    for _ in range(2):
        atlas_map(town_release).add_to(their)
    assert their.get_root().render().count("QuartiersAtlas.createLayer(") == 1


def test_two_layers_load_scripts_and_styles_once(town_release):
    page = two_towns(town_release).get_root().render()
    assert page.count("QuartiersAtlas.createLayer(") == 2
    assert page.count("var QuartiersAtlas=") == 1
    assert page.count("window.L") == atlas_map(town_release).html().count("window.L")


@pytest.mark.browser
def test_two_layers_live_side_by_side(page, town_release, tmp_path):
    two_towns(town_release).save(tmp_path / "two.html")
    page.open(tmp_path / "two.html")
    assert page.texts(".qa-legend-title") == ["SGB-II-Quote (%)"] * 2
    controls = page.texts(".leaflet-control-layers")
    assert any("Bedarfslagen" in text and "Nachbarstadt" in text for text in controls)
    ids = page.run("return [...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(set(ids)) == len(ids)
    labels = page.driver.find_elements("css selector", ".leaflet-control-layers-overlays label")
    next(label for label in labels if label.text.strip() == "Nachbarstadt").click()
    page.drawn()
    assert page.texts(".qa-legend-title") == ["SGB-II-Quote (%)"]  # one goes, with its controls; the other stays
    assert page.errors() == []
