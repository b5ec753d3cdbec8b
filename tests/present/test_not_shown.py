"""Why a value is not shown: the right reason in every place, and nothing that would tell a withheld count."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.catalogue.texts import texts
from quartiersatlas.disclosure.reasons import NO_VALUE, WITHHELD
from quartiersatlas.errors import ColumnError
from quartiersatlas.present.map.payload import map_json
from quartiersatlas.present.statements import GAPS, cell_text, method_texts, total_gap

TEXTS = {"title": "T", "source": "Q", "as_of": "31.12.2024", "comment": "K"}
RATE = {
    "few": ("small_area", "zu wenige Einwohner", "too few residents"),
    "unknown": ("unknown_residents", "Einwohnerzahl unbekannt", "number of residents unknown"),
    "secret": ("source", "Quelle: geheim", "secret at source"),
    "small": ("protected", "geschützt", "protected"),
    "gap": ("missing", "keine Angabe", "no data"),
    "empty": ("not_applicable", "nicht anwendbar", "not applicable"),
    "nobody": ("not_applicable", "unbewohnt", "uninhabited"),
}
CLASS = {
    "few": ("small_area", "zu wenige Einwohner", "too few residents"),
    "secret": ("derived", "Grundlage nicht ausgewiesen", "basis not shown"),
    "small": ("derived", "Grundlage nicht ausgewiesen", "basis not shown"),
    "gap": ("missing", "keine Angabe", "no data"),
    "empty": ("not_applicable", "nicht anwendbar", "not applicable"),
    "park": ("excluded", "nicht im Index bewertet", "not in the index"),
}
SENTENCE = {
    "de": "nicht ausgewiesen: wenige Fälle hier, oder der Wert eines Nachbargebiets ließe sich sonst errechnen",
    "en": "not shown: few cases here, or because a neighbour's value could be computed otherwise",
}


@pytest.mark.parametrize(("key", "expected"), RATE.items(), ids=RATE)
def test_a_rate_says_why_it_is_not_shown(kinds, key, expected):
    code, german, english = expected
    column = kinds.column("sgb2_rate")
    assert kinds.reason_not_shown(key, "sgb2_rate") == code
    assert (cell_text(kinds, key, column, "de"), cell_text(kinds, key, column, "en")) == (german, english)


@pytest.mark.parametrize(("key", "expected"), CLASS.items(), ids=CLASS)
def test_a_class_says_why_it_is_not_shown(kinds, key, expected):
    code, german, english = expected
    for name in ("need_status", "need_status_class"):
        column = kinds.column(name)
        assert kinds.reason_not_shown(key, name) == code
        assert (cell_text(kinds, key, column, "de"), cell_text(kinds, key, column, "en")) == (german, english)


def test_a_reason_stands_where_there_is_no_value_and_nowhere_else(kinds):
    pd.testing.assert_frame_equal(kinds.reasons_not_shown.ne(""), kinds.values.isna())
    known = {*WITHHELD, *NO_VALUE, ""}
    assert set(np.unique(kinds.reasons_not_shown.to_numpy().astype(str))) <= known
    with pytest.raises(ColumnError, match="sgb2_rate"):
        kinds.reason_not_shown("small", "sgb2_rat")


def test_the_counts_of_a_rate_are_not_shown_for_its_reason(kinds):
    """The denominator beside a count that the source keeps secret is no small count of anybody."""
    reasons = kinds.reasons_not_shown.loc[["secret", "small", "gap"]]
    assert reasons["sgb2_rate_numerator"].tolist() == ["source", "protected", "missing"]
    assert reasons["sgb2_rate_denominator"].tolist() == ["source", "protected", ""]


def test_a_change_is_not_shown_for_the_reason_of_either_date(kinds_data):
    data = kinds_data
    earlier = replace(data, period="2020", values=data.values.copy(), status=data.status.copy())
    earlier.values.loc["shown0", ["recipients", "sgb2_rate"]] = np.nan
    earlier.status.loc["shown0", ["recipients", "sgb2_rate"]] = "suppressed"
    earlier.values.loc["shown1", "residents"] = 100
    changed = qa.add_change(replace(data, period="2024"), earlier, ["sgb2_rate"])
    reasons = qa.release(changed, columns=["sgb2_rate_change"]).reasons_not_shown["sgb2_rate_change"]
    assert reasons[["secret", "gap", "shown0"]].tolist() == ["source", "missing", "source"]
    assert reasons["shown1"] == "derived"  # it was small then, and is not now


def test_nothing_is_small_at_zero_denominators_that_are_withheld(make_city):
    """A rate on nobody says so only where the denominator is shown: in a small area it tells a count."""
    index = pd.Index([f"k{i}" for i in range(8)], name="key")
    table = pd.DataFrame({"residents": [1000.0] * 8, "x": [200.0] * 8, "n": [900.0] * 8}, index=index)
    found = []
    for n in (0.0, 40.0):
        table.loc["k0"] = [200.0, 0.0, n]
        data = qa.add_rates(make_city(table), {"sgb2_rate": ("x", "n")})
        found.append(qa.release(data, columns=["sgb2_rate"]).reasons_not_shown.loc["k0"].tolist())
    assert found[0] == found[1] == ["small_area"] * 3


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_map_has_the_reason_of_each_area_and_its_words(kinds, lang):
    content = json.loads(map_json(kinds, lang))
    gaps = next(column["gaps"] for column in content["columns"] if column["id"] == "sgb2_rate")
    words = content["words"]
    for number, key in enumerate(content["areas"]["keys"]):
        if key in RATE:
            assert words[f"gap_{gaps.get(str(number), 'missing')}"] == RATE[key][1 if lang == "de" else 2]
    assert words["why_protected"] == SENTENCE[lang]


@pytest.mark.parametrize("lang", ["de", "en"])
def test_report_and_profile_give_the_sentence_of_each_reason_that_occurs(kinds, lang, tmp_path):
    report = qa.report(kinds, tmp_path / "r.html", lang=lang).read_text(encoding="utf-8").replace("&#39;", "'")
    position = 0 if lang == "de" else 1
    occurring = ["small_area", "source", "protected", "derived", "missing", "uninhabited", "excluded"]
    for gap in occurring:
        assert f"{texts()[f'gap_{gap}'][position]} – {texts()[f'why_{gap}'][position]}" in report
    assert texts()["why_unreliable"][position] not in report
    for key, (_, *words) in RATE.items():
        profile = qa.profile(kinds, key, lang=lang).markdown()
        assert f"| {words[position]} |" in profile
    assert SENTENCE[lang] in qa.profile(kinds, "small", lang=lang).markdown()
    assert SENTENCE[lang] not in qa.profile(kinds, "gap", lang=lang).markdown()
    assert texts()["why_excluded"][position] in qa.profile(kinds, "park", lang=lang).markdown()


@pytest.mark.parametrize("lang", ["de", "en"])
def test_files_say_in_the_note_beside_a_cell_why_it_is_empty(kinds, lang, tmp_path):
    file = qa.export(kinds, tmp_path / "a.csv", lang=lang)
    table = pd.read_csv(
        file, sep={"de": ";", "en": ","}[lang], dtype=str, keep_default_na=False, encoding="utf-8-sig"
    ).set_index("key")
    position = 1 if lang == "de" else 2
    assert {key: table["sgb2_rate_note"][key] for key in RATE} == {key: words[position] for key, words in RATE.items()}
    noted = table["need_status_class_note"]
    assert {key: noted[key] for key in CLASS} == {key: words[position] for key, words in CLASS.items()}
    meaning = file.with_suffix(".columns.csv").read_text(encoding="utf-8-sig")
    assert f"{RATE['small'][position]} – {SENTENCE[lang]}" in meaning
    with ZipFile(qa.export(kinds, tmp_path / "a.xlsx", lang=lang)) as book:
        strings = book.read("xl/sharedStrings.xml").decode()
    assert {words[position] for words in RATE.values()} <= set(re.findall(r"<t[^>]*>([^<]*)</t>", strings))


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_sheet_has_an_entry_and_a_sentence_for_each_reason(kinds, lang, tmp_path):
    from pypdf import PdfReader

    pages = PdfReader(qa.figure(kinds, "sgb2_rate", lang=lang).save(tmp_path / "a.pdf")).pages
    words = " ".join(" ".join(page.extract_text() for page in pages).split())
    position = 1 if lang == "de" else 2
    for _, *said in RATE.values():
        assert f"{said[position - 1]} (" in words
    assert SENTENCE[lang] in words


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        (["missing", "missing"], "missing"),
        (["missing", "uninhabited"], "missing"),
        (["missing", "protected"], "derived"),
        (["protected"], "derived"),
        (["source"], "derived"),
        (["unknown_residents"], "unknown_residents"),
        (["not_applicable"], "not_applicable"),
        ([], "not_applicable"),
    ],
)
def test_a_number_over_several_areas_has_their_reason_where_it_is_one_and_public(gaps, expected):
    assert total_gap(gaps) == expected
    assert expected in GAPS


def test_the_method_counts_what_is_not_shown_by_reason(kinds):
    counts = kinds.reasons_not_shown["sgb2_rate"].value_counts()
    line = next(line for line in method_texts(kinds, "de") if line.startswith("SGB-II-Quote: nicht ausgewiesene"))
    assert f"geschützt ({counts['protected']}), zu wenige Einwohner (1), Einwohnerzahl unbekannt (1)" in line
    assert "Quelle: geheim (1)" in line
    assert f"Gebiete: {counts['protected'] + 3} –" in line  # neither missing nor not applicable


@pytest.fixture
def districts(make_city):
    """Build six areas in three districts of two; recipients of the first two as given."""

    def build(first, second):
        table = pd.DataFrame(
            {"residents": [1000.0] * 6, "recipients": [first, second, 120, 300, 210, 260], "under_65": [900.0] * 6},
            index=pd.Index([f"A{i}" for i in range(6)], name="key"),
        )
        city = make_city(table, parents={"bezirk": ["Nord"] * 2 + ["Mitte"] * 2 + ["Süd"] * 2})
        return qa.add_rates(city, {"sgb2_rate": ("recipients", "under_65")})

    return build


def outputs(data, need_rules, folder):
    """Return every output of a release as bytes."""
    folder.mkdir()
    need = qa.need_index(data, qa.NeedSpec.from_dict(need_rules))
    shortlist = qa.screen(data, qa.above_city("sgb2_rate"), need=need)
    segregation = qa.measure_segregation(data, ["recipients"], population="under_65")
    released = qa.release(data, need=need, shortlist=shortlist, segregation=segregation, **TEXTS)
    files = [folder / f"a{ending}" for ending in (".csv", ".xlsx", ".gpkg", ".geojson")]
    made = {file.name: qa.export(released, file).read_bytes() for file in files}
    for lang in ("de", "en"):
        made[f"map {lang}"] = qa.atlas_map(released, lang=lang).html().encode()
        made[f"report {lang}"] = qa.report(released, folder / f"{lang}.html", lang=lang).read_bytes()
        made[f"profile {lang}"] = "".join(
            qa.profile(released, key, lang=lang).html() for key in data.areas.index
        ).encode()
    return made, released


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_which_of_two_withheld_counts_is_the_small_one_changes_no_byte(districts, need_rules, tmp_path):
    one, released = outputs(districts(1.0, 61.0), need_rules, tmp_path / "one")
    other, _ = outputs(districts(61.0, 1.0), need_rules, tmp_path / "other")
    assert released.reasons_not_shown["sgb2_rate"].tolist() == ["protected"] * 2 + [""] * 4
    assert [name for name in one if one[name] != other[name]] == []


def second(data, **options):
    lines = method_texts(qa.release(data, protection=qa.Protection(**options), **TEXTS), "en")
    return [line for line in lines if "at least" in line]


def test_the_method_box_claims_what_was_audited_and_no_more(districts):
    data = districts(40.0, 61.0)
    (line,) = second(data)
    assert "at least 4 values" in line  # 3 + 1
    assert "totals of the city and of the larger areas (bezirk)" in line
    assert "except counts that no withholding could protect better" in line
    (line,) = second(data, min_count=5, totals=("city",))
    assert "at least 6 values" in line
    assert "totals of the city as well" in line
    assert "bezirk" not in line
    (line,) = second(data, totals=())
    assert "totals of the city as well" in line  # the release shows the rates of the city
    assert second(data, secondary=False) == []
    assert second(data, min_count=1) == []


def test_rounding_claims_the_width_of_its_steps(districts):
    lines = second(districts(40.0, 61.0), round_base=5, min_count=1, totals=("city",))
    assert lines == ["Small counts that are shown rounded stay open to at least 3 values."]  # 5 // 2 + 1


def test_ready_made_shares_are_shown_as_delivered_and_never_called_protected(make_city):
    catalogue = qa.Catalogue.builtin().add(qa.Indicator(id="quote", label_de="Quote", label_en="Quota", kind="share"))
    index = pd.Index([f"k{i}" for i in range(8)], name="key")
    table = pd.DataFrame({"residents": [9000.0] * 8, "quote": [10.5 + i for i in range(8)]}, index=index)
    data = make_city(table, catalogue=catalogue)
    released = qa.release(data, columns=["quote"])
    assert "Quote: fertige Anteile, gezeigt wie geliefert." in method_texts(released, "de")
    assert "Quota: ready-made shares, shown as delivered." in method_texts(released, "en")
