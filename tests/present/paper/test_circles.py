"""Totals as circles: the surface is the number, small circles stand above large ones, other numbers are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pypdf import PdfReader

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.present.paper.legend import circle_entries

TITLES = {"title": "T"}


@pytest.fixture
def released(joined):
    data = joined({"pupils": [16.0, 64, 0, 256], "residents": [900.0, 1000, 1200, 1500]})
    return qa.release(data, columns=["pupils"], **TITLES)


def test_the_surface_of_a_circle_is_its_number(released):
    entries = circle_entries(released, released.column("pupils"), "en", 1.0)
    drawn = next(entry for entry in entries if entry.symbol == "circles")
    assert drawn.keys == ("d0", "b0", "a0")  # the smallest last, above all others; none for 0
    surfaces = np.square(drawn.radii)
    assert (surfaces / surfaces[0]).tolist() == pytest.approx([1, 64 / 256, 16 / 256])


def test_the_legend_has_round_sizes_true_to_scale(released):
    entries = circle_entries(released, released.column("pupils"), "en", 1.0)
    sizes = {float(entry.words): entry.radius for entry in entries if entry.symbol == "circle"}
    assert list(sizes) == [200.0, 60.0, 10.0]
    assert sizes[200.0] ** 2 / sizes[10.0] ** 2 == pytest.approx(20)


def test_a_sheet_of_circles_is_drawn_and_says_nothing_of_classes(released, tmp_path):
    sheet = qa.figure(released, circles=True, lang="en")
    assert sheet.save(tmp_path / "circles.svg").stat().st_size > 0
    written = PdfReader(sheet.save(tmp_path / "circles.pdf")).pages[0].extract_text()
    words = " ".join(written.split())
    assert "surface of the circle = number" in words
    assert "Map classes" not in words


def test_rates_and_balances_are_no_circles(joined):
    data = qa.add_rates(joined({"poor": [100.0, 200], "residents": [900.0, 1000]}), {"rate": ("poor", "residents")})
    with pytest.raises(SpecError, match="circles are for counts and amounts, and 'rate' is a share"):
        qa.figure(qa.release(data, **TITLES), "rate", circles=True)
    net = joined({"net": [-20.0, 30], "residents": [900.0, 1000]})
    net = replace(net, catalogue=net.catalogue.add(qa.Indicator(id="net", kind="balance")))
    with pytest.raises(SpecError, match="'net' is a balance"):
        qa.figure(qa.release(net, **TITLES), "net", circles=True)


def test_a_coloured_map_of_a_count_says_so_and_what_it_offers_works(joined):
    data = joined({"pupils": [16.0, 64, 120, 256], "residents": [900.0, 1000, 1200, 1500]})
    with pytest.warns(UserWarning, match="is an absolute number") as told:
        page = qa.choropleth(data, "pupils", lang="en").html()
    assert "Absolute number: large areas have much of everything" in page
    said = str(told[0].message)
    rate, circles = said[said.index("qa.add_rates") : said.index(", or circles")], said[said.index("qa.figure") : -1]
    known = {"qa": qa, "data": data}
    assert eval(rate, known).values["share"].iloc[0] == pytest.approx(100 * 16 / 900)  # noqa: S307 - pasted
    assert eval(circles, known).circles  # noqa: S307 - pasted
