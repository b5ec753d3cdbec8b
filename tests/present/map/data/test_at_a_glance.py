"""What a reader meets first: a head of two lines that keeps still, empty states in one sentence, no dead button."""

from __future__ import annotations


def test_two_maps_on_a_small_phone_show_the_city_without_an_error(page, sample):
    page.open(sample.folder / "atlas.html", (360, 640))
    page.run("document.getElementById('qa-compare-button').click()")
    page.drawn()
    assert page.errors() == []
    _, top, _, bottom = page.box(".folium-map")
    names = page.run(
        "return [...document.querySelectorAll('.qa-candidate-name')].map((n) => n.getBoundingClientRect().top)"
    )
    assert names
    assert all(top < place < bottom for place in names)


def test_head_has_two_lines_and_an_answer_moves_nothing(atlas):
    atlas.choose("SGB-II-Quote")
    before = [atlas.box(part) for part in (".folium-map", ".qa-select", ".qa-search")]
    assert atlas.box(".qa-head")[3] <= 72
    atlas.search("xyz")
    assert atlas.text(".qa-search-answer") == "nichts gefunden"
    assert [atlas.box(part) for part in (".folium-map", ".qa-select", ".qa-search")] == before


def test_an_uninhabited_area_says_so_once_instead_of_at_every_indicator(atlas):
    atlas.search("0212")
    assert "Für dieses Gebiet werden keine Indikatoren ausgewiesen: unbewohnt." in atlas.text("#qa-area")
    assert atlas.texts("#qa-area .qa-profile") == []


def test_changes_can_be_discarded_only_when_there_are_some(atlas):
    offered = "return [...document.querySelectorAll('.qa-files button')].filter((b) => !b.hidden).length"
    assert atlas.run(offered) == 2
    atlas.search("0404")
    atlas.run("document.querySelector('.qa-offers button').click()")
    assert atlas.run(offered) == 3
    atlas.run("document.querySelector('.qa-files button:last-child').click()")
    assert atlas.run(offered) == 2
