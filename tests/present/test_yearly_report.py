"""The yearly report: only what is released, targets in words, what is due and to be checked; three formats."""

from __future__ import annotations

import zipfile

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ReleaseError, SpecError
from quartiersatlas.present.yearly_report import moved_lists, yearly_document

RATE = "child_poverty_u15"
KEYS = [f"{number:02d}" for number in range(1, 15)]
POOR = [200.0, 150, 180, 210, 160, 190, 230, 170, 140, 220, 205, 195, 185, 2]


def a_year(period, poor):
    shapes = [shapely.box(x * 1000, 0, (x + 1) * 1000, 1000) for x in range(14)]
    names = {"name": [f"Gebiet {key}" for key in KEYS]}
    areas = gpd.GeoDataFrame(names, index=KEYS, geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"poor": poor, "residents": [1000.0] * 14}, index=KEYS)
    return qa.add_rates(qa.join(areas, table, population="residents", period=period), {RATE: ("poor", "residents")})


def released(data):
    words = {"title": "Monitoring", "source": "Statistik", "as_of": data.period, "comment": "K"}
    return qa.release(data, shortlist=qa.screen(data, qa.above_city(RATE)), columns=[RATE], **words)


@pytest.fixture(scope="module")
def years(tmp_path_factory):
    before = a_year("2023-12-31", POOR)
    # 04 falls below the city, 05 rises above it; 14 has two persons, whom no release shows
    after = a_year("2024-12-31", [x + (-150 if n == 3 else 60 if n == 4 else 0) for n, x in enumerate(POOR)])
    store = qa.monitor(tmp_path_factory.mktemp("house") / "monitoring", format="csv")
    store.add(before)
    assert store.add(after).accept(reason="Neubau bezogen", by="Sozialamt").stored
    store.add_target(RATE, target=10, due="2033-12-31", start="2023", resolution="Rat 12.03.2025")
    store.add_target(RATE, target=0.1, due="2033-12-31", start="2023", area="14", resolution="Rat")
    ahead = {"indicator": RATE, "kind": "forecast", "made_on": "2023-03-01", "method": "Trend", "source": "Amt"}
    store.add_forecasts(pd.DataFrame([{**ahead, "period": "2024", "value": 17.0}]))
    return store, released(after), released(before)


def said(years, lang="de", **options):
    store, release, earlier = years
    return list(yearly_document(store, release, lang, earlier=earlier, **options).texts())


def test_what_it_says(years):
    words = "\n".join(said(years, on="2026-05-01"))
    for sentence in (
        "Dieser Bericht beschreibt Veränderungen. Wodurch sie entstanden sind, sagt er nicht.",
        "Gebiet 04: Der auffällige Wert wurde geprüft. Begründung: Neubau bezogen (Sozialamt).",
        "Kernindikatoren: überfällig seit 31.12.2025 (zuletzt 31.12.2024).",
        "Neu in der Auswahl: Gebiet 05, Gebiet 08. Sind die Gründe vor Ort bekannt?",
        "Rat 12.03.2025",
    ):
        assert sentence in words
    assert "Wirkung" not in words


def test_lists_by_hand(years):
    _, release, earlier = years
    later = [60 if n == 3 else 220 if n == 4 else x for n, x in enumerate(POOR)]
    city = [100 * sum(year) / 14_000 for year in (POOR, later)]
    assert moved_lists(release, earlier)["left"] == ["Gebiet 04"]
    assert moved_lists(release, earlier)["entered"] == ["Gebiet 05", "Gebiet 08"]
    assert city[1] < POOR[7] / 10 < city[0]  # 08 stayed as it was, the city fell below it
    assert POOR[3] / 10 > city[0]
    assert city[1] > 60 / 10


def test_a_withheld_value_is_nowhere_in_it(years):
    """Area 14 has two of 1,000: its target, its value and its light are absent."""
    store, release, _ = years
    assert pd.isna(release.values[RATE]["14"])
    assert len(store.targets()) == 2
    words = said(years)
    assert "Gebiet 14" not in words
    assert [line for line in words if "Gebiet 14" in line and "geschützt oder nicht" not in line] == []
    assert not [line for line in words if line.startswith("0,2")]


@pytest.mark.parametrize("ending", ["html", "docx", "pdf"])
def test_three_formats_and_the_same_bytes(years, tmp_path, ending):
    store, release, earlier = years
    files = [qa.monitor_report(store, release, tmp_path / f"{n}.{ending}", earlier=earlier) for n in (1, 2)]
    assert files[0].read_bytes() == files[1].read_bytes()
    if ending == "docx":
        with zipfile.ZipFile(files[0]) as file:
            assert "Rat 12.03.2025" in file.read("word/document.xml").decode()


def test_both_languages_say_as_much(years):
    german, english = said(years), said(years, "en")
    assert len(german) == len(english)
    assert "What is to be checked" in english


def test_what_it_refuses(years, tmp_path):
    store, release, _ = years
    with pytest.raises(ReleaseError, match="unprotected"):
        qa.monitor_report(store, release, store.folder / "a.html")
    with pytest.raises(ReleaseError, match="can be written as"):
        qa.monitor_report(store, release, tmp_path / "a.txt")
    with pytest.raises(ArgumentError):
        qa.monitor_report(store, store.data(), tmp_path / "a.html")
    with pytest.raises(ArgumentError):
        qa.monitor_report(str(store.folder), release, tmp_path / "a.html")
    other = released(a_year("2020-12-31", POOR))
    with pytest.raises(SpecError, match="no period that ends on 2020-12-31"):
        qa.monitor_report(store, other, tmp_path / "a.html")


# --- what a release says of several dates ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def full(years):
    """The same year with a change, lists and reasons, a register and coverage, all from the release."""
    store, _, _ = years
    before, after = store.data("2023-12-31"), store.data("2024-12-31")
    rule = qa.above_city(RATE)
    with pytest.warns(UserWarning, match="over 14 areas only"):
        need = qa.need_index(after, qa.NeedSpec.from_dict(SPEC))
    shortlist = qa.screen(after, rule)
    row = {
        "name": "Nachbarschaftsladen",
        "lead": "Sozialamt",
        "fields": "social",
        "aim": "A",
        "status": "running",
        "updated": "2024-06-30",
    }
    rows = [
        {**row, "measure_id": "M1", "areas": "05", "scope": "area", "end": "2025-06-30"},
        {**row, "measure_id": "M2", "areas": "04", "scope": "area", "end": "2023-12-31", "name": "Lernort"},
    ]
    words = {"title": "Monitoring", "source": "Statistik", "as_of": "2024-12-31", "comment": "K"}
    release = qa.release(
        after,
        need=need,
        shortlist=shortlist,
        columns=[RATE],
        change=qa.change(before, after, indicators=RATE),
        lists=qa.compare_lists(qa.screen(before, rule), shortlist),
        measures=qa.read_measures({"massnahmen": pd.DataFrame(rows)}),
        **words,
    )
    return store, release


SPEC = {
    "id": "t",
    "source": "t",
    "axes": [
        {
            "id": "status",
            "label_de": "Status",
            "label_en": "Status",
            "classes": [
                {"id": "low", "upper": 0, "label_de": "niedrig", "label_en": "low"},
                {"id": "high", "label_de": "hoch", "label_en": "high"},
            ],
            "indicators": [{"id": RATE}],
        }
    ],
}


def test_change_reasons_and_measures_are_said_from_the_release(full):
    store, release = full
    words = "\n".join(yearly_document(store, release, "de").texts())
    first = words[: words.index("Gesamtstadt\n")]
    for sentence in (
        " geprüften Gebieten haben sich nachweislich anders entwickelt als die Stadt.",
        "Liste der ausgewählten Gebiete. Von 31.12.2023 bis 31.12.2024: hinzugekommen",
        "Gebiete mit Bedarf ohne Maßnahme vor Ort: ",
    ):
        assert sentence in first
    for sentence in (
        "Was sich verändert hat",
        "Gebiet 04 fällt weg. Grund: eigener Wert.",
        "Gebiet 08 kommt hinzu. Grund: Stadtwert.",
        "Bedarf und Maßnahmen nach Handlungsfeldern",
        "Laufzeit überschritten: M2 Lernort. Sind diese Maßnahmen beendet oder verlängert?",
        "Enden bis 31.12.2025, und vor Ort besteht Bedarf: M1 Nachbarschaftsladen.",
    ):
        assert sentence in words
    assert "Gebiet 14" not in "\n".join(line for line in words.splitlines() if "fällt weg" in line or "kommt" in line)
    assert "Wirkung" not in words


@pytest.mark.parametrize("ending", ["html", "docx", "pdf"])
def test_the_full_report_in_three_formats(full, tmp_path, ending):
    store, release = full
    path = qa.monitor_report(store, release, tmp_path / f"jahr.{ending}")
    again = qa.monitor_report(store, release, tmp_path / f"again.{ending}")
    assert path.read_bytes() == again.read_bytes()
    german, english = (list(yearly_document(store, release, lang).texts()) for lang in ("de", "en"))
    assert len(german) == len(english)
