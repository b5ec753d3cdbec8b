"""A saved map opens without internet and looks the same with it."""

from __future__ import annotations

import re

import pytest

from quartiersatlas.present.map.atlas import LEAFLET, asset

OWN_SCHEMES = ("file:", "data:", "blob:")
FETCHES = re.compile(r"""(src=|href=|url\(|@import|fetch\()\s*["']?\s*(https?:)?//""", re.IGNORECASE)


def without_leaflet(html):
    """Return the page without the library's own code, in which addresses are only named."""
    code = re.sub(r"\n//# sourceMappingURL=.*", "", asset(f"{LEAFLET}/leaflet.js"))
    assert code in html
    return html.replace(code, "").replace(asset(f"{LEAFLET}/LICENSE"), "")


@pytest.mark.browser
def test_page_opens_without_a_message_in_the_console(atlas):
    assert atlas.errors() == []


@pytest.mark.browser
def test_page_asks_for_nothing_but_itself(atlas, sample):
    addresses = atlas.requests()
    assert (sample.folder / "atlas.html").as_uri() in addresses
    assert [address for address in addresses if not address.startswith(OWN_SCHEMES)] == []


@pytest.mark.browser
def test_using_the_page_asks_for_nothing_either(atlas, clear):
    for option in atlas.texts(".qa-select option"):
        atlas.choose(option)
    atlas.hover(clear.iloc[0])
    atlas.run("map_quartiersatlas.zoomIn()")
    atlas.drawn()
    assert atlas.errors() == []
    assert [address for address in atlas.requests() if not address.startswith(OWN_SCHEMES)] == []


@pytest.mark.browser
def test_picture_without_names_equals_the_picture_with_them(atlas, page_with_names, sample):
    cut = atlas.driver.get_screenshot_as_png()
    page_with_names.open(sample.folder / "atlas.html")
    assert page_with_names.driver.get_screenshot_as_png() == cut


@pytest.mark.parametrize("name", ["atlas.html", "bericht.html"])
def test_no_address_is_loaded_by_markup_styles_or_scripts(sample, name):
    html = (sample.folder / name).read_text(encoding="utf-8")
    rest = without_leaflet(html) if name == "atlas.html" else html
    rest = re.sub(r"/\*.*?\*/", "", rest, flags=re.DOTALL)  # comments name types as import("./file.js")
    assert FETCHES.findall(rest) == []
    assert not re.search(r"<link|XMLHttpRequest|WebSocket|sendBeacon|import\(|sourceMappingURL", rest)


def test_check_for_addresses_sees_them():
    for line in (
        '<script src="https://a.de/x.js">',
        "url(//a.de/b.png)",
        "@import 'http://a.de'",
        'fetch("https://a.de")',
    ):
        assert FETCHES.search(line)


def test_the_map_of_the_sample_city_is_small_enough_for_a_mail(sample):
    assert (sample.folder / "atlas.html").stat().st_size <= 420_000
