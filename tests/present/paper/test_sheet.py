"""The map on paper: all a reader needs is there, nothing overlaps, classes are those of the map, bytes are the same."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from io import BytesIO
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, DependencyError, InputError, ReleaseError, SpecError
from quartiersatlas.present.paper.legend import class_entries, gap_entries, mark_entries
from quartiersatlas.present.paper.sheet import SIZES
from quartiersatlas.present.paper.sheet_page import lines, text_width

BOX = r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)"'
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
        "In Klammern: Anzahl",
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
    assert [entry.symbol for entry in mark_entries(town_release, "de")] == ["selected", "candidate"]


@pytest.mark.parametrize("name", ["need_status_class", "need_dynamics_class", "sgb2_rate", "mh_share"])
def test_classes_and_colours_are_those_of_the_map(sample, name, drawn):
    page = qa.atlas_map(sample.release).html()
    content = json.loads(re.search(r"QuartiersAtlas\.createLayer\((\{.*\})\);", page)[1])
    column = next(column for column in drawn(content) if column["id"] == name)
    entries = class_entries(sample.release, sample.release.column(name), "de")
    assert [entry.color for entry in entries] == content["palettes"][column["colors"]]
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
def test_no_word_overlaps_another_and_none_leaves_the_paper(sample, size, lang, tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext of poppler-utils is not here")
    path = qa.figure(sample.release, size=size, lang=lang).save(tmp_path / "a.pdf")
    found = subprocess.run(["pdftotext", "-bbox", path, "-"], capture_output=True, text=True, check=True)  # noqa: S607
    boxes = [[float(side) for side in box] for box in re.findall(BOX, found.stdout)]
    width, height = (side * 72 / 25.4 for side in SIZES[size])
    assert len(boxes) > 100
    assert [box for box in boxes if box[0] < 20 or box[1] < 20 or box[2] > width - 20 or box[3] > height - 20] == []
    # the box of a word has the room above and below its letters too
    letters = [shapely.box(x, y + 0.25 * (y1 - y), x1, y1 - 0.25 * (y1 - y)).buffer(-0.3) for x, y, x1, y1 in boxes]
    assert [pair for pair in combinations(letters, 2) if pair[0].intersects(pair[1])] == []


@pytest.mark.parametrize("size", ["A4", "A3"])
def test_the_page_is_paper_in_landscape(town_release, tmp_path, size):
    box = pdf(qa.figure(town_release, size=size).save(tmp_path / "a.pdf")).pages[0].mediabox
    millimetres = [float(side) * 25.4 / 72 for side in (box.width, box.height)]
    assert millimetres == pytest.approx({"A4": [297, 210], "A3": [420, 297]}[size], abs=0.1)
    assert SIZES[size] == pytest.approx(millimetres, abs=0.1)


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


def test_the_words_of_the_map_stay_words_in_an_svg_that_a_drawing_program_opens(sheets):
    drawing = ET.fromstring(sheets["svg"].read_text(encoding="utf-8"))  # noqa: S314 - our own file
    texts = ["".join(one.itertext()) for one in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert "OSTHAFEN" in texts
    assert "P1" in texts
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_the_same_release_gives_the_same_bytes(town_release, tmp_path, ending):
    first, second = (qa.figure(town_release).save(tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
    assert first == second
    assert re.search(rb"20(?!24)\d\d-\d\d-\d\dT|D:20(?!241231)\d\d", first) is None


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
    assert "[… gekürzt: Der ganze Kommentar steht im Bericht]" in text
    assert AID in text
    assert "Satz2999." not in text


@pytest.mark.parametrize(
    "text", ["$x^2$ \\frac{1}{2} & <b>", "Straße_ä#%{}~^", "a\x00b\x07c", '#panic("x") *fett* $x$ @ref']
)
def test_text_from_data_is_text(make_hostile, tmp_path, text):
    path = qa.figure(make_hostile(text)).save(tmp_path / "a.pdf")
    shown = re.sub(r"[\x00-\x1f]", "", text)
    assert words(path).count(" ".join(shown.split())) >= 4


def test_letters_that_no_font_has_are_boxes_and_the_foot_says_which(squares, tmp_path):
    text = words(qa.figure(squares(title="漢字 und 😀", names=["Dorf 漢"] * 12)).save(tmp_path / "a.pdf"))
    assert "□□ und □" in text
    assert "Dorf □" in text
    assert "stehen als □: U+6F22, U+5B57, U+1F600." in text


def test_a_title_of_two_hundred_words_keeps_two_lines_and_is_whole_in_what_a_program_reads(squares, tmp_path):
    title = " ".join(f"Wort{i}" for i in range(200))
    path = qa.figure(squares(title=title, subtitle=title)).save(tmp_path / "a.pdf")
    assert "Wort10 " in words(path)
    assert "Wort199" not in words(path)
    assert pdf(path).metadata.title == title
    assert len(pdf(path).pages) == 1


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
    entries = mark_entries(release, "de")
    open_areas = release.stability.table["label"].eq("borderline") & release.selected
    assert open_areas.any()
    assert (~open_areas & release.selected).any()
    by_symbol = {entry.symbol: entry for entry in entries}
    assert set(by_symbol["borderline"].keys) == set(open_areas.index[open_areas])
    assert set(by_symbol["selected"].keys) == set(open_areas.index[release.selected & ~open_areas])
    assert (
        by_symbol["borderline"].in_full == f"Gebiet mit erhöhtem Unterstützungsbedarf, Grenzfall ({open_areas.sum()})"
    )


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


def test_without_typst_the_error_names_what_to_install(town_release, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
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


def test_a_sheet_can_stand_beside_other_pictures(sample):
    drawn = qa.figure(sample.release).draw()
    assert drawn.get_size_inches() * 25.4 == pytest.approx((297, 210))
    pixels = drawn.axes[0].images[0].get_array()
    assert pixels.shape[1] / pixels.shape[0] == pytest.approx(297 / 210, rel=0.01)
    assert pixels[..., :3].std() > 0.05  # not an empty page


def test_the_rows_of_a_town_of_six_areas_do_not_lie_over_each_other(make_city):
    names = ["Altstadt", "Bahnhofsviertel", "Neubaugebiet am Mühlenberg", "Ost", "Siedlung", "Wiesengrund"]
    table = pd.DataFrame({"poor": [100.0 + 40 * i for i in range(6)], "residents": 1000.0}, index=list("123456"))
    data = qa.add_rates(make_city(table, names=names), {"sgb2_rate": ("poor", "residents")})
    sheet = qa.figure(qa.release(data, title="T"))
    _, pictures = sheet._content()
    for svg in (pictures["histogram"],):
        rows = re.findall(r'y="([\d.]+)" font-size="([\d.]+)"[^>]*text-anchor="end">[A-Z]', svg)
        places = sorted(float(y) for y, _ in rows)
        assert len(places) == 6
        assert min(b - a for a, b in pairwise(places)) >= float(rows[0][1])
