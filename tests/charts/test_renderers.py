"""Both renderers draw the same record, keep names as text, and give the same bytes twice."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from quartiersatlas.charts import Axis, Bar, Chart, Dot, HRule, Line, Strip, Text, VRule, chart_svg, draw, figure_html
from quartiersatlas.charts.layout import SIZE, frame_of
from quartiersatlas.charts.widths import cut, drawable, text_width, wrapped

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("x")</script> $x^2$ & 漢\x00\x0b \u202eabc\u202c 🏠 \nSüd'
MARKS = (
    Bar(x0=0, x1=4, y0=-0.4, y1=0.4, fill="#2c7fb8", stroke="#1a1a1a", dash=(2, 1)),
    Line(points=((0, 0), (5, 1), None, (8, 1), (9, 2)), stroke="#b3005e"),
    Line(points=((1, 0), (2, 1), (3, 0)), fill="#dddddd", opacity=0.5),
    Strip(xs=(1.0, 2.0), y=1),
    Dot(x=5, y=1, fill="#ffffff", stroke="#1a1a1a", dash=(1, 1)),
    Dot(x=5, y=1, shape="diamond", fill="#ffffff", stroke="#1a1a1a"),
    Dot(x=5, y=1, shape="triangle", fill="#ffffff", opacity=0.5),
    VRule(x=6, text="Stadt 6"),
    HRule(y=1.5, text="Stadt 1,5", dash=(3, 2)),
    Text(x=3, y=2, text="Werftviertel", dx=4, anchor="start", bold=True),
)


def chart(**changes):
    x = Axis(0, 10, "Anteil", ((0.0, "0"), (5.0, "5"), (10.0, "10")), grid=True)
    y = Axis(-0.5, 2.5, "Ebene", bands=("a", "b", "c"), down=True)
    given = Chart("test", "Titel", "Ein Satz.", x, y, MARKS, "Anmerkung.", ("Kopf",), (("Zelle",),), ("1", "2", "3"))
    return replace(given, **changes)


def test_every_kind_of_mark_is_drawn_by_both(drawn):
    written, words = drawn(chart(key=(("#2c7fb8", "Gruppe"),)))
    for word in ("Stadt 6", "Stadt 1,5", "Werftviertel", "a", "b", "c", "Anteil", "Ebene", "Gruppe", "1", "5"):
        assert word in written
        assert word in words
    assert {"Titel", "Anmerkung."} <= words


def test_names_stay_text(drawn):
    hostile = chart(
        title=HOSTILE,
        alt=HOSTILE,
        note=HOSTILE,
        key=(("#000000", HOSTILE),),
        right=(HOSTILE,) * 3,
        x=Axis(0, 10, HOSTILE, ((0.0, HOSTILE),)),
        y=Axis(-0.5, 2.5, HOSTILE, bands=(HOSTILE, "$", "b$c$"), down=True),
        marks=(Text(x=3, y=2, text=HOSTILE), VRule(x=6, text=HOSTILE), HRule(y=1.5, text=HOSTILE)),
    )
    written, words = drawn(hostile)
    assert any("<script>" in word for word in written)
    assert any("$x^2$" in word for word in words)
    svg = hostile.svg()
    assert "<script" not in svg
    assert "\x00" not in svg
    assert "<script" not in figure_html(hostile).replace("&lt;script", "")


def test_a_letter_that_the_font_has_not_becomes_a_box():
    assert drawable("a漢b") == "a□b"
    assert drawable("12,5\u202f%\nSüd") == "12,5\u202f% Süd"


def test_the_same_chart_gives_the_same_picture_twice():
    assert chart().png() == chart().png()
    assert chart().png() != chart(title="Anderer Titel").png()


def test_a_given_axes_is_drawn_on_and_kept():
    figure = Figure(figsize=(8, 3))
    left, right = figure.subplots(1, 2)
    box = left.get_position().bounds
    assert draw(chart(), left) is left
    assert left.get_position().bounds == box
    assert left.get_xlim() == (0, 10)
    assert left.get_ylim() == (2.5, -0.5)
    assert not right.texts


def test_a_new_figure_is_one_that_a_notebook_shows():
    plt.close("all")
    ax = chart().plot()
    assert plt.get_fignums() == [ax.get_figure().number]
    plt.close("all")
    chart().png()
    assert plt.get_fignums() == []


def test_the_matplotlib_settings_of_the_user_stay_as_they_are():
    before = dict(plt.rcParams)
    plt.close(chart().plot().get_figure())
    assert dict(plt.rcParams) == before


def test_an_opacity_does_not_undo_a_colour():
    """An alpha of 1 once turned a pale tint into its full colour."""
    ax = draw(chart(marks=(Bar(x0=0, x1=1, y0=0, y1=1, fill="#fbeee0"),)), Figure().subplots())
    assert ax.patches[0].get_facecolor()[:3] == pytest.approx(np.array([0xFB, 0xEE, 0xE0]) / 255)


def test_nothing_is_drawn_out_of_the_picture():
    """Names, the words of rules and of rows stay within the picture, however long they are."""
    long = "Ein sehr langer Name eines Gebiets, der in keine Zeile passt und gekürzt wird"
    given = chart(
        y=Axis(-0.5, 2.5, bands=(long, "b", "c"), down=True),
        marks=(VRule(x=10, text="Stadt 12,5 %"), VRule(x=0, text="Stadt 12,5 %")),
        right=("12,5 % (11,0 %)",) * 3,
    )
    frame = frame_of(given, 480, 240)
    assert frame.left <= 0.42 * 480
    assert frame.left + frame.width + text_width("12,5 % (11,0 %)", 8) <= 480
    for mark in given.marks:
        half = text_width(mark.text, 8) / 2
        assert half <= frame.beside(mark) <= 480 - half
    assert long not in given.svg()
    assert "…" in given.svg()


def test_a_long_title_takes_two_lines_and_is_cut():
    lines = wrapped("Wort " * 100, 300, 10, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(text_width(line, 10) <= 300 for line in lines)
    assert cut("kurz", 100, 8) == "kurz"
    assert wrapped("", 100, 8) == []


def test_the_record_is_plain_data():
    plain = chart(key=(("#000000", "a"),)).to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["key"] == [["#000000", "a"]]
    assert plain["marks"][1]["points"][2] is None
    assert plain["marks"][0]["kind"] == "bar"


def test_the_last_line_of_a_cell_shows_picture_and_sentence():
    html = chart(alt='Ein "Satz" & mehr.')._repr_html_()
    assert 'src="data:image/png;base64,' in html
    assert 'alt="Ein &quot;Satz&quot; &amp; mehr."' in html
    assert repr(chart()) == "Chart test: Titel. Ein Satz."


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    from quartiersatlas.errors import DependencyError

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DependencyError, match=r'pip install "quartiersatlas\[plots\]"'):
        chart().plot()


def test_the_library_loads_no_matplotlib_before_something_is_drawn():
    code = (
        "import sys, quartiersatlas as qa; qa.need_index, qa.measure_segregation, qa.class_transition, qa.Chart; "
        "print([name for name in ('matplotlib', 'fontTools') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


LONG_NAMES = (
    "sehr niedriger Unterstützungsbedarf",
    "durchschnittlicher Unterstützungsbedarf",
    "erhöhter Unterstützungsbedarf",
    "sehr hoher Unterstützungsbedarf",
)


def matrix_of(names):
    """Return a chart of a cell per pair of names, and words at the end of its lower axis."""
    marks = tuple(Bar(x0=i - 0.4, x1=i + 0.4, y0=j - 0.4, y1=j + 0.4) for i in range(len(names)) for j in range(2))
    x = Axis(low=-0.5, high=len(names) - 0.5, bands=names, label="später")
    y = Axis(low=-0.5, high=1.5, bands=("a", "b"), down=True)
    return Chart("m", "M", "A matrix.", x, y, marks)


@pytest.mark.parametrize("width", [480.0, 300.0, 234.0])
def test_long_names_below_a_matrix_stand_whole_in_lines_of_their_columns(width):
    svg = ET.fromstring(chart_svg(matrix_of(LONG_NAMES), width, 200.0))  # noqa: S314 - our own
    found = [one for one in svg.iter(f"{SVG}text") if one.get("text-anchor") == "middle"]
    boxes = []
    for one in found:
        words, size = "".join(one.itertext()), float(one.get("font-size"))
        assert "…" not in words
        x, y, half = float(one.get("x")), float(one.get("y")), text_width(words, size) / 2
        assert x - half >= 0
        assert x + half <= width
        boxes.append((x - half, y - size, x + half, y))
    for n, one in enumerate(boxes):
        for other in boxes[n + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    written = "".join("".join(one.itertext()) for one in sorted(found, key=lambda one: float(one.get("x"))))
    plain = written.replace("-", "").replace(" ", "")
    assert all(name.replace(" ", "") in plain for name in LONG_NAMES)
    (label,) = [one for one in svg.iter(f"{SVG}text") if "".join(one.itertext()) == "später"]
    assert float(label.get("y")) - SIZE >= max(box[3] for box in boxes)


def test_short_names_below_a_matrix_stay_on_one_line():
    names = ("hoch", "mittel", "niedrig", "sehr niedrig")
    frame = frame_of(matrix_of(names), 200.0, 120.0)
    assert frame.names == tuple((name,) for name in names)
