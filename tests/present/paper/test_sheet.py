"""The map on paper: all a reader needs is there, nothing overlaps, classes are those of the map, bytes are the same."""

from __future__ import annotations

import json
import re
import sys
from io import BytesIO
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, DependencyError, InputError, ReleaseError, SpecError
from quartiersatlas.present.paper.sheet import _style, class_entries, gap_entries, overlay_entries
from quartiersatlas.present.paper.sheet_map import round_length
from quartiersatlas.present.paper.sheet_page import SIZES, lines, text_width

AID = "Ob tatsächlich Handlungsbedarf besteht, lässt sich nicht allein aus diesen Daten entscheiden."


def pdf(path):
    from pypdf import PdfReader

    return PdfReader(path)


def words(path):
    return " ".join(pdf(path).pages[0].extract_text().split())


@pytest.fixture(scope="module")
def sheets(sample, tmp_path_factory):
    """Return the sheet of the sample city as PDF and SVG, by ending."""
    folder = tmp_path_factory.mktemp("sheets")
    sheet = qa.figure(sample.release, "sgb2_rate")
    return {ending: sheet.save(folder / f"karte.{ending}") for ending in ("pdf", "svg")}


def test_a_sheet_says_title_source_date_definition_comment_and_how_to_read_it(sample, sheets):
    text = words(sheets["pdf"])
    for part in (
        "Synthetische Daten - keine reale Stadt",
        "Bedarfslagen in der Beispielstadt",
        "SGB-II-Quote (%)",
        "Quelle: Statistikstelle der Beispielstadt (synthetisch), eigene Berechnung · Stand: 31.12.2024",
        "Definition: Leistungsberechtigte nach SGB II / Bevölkerung bis zur Altersgrenze",
        "Die Karte zeigt, wo mehrere soziale Bedarfslagen zusammentreffen.",
        f"{sample.release.selected.sum()} von {sample.release.n_assessed} bewerteten Gebieten sind ausgewählt.",
        "in Klammern: Anzahl",
        AID,
    ):
        assert part in text


def test_the_legend_counts_areas_by_hand(sample, sheets):
    values = sample.release.values["sgb2_rate"]
    state = sample.release.state
    text = words(sheets["pdf"])
    found = re.findall(r"([\d,]+) bis (unter )?([\d,]+) \((\d+)\)", text)
    assert len(found) == 5
    for lower, under, upper, count in found:
        low, high = (float(part.replace(",", ".")) for part in (lower, upper))
        inside = values.ge(low) & (values.lt(high) if under else values.le(high))
        assert int(count) == inside.sum()
    assert sum(int(count) for *_, count in found) == values.notna().sum()
    assert f"unbewohnt ({state.eq('uninhabited').sum()})" in text
    assert f"zu wenige Einwohner ({state.eq('small').sum()})" in text
    labels = sample.release.stability.table["label"][sample.release.selected]
    assert len(labels) == labels.eq("certain").sum() + labels.eq("borderline").sum()
    assert f"Gebiet mit erhöhtem Unterstützungsbedarf ({labels.eq('certain').sum()})" in text
    assert f"Gebiet mit erhöhtem Unterstützungsbedarf, Grenzfall ({labels.eq('borderline').sum()})" in text
    assert "zusammenhängendes Prüfgebiet (5)" in text


def test_the_legend_gives_the_value_of_the_city_from_the_counts(sheets, counts, pairs):
    numerator, denominator = (counts[column].sum() for column in pairs["sgb2_rate"])
    assert f"Stadt: {100 * numerator / denominator:.1f} %".replace(".", ",") in words(sheets["pdf"])


def test_the_legend_names_only_what_occurs(town_release):
    column = town_release.column("sgb2_rate")
    assert gap_entries(town_release, column, "de") == []
    assert [entry.symbol for entry in overlay_entries(town_release, "de")] == ["selected", "candidate"]


@pytest.mark.parametrize("name", ["need_status_class", "need_dynamics_class", "sgb2_rate", "mh_share"])
def test_classes_and_colours_are_those_of_the_map(sample, name, drawn):
    page = qa.atlas_map(sample.release).html()
    content = json.loads(re.search(r"QuartiersAtlas\.createLayer\((\{.*\})\);", page)[1])
    column = next(column for column in drawn(content) if column["id"] == name)
    entries = class_entries(sample.release, sample.release.column(name), "de")
    assert [entry.color for entry in entries] == column["colors"]
    keys = content["areas"]["keys"]
    for number, entry in enumerate(entries):
        if "classes" in column:
            members = [key for key, value in zip(keys, column["values"], strict=True) if value == number]
        else:
            classes = [None if v is None else sum(v >= limit for limit in column["breaks"]) for v in column["values"]]
            members = [key for key, value in zip(keys, classes, strict=True) if value == number]
        assert list(entry.keys) == members


@pytest.mark.parametrize("size", ["A4", "A3"])
@pytest.mark.parametrize("lang", ["de", "en"])
def test_no_text_overlaps_another_and_none_leaves_the_paper(sample, size, lang):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with _style():
        sheet = qa.figure(sample.release, size=size, lang=lang).draw()
        canvas = FigureCanvasAgg(sheet)
        canvas.draw()
        boxes = [text.get_window_extent(canvas.get_renderer()) for text in sheet.axes[0].texts if text.get_text()]
        paper = sheet.bbox
        places = [axes.get_window_extent() for axes in sheet.axes[1:]]
    assert len(boxes) > 15
    assert [box for box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > paper.x1 or box.y1 > paper.y1] == []
    apart = [box.padded(-1.5) for box in boxes]  # letters may touch
    assert [pair for pair in combinations(apart, 2) if pair[0].overlaps(pair[1])] == []
    assert [box for box in apart for place in places if box.overlaps(place)] == []


@pytest.mark.parametrize("size", ["A4", "A3"])
def test_the_page_is_paper_in_landscape(town_release, tmp_path, size):
    box = pdf(qa.figure(town_release, size=size).save(tmp_path / "a.pdf")).pages[0].mediabox
    millimetres = [float(side) * 25.4 / 72 for side in (box.width, box.height)]
    assert millimetres == pytest.approx({"A4": [297, 210], "A3": [420, 297]}[size], abs=0.1)
    assert SIZES[size] == pytest.approx(millimetres, abs=0.1)


@given(most=st.floats(1e-3, 1e7))
def test_the_scale_bar_is_the_largest_round_length_that_fits(most):
    length = round_length(most)
    assert length <= most < 2.5 * length * (1 + 1e-12)
    assert round(length / 10 ** np.floor(np.log10(length) + 1e-9)) in (1, 2, 5)


@pytest.mark.parametrize(("side", "unit"), [(5000, "km"), (60, "m")])
def test_the_scale_bar_is_as_long_as_it_says(side, unit):
    shapes = [shapely.box(side * x, side * y, side * (x + 1), side * (y + 1)) for y in range(4) for x in range(4)]
    keys = [f"{i:02d}" for i in range(16)]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"x": range(50, 66), "residents": 1000.0}, index=keys)
    release = qa.release(qa.add_rates(qa.join(areas, table), {"rate": ("x", "residents")}))
    sheet = qa.figure(release).draw()
    axes = sheet.axes[1]
    halves = [patch for patch in axes.patches if patch.get_zorder() == 10]
    (label,) = [text.get_text() for text in axes.texts if text.get_text().endswith("m")]
    number, sign = label.split()
    assert sign == unit
    length = sum(half.get_width() for half in halves)
    assert length == float(number) * {"km": 1000, "m": 1}[unit]
    assert halves[0].get_width() == halves[1].get_width()
    # a metre is as long across as along, and the bar takes no more than a quarter of the map
    place = axes.get_window_extent()
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert (right - left) / place.width == pytest.approx((high - low) / place.height)
    assert length <= (right - left) / 4


def test_all_areas_are_inside_the_map_and_north_is_up(sample):
    sheet = qa.figure(sample.release).draw()
    axes = sheet.axes[1]
    left, low, right, high = sample.release.areas.total_bounds
    assert axes.get_xlim()[0] < left < right < axes.get_xlim()[1]
    assert axes.get_ylim()[0] < low < high < axes.get_ylim()[1]
    assert "N" in [text.get_text() for text in axes.texts]


def test_a_hole_in_an_area_stays_open(tmp_path):
    from PIL import Image

    # both rings run the same way round, as files have them
    shell, hole = (shapely.box(*box).exterior for box in ((0, 0, 3000, 3000), (1000, 1000, 2000, 2000)))
    ring = shapely.Polygon(shell, [hole])
    assert shell.is_ccw == hole.is_ccw
    areas = gpd.GeoDataFrame(
        {"name": ["A", "B"]}, index=["1", "2"], geometry=[ring, shapely.box(3000, 0, 6000, 3000)], crs="EPSG:25832"
    )
    table = pd.DataFrame({"x": [100.0, 200], "residents": 1000.0}, index=areas.index)
    release = qa.release(qa.add_rates(qa.join(areas, table), {"rate": ("x", "residents")}))
    sheet = qa.figure(release)
    axes = sheet.draw().axes[1]
    with Image.open(sheet.save(tmp_path / "a.png", dpi=100)) as image:
        pixels = image.convert("RGB")
        height = pixels.height

        def at(x, y):
            across, up = axes.transData.transform((x, y))
            return pixels.getpixel((round(across), round(height - up)))

        assert at(1500, 1500) == (255, 255, 255)
        assert at(500, 1500) != (255, 255, 255)
        assert at(4500, 1500) != (255, 255, 255)


def test_pdf_and_svg_are_drawn_not_painted(sheets):
    assert len(pdf(sheets["pdf"]).pages[0].images) == 0
    assert "<image" not in sheets["svg"].read_text(encoding="utf-8")


def test_fonts_are_in_the_file(sheets):
    fonts = pdf(sheets["pdf"]).pages[0]["/Resources"]["/Font"]
    assert len(fonts) >= 2
    for font in fonts.values():
        inner = font.get_object()
        inner = inner["/DescendantFonts"][0].get_object() if "/DescendantFonts" in inner else inner
        assert "/FontFile2" in inner["/FontDescriptor"].get_object()
    assert "<text" not in sheets["svg"].read_text(encoding="utf-8")  # letters are outlines there


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_the_same_release_gives_the_same_bytes_whatever_style_is_set(town_release, tmp_path, ending):
    import matplotlib as mpl

    first = qa.figure(town_release).save(tmp_path / f"a.{ending}").read_bytes()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "hatch.linewidth": 9, "svg.hashsalt": "x"}):
        second = qa.figure(town_release).save(tmp_path / f"b.{ending}").read_bytes()
    assert first == second
    assert re.search(rb"20\d\d-\d\d-\d\dT|D:20\d\d|[Mm]atplotlib v?\d", first) is None


def test_a_draft_carries_its_band(town, tmp_path):
    draft = qa.figure(qa.release(town, title="Titel")).save(tmp_path / "a.pdf")
    text = words(draft)
    assert "Entwurf – unkommentiert" in text
    assert "Es liegt kein Kommentar vor. Diese Fassung ist nicht zur Weitergabe bestimmt." in text


def test_a_complete_release_carries_none(town_release, tmp_path):
    assert "Entwurf" not in words(qa.figure(town_release).save(tmp_path / "a.pdf"))


def test_a_comment_that_is_too_long_says_so_and_the_reading_aid_stays(town, tmp_path):
    long = " ".join(f"Satz{i}." for i in range(3000))
    release = qa.release(town, title="T", source="Q", as_of="2024", comment=long)
    text = words(qa.figure(release).save(tmp_path / "a.pdf"))
    assert "[… gekürzt: der ganze Kommentar steht im Bericht]" in text
    assert AID in text
    assert "Satz2999." not in text


@pytest.mark.parametrize("text", ["$x^2$ \\frac{1}{2} & <b>", "Straße_ä#%{}~^", "a\x00b\x07c"])
def test_text_from_data_is_text(make_hostile, tmp_path, text):
    path = qa.figure(make_hostile(text)).save(tmp_path / "a.pdf")
    shown = re.sub(r"[\x00-\x1f]", "", text)
    assert words(path).count(" ".join(shown.split())) >= 4


@given(words=st.text(alphabet=st.characters(codec="latin-1", exclude_categories=["Cc"])), width=st.floats(5, 60))
def test_lines_are_never_wider_than_their_place_and_lose_nothing(words, width):
    found = lines(words, width, 8)
    assert all(text_width(line, 8) <= width or len(line.strip()) == 1 for line in found)
    assert "".join("".join(found).split()) == "".join(words.split())


def test_a_masked_count_is_not_on_the_sheet(make_city, tmp_path):
    table = pd.DataFrame(
        {"residents": [98_301.0] * 6, "x": [48_611.0, 48_612, 61_000, 62_000, 63_000, 64_000]},
        index=[f"A{i}" for i in range(6)],
    )
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("x", "residents")})
    released = qa.release(data, title="T", protection=qa.Protection(min_count=50_000, protect_remainder=False))
    drawn = {name: words(qa.figure(released, name).save(tmp_path / f"{name}.pdf")) for name in ["sgb2_rate"]}
    assert "geschützt (2)" in drawn["sgb2_rate"]
    for secret in ("48.611", "48611", "49,5"):  # 48611 of 98301: 49.5 %
        assert secret not in drawn["sgb2_rate"]


def test_borderline_areas_are_dashed_and_named(town):
    shortlist = qa.screen(town, qa.worst_share("sgb2_rate", 0.25))
    stability = shortlist.stability(n=100, seed=1, limits=(0.0, 1.0))
    release = qa.release(town, shortlist=shortlist, stability=stability)
    entries = overlay_entries(release, "de")
    open_areas = release.stability.table["label"].eq("borderline") & release.selected
    assert open_areas.any()
    assert (~open_areas & release.selected).any()
    by_symbol = {entry.symbol: entry for entry in entries}
    assert set(by_symbol["borderline"].keys) == set(open_areas.index[open_areas])
    assert set(by_symbol["selected"].keys) == set(open_areas.index[release.selected & ~open_areas])
    assert by_symbol["borderline"].words == f"Gebiet mit erhöhtem Unterstützungsbedarf, Grenzfall ({open_areas.sum()})"


def test_what_cannot_be_drawn_is_refused(town_release, tmp_path):
    with pytest.raises(ColumnError, match=r"has no column 'sgb2_rat'\. Did you mean 'sgb2_rate'"):
        qa.figure(town_release, "sgb2_rat")
    with pytest.raises(SpecError, match="size must be one of 'A4', 'A3', not 'A5'"):
        qa.figure(town_release, size="A5")
    with pytest.raises(SpecError, match="lang must be one of"):
        qa.figure(town_release, lang="fr")
    with pytest.raises(ReleaseError, match=r"can be saved as \.pdf, \.svg and \.png"):
        qa.figure(town_release).save(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="There is no folder"):
        qa.figure(town_release).save(tmp_path / "no" / "a.pdf")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_path_is_answered_with_how_to_name_one(town_release):
    with pytest.raises(ArgumentError, match=r"^Sheet\.save takes a str or a PathLike, not an int: sheet\.save\("):
        qa.figure(town_release).save(3)


def test_a_release_without_columns_cannot_be_drawn(town):
    with pytest.raises(SpecError, match="no column to draw"):
        qa.figure(qa.release(town, columns=[]))


def test_without_matplotlib_the_error_names_what_to_install(town_release, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DependencyError, match=r'pip install "quartiersatlas\[paper\]"'):
        qa.figure(town_release)


def test_a_notebook_shows_the_sheet(town_release):
    sheet = qa.figure(town_release)
    assert sheet._repr_png_().startswith(b"\x89PNG")
    assert repr(sheet).startswith("Sheet (A4) of 'sgb2_rate' in Release 'Bedarfslagen'")


def test_the_sheet_of_a_notebook_has_the_colours_of_the_classes_in_few_bytes(sample, tmp_path):
    from PIL import Image

    sheet = qa.figure(sample.release, "sgb2_rate")
    small = sheet._repr_png_()
    full = sheet.save(tmp_path / "full.png", dpi=100)
    assert len(small) < full.stat().st_size / 2
    shown, exact = (np.asarray(Image.open(BytesIO(png)).convert("RGB")) for png in (small, full.read_bytes()))
    assert shown.shape == exact.shape
    for color in ("#ffffcc", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494"):
        pixels = (exact == tuple(bytes.fromhex(color[1:]))).all(axis=-1)
        assert pixels.sum() > 500
        assert (shown[pixels] == tuple(bytes.fromhex(color[1:]))).all()
