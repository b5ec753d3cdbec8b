"""The profile of an area: values by hand, gaps in words, need and potentials, comparison only where it is meant."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.catalogue import Catalogue, action_bundles
from quartiersatlas.catalogue.indicators import DOMAINS
from quartiersatlas.errors import InputError, ReleaseError, SpecError

TEXTS = {"title": "T", "source": "Q", "as_of": "31.12.2024", "comment": "K"}
ONLY_SMALL = qa.Protection(min_population=0, protect_remainder=False, secondary=False)


@pytest.fixture(scope="module")
def sample_profile(sample):
    key = sample.release.selected.index[sample.release.selected][0]
    return qa.profile(sample.release, key)


def of(record, name):
    return next(row for row in record["indicators"] if row["id"] == name)


@pytest.fixture
def benefits(make_city):
    """Build ten areas in two districts: benefits from 5 to 50 %, migration background the other way round."""

    def build(first=50.0, catalogue=None, **columns):
        table = pd.DataFrame(
            {
                "residents": [1000.0] * 10,
                "poor": [first, *(50.0 * i for i in range(2, 11))],
                "mh": [50.0 * i for i in range(10, 0, -1)],
                **columns,
            },
            index=[f"A{i}" for i in range(10)],
        )
        parents = {"bezirk": ["Nord"] * 4 + ["Süd"] * 6}
        city = make_city(table, parents=parents, **({"catalogue": catalogue} if catalogue else {}))
        return qa.add_rates(city, {"sgb2_rate": ("poor", "residents"), "mh_share": ("mh", "residents")})

    return build


def test_an_area_stands_beside_its_district_and_the_city(benefits):
    row = of(qa.profile(qa.release(benefits(), **TEXTS), "A2", format="dict"), "sgb2_rate")
    assert (row["value"], row["numerator"], row["denominator"]) == (15.0, 150, 1000)
    assert row["city"] == 27.5  # 50 + 100 + ... + 500 = 2750 of 10000
    assert row["difference"] == -12.5
    # Nord: 50 + 100 + 150 + 200 = 500 of 4000
    assert row["parents"] == {"bezirk": {"name": "Nord", "value": 12.5, "known": 4, "areas": 4}}


def test_a_district_value_leaves_out_what_is_not_shown_and_says_so(benefits):
    release = qa.release(benefits(first=2.0), **TEXTS, protection=ONLY_SMALL)
    profile = qa.profile(release, "A1")
    parent = of(profile.record, "sgb2_rate")["parents"]["bezirk"]
    assert parent == {"name": "Nord", "value": 15.0, "known": 3, "areas": 4}  # 450 of 3000, without A0
    assert "aus 3 von 4 Gebieten" in profile.html()


def test_a_hidden_cell_is_told_in_words_and_its_count_is_nowhere(benefits):
    release = qa.release(benefits(first=2.0), **TEXTS, protection=ONLY_SMALL)
    profile = qa.profile(release, "A0")
    row = of(profile.record, "sgb2_rate")
    assert row["value"] is row["numerator"] is row["denominator"] is row["difference"] is None
    assert (row["status"], row["text"]) == ("protected", "geschützt")
    assert "| SGB-II-Quote (1) | geschützt | 15,0\u202f% aus" not in profile.markdown()
    assert re.search(r"SGB-II-Quote \(1\) \| geschützt \|", profile.markdown())
    assert not row["high"]


@pytest.mark.parametrize(("residents", "words"), [(250.0, "zu wenige Einwohner"), (0.0, "unbewohnt")])
def test_an_area_without_indicators_says_why(benefits, residents, words):
    data = benefits(residents=[residents, *[1000.0] * 9], poor=[0.0, *[100.0] * 9], mh=[0.0, *[100.0] * 9])
    profile = qa.profile(qa.release(data, **TEXTS), "A0")
    assert f"Für dieses Gebiet werden keine Indikatoren ausgewiesen: {words}." in profile.html()
    assert {row["value"] for row in profile.record["indicators"]} == {None}


def test_the_sample_city_by_hand(sample, sample_profile, counts, pairs):
    record = sample_profile.record
    bezirk = record["parents"]["bezirk"]
    areas = sample.release.areas
    for name, (numerator, denominator) in pairs.items():
        row = of(record, name)
        x, n = counts[numerator][record["key"]], counts[denominator][record["key"]]
        half = 0.5 * 10.0 ** -sample.release.column(name).decimals
        assert row["value"] == pytest.approx(100 * x / n, abs=half + 1e-9)
        shown = sample.release.values[name].notna() & areas["bezirk"].eq(bezirk)
        # districts reported as one have no row of their own in the table
        keys = [key for key in shown.index[shown] if key in counts.index]
        if len(keys) == shown.sum():
            district = 100 * counts[numerator][keys].sum() / counts[denominator][keys].sum()
            assert row["parents"]["bezirk"]["value"] == pytest.approx(district, abs=half + 1e-9)
    assert record["residents"] == counts["Einwohner"][record["key"]]


def test_footnotes_define_every_indicator_in_the_order_of_the_table(sample_profile):
    record = sample_profile.record
    assert [row["footnote"] for row in record["indicators"]] == list(range(1, len(record["indicators"]) + 1))
    for row, note in zip(record["indicators"], record["footnotes"], strict=True):
        indicator = Catalogue.builtin()[row["id"].removesuffix("_change")]
        assert note.startswith(f"{row['label']}: {indicator.definition('de')}")
        assert indicator.caveat("de") in note
        assert f"({row['footnote']}) {note}" in [
            line for block in sample_profile.document(".html").blocks for line in lines(block)
        ]


def lines(block):
    return getattr(block, "items", ())


def test_drivers_add_up_to_the_distance_of_the_score_from_the_mean(sample):
    release = sample.release
    scores = release.values["need_status"]
    total = release.drivers["status"].sum(axis=1, min_count=4).dropna()
    # of the scored areas, some of which are not shown: the mean of the scores is 0 for a score that is standardised
    assert len(total) > 70
    assert (total - scores[total.index]).abs().max() <= 4 * 0.05 + 0.005 + 1e-9  # four roundings and that of the score


def test_drivers_are_hidden_where_score_or_indicator_are(sample):
    release = sample.release
    for axis, name in release.drivers.columns:
        shown = release.values[f"need_{axis}"].notna() & release.values[name].notna()
        assert release.drivers[axis, name].notna().equals(shown)
    assert {name for _, name in release.drivers.columns} <= set(release.values.columns)
    assert "sgb2_rate_change" in release.drivers.columns.get_level_values(1)  # the members of an index leave with it


def test_class_score_and_drivers_are_told(sample, sample_profile):
    status = sample_profile.record["need"][0]
    key = sample_profile.record["key"]
    assert status["score"] == sample.release.values["need_status"][key]
    assert status["class"] == sample.release.values["need_status_class"][key]
    strongest = max(status["drivers"], key=lambda driver: driver["contribution"])
    page = sample_profile.html()
    assert f"erhöhen den Indexwert vor allem: {strongest['label']}" in page


def test_reasons_and_candidate_are_told(sample, sample_profile):
    selection = sample_profile.record["selection"]
    assert selection["selected"]
    assert len(selection["reasons"]) == 3
    assert selection["candidate"] == sample.release.members[sample_profile.record["key"]]
    assert f"Es gehört zum Prüfgebiet {selection['candidate']} " in sample_profile.html()


def test_not_selected_and_not_assessed_are_two_things(sample):
    release = sample.release
    out = release.areas.index[release.assessed & ~release.selected][0]
    unknown = release.areas.index[~release.assessed & release.state.eq("shown")][0]
    assert "erfüllt die Auswahlregel nicht. Das heißt nicht" in qa.profile(release, out, format="html")
    assert "lässt sich nicht sagen" in qa.profile(release, unknown, format="html")


def test_facilities_are_those_inside_the_area(sample, sample_profile):
    release = sample.release
    inside = gpd.clip(release.facilities, release.areas.geometry[sample_profile.record["key"]])
    assert len(inside) == 2
    assert {row["name"] for row in sample_profile.record["facilities"]} == set(inside["name"])


def test_resources_stand_under_potentials_and_their_absence_is_told(benefits, make_city):
    assert "Zu Potenzialen liegen keine Angaben vor." in qa.profile(
        qa.release(benefits(), **TEXTS), "A0", format="html"
    )
    table = pd.DataFrame(
        {"members": range(50, 60), "kids": 200.0, "residents": 1000.0}, index=[f"A{i}" for i in range(10)]
    )
    data = qa.add_rates(make_city(table), {"sports_club_membership_u18": ("members", "kids")})
    text = qa.profile(qa.release(data, **TEXTS), "A0", format="markdown")
    assert "keine Angaben vor" not in text
    assert text.index("## Potenziale") < text.index("Vereinsmitgliedschaft Minderjähriger (1)")
    assert "## Indikatoren" not in text


def test_actions_follow_high_need_and_never_the_share_of_a_group(benefits):
    release = qa.release(benefits(), **TEXTS)
    highest = qa.profile(release, "A9", format="dict")
    assert {row["id"] for row in highest["actions"]} == {b.id for b in action_bundles() if "sgb2_rate" in b.triggers}
    assert all(row["because"] == ["SGB-II-Quote"] for row in highest["actions"])
    # the area with the highest share of residents with migration background has the lowest receipt of benefits
    assert qa.profile(release, "A0", format="dict")["actions"] == []
    # a fifth of ten areas are two: 50 and 45 %
    assert [bool(qa.profile(release, f"A{i}", format="dict")["actions"]) for i in (7, 8, 9)] == [False, True, True]


def test_equal_values_of_many_areas_are_not_high(benefits):
    release = qa.release(benefits(poor=[50.0] * 7 + [400.0] * 3), **TEXTS)
    assert not any(of(qa.profile(release, f"A{i}", format="dict"), "sgb2_rate")["high"] for i in range(10))


def test_fields_of_action_name_known_indicators_in_both_languages():
    bundles = action_bundles()
    assert len({bundle.id for bundle in bundles}) == len(bundles) == 21
    known = Catalogue.builtin()
    for bundle in bundles:
        assert bundle.domain in DOMAINS
        assert [name for name in bundle.triggers if name not in known] == []
        for lang in ("de", "en"):
            assert all(part.strip() for part in (bundle.field(lang), bundle.label(lang), bundle.examples(lang)))


def test_notes_stand_beside_the_numbers(town_release):
    page = qa.profile(town_release, "01", notes=["Treffpunkt fehlt <b>"], format="html")
    assert "<li>Treffpunkt fehlt &lt;b&gt;</li>" in page


def test_a_note_that_is_one_text_is_one_line(town_release):
    assert qa.profile(town_release, "01", notes="Treffpunkt fehlt", format="dict")["notes"] == ["Treffpunkt fehlt"]


def test_two_dates_compare(benefits):
    now = qa.release(benefits(first=80.0), **TEXTS)
    then = qa.release(benefits(), **{**TEXTS, "as_of": "31.12.2022"})
    profile = qa.profile(now, "A0", compare_with=then)
    pair = next(row for row in profile.record["comparison"]["indicators"] if row["id"] == "sgb2_rate")
    assert (pair["value"], pair["other"], pair["difference"]) == (8.0, 5.0, 3.0)
    assert profile.record["comparison"]["differs"] == []
    assert "Nicht vergleichbar" not in profile.html()
    assert "+3,0\u202fProzentpunkte" in profile.html()


def test_a_hidden_value_gives_no_difference(benefits):
    now = qa.release(benefits(first=2.0), **TEXTS, protection=ONLY_SMALL)
    pair = qa.profile(now, "A0", compare_with=qa.release(benefits(), **TEXTS), format="dict")["comparison"][
        "indicators"
    ]
    row = next(row for row in pair if row["id"] == "sgb2_rate")
    assert (row["value"], row["difference"], row["text"]) == (None, None, "geschützt")


def test_another_definition_is_refused_and_a_forced_comparison_says_so(benefits, tmp_path):
    own = replace(Catalogue.builtin()["mh_share"], numerator_de="Ausländer und Doppelstaatler")
    now = qa.release(benefits(catalogue=Catalogue.builtin().add(own)), **TEXTS)
    then = qa.release(benefits(), **TEXTS)
    with pytest.raises(SpecError, match=r"do not compare: 'mh_share': 'Ausländer und Doppelstaatler / .*force=True"):
        qa.profile(now, "A0", compare_with=then)
    profile = qa.profile(now, "A0", compare_with=then, force=True)
    remark = (
        "Nicht vergleichbar: Definitionen oder Umrisse unterscheiden sich (Anteil Personen mit Migrationshintergrund)"
    )
    for words in (profile.html(), profile.markdown(), "\n".join(profile.document(".html").texts())):
        assert remark in words
    assert remark in zip_text(profile.save(tmp_path / "a.docx"))


def zip_text(path):
    import docx

    return "\n".join(paragraph.text for paragraph in docx.Document(path).paragraphs)


@pytest.mark.filterwarnings("ignore:Only the definition:UserWarning")
def test_a_column_without_a_definition_compares_by_its_counts(joined):
    def release(column):
        values = {column: [50.0, 60, 70, 80], "residents": [1000.0] * 4}
        return qa.release(qa.add_rates(joined(values), {"rate": (column, "residents")}), **TEXTS)

    assert qa.profile(release("x"), "a0", compare_with=release("x")).record["comparison"]["differs"] == []
    with pytest.raises(SpecError, match="'rate': 'x / residents' here, 'y / residents' there"):
        qa.profile(release("x"), "a0", compare_with=release("y"))


def test_another_unit_is_another_meaning(benefits):
    own = replace(Catalogue.builtin()["sgb2_rate"], unit="per 1000")
    with pytest.raises(SpecError, match="'sgb2_rate': 'per 1000' here, 'percent' there"):
        qa.profile(
            qa.release(benefits(catalogue=Catalogue.builtin().add(own)), **TEXTS),
            "A0",
            compare_with=qa.release(benefits(), **TEXTS),
        )


def test_another_outline_is_refused(benefits):
    now = qa.release(benefits(), **TEXTS)
    moved = now.areas.copy()
    moved.loc["A0", "geometry"] = shapely.box(450_000, 5_650_000, 450_600, 5_650_500)
    with pytest.raises(SpecError, match="the outline of 'A0' differs by 20% of its area"):
        qa.profile(now, "A0", compare_with=replace(now, areas=moved))
    assert (
        qa.profile(now, "A1", compare_with=replace(now, areas=moved)).record["comparison"]["outline_differs"] is False
    )


def test_what_is_not_there_is_refused(benefits, town_release):
    release = qa.release(benefits(), **TEXTS)
    with pytest.raises(ReleaseError, match=r"has no area 'A77'\. Did you mean 'A7'"):
        qa.profile(release, "A77")
    with pytest.raises(ReleaseError, match="to compare with, 'Bedarfslagen', has no area 'A0'; it has 12 areas"):
        qa.profile(release, "A0", compare_with=town_release)
    with pytest.raises(ReleaseError, match="no indicator in common"):
        qa.profile(release, "A0", compare_with=qa.release(benefits(), columns=[], **TEXTS))
    with pytest.raises(SpecError, match="format must be one of None, 'html', 'markdown', 'docx', 'dict', not 'odt'"):
        qa.profile(release, "A0", format="odt")
    with pytest.raises(SpecError, match="lang must be one of"):
        qa.profile(release, "A0", lang="fr")


def test_every_form_of_a_profile(sample_profile, sample, tmp_path):
    key = sample_profile.record["key"]
    assert json.loads(json.dumps(sample_profile.record)) == qa.profile(sample.release, key, format="dict")
    assert qa.profile(sample.release, key, format="html") == sample_profile.html()
    assert qa.profile(sample.release, key, format="docx") == sample_profile.docx()
    for ending in ("html", "md", "docx", "pdf"):
        first, second = (sample_profile.save(tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
        assert first == second
    with pytest.raises(ReleaseError, match=r"'a\.txt': it can be written as \.html, \.md, \.docx and \.pdf"):
        sample_profile.save(tmp_path / "a.txt")
    with pytest.raises(InputError, match="There is no folder"):
        sample_profile.save(tmp_path / "no" / "a.md")


def test_a_draft_carries_its_band(town):
    head, rest = qa.profile(qa.release(town), "01", format="markdown").split("**Entwurf – ", 1)
    assert head.split() == ["Steckbrief", "#", "Gebiet", "01", "Gebiet", "01", "·", "Nord"]
    assert rest.startswith("unkommentiert, ohne Titel, ohne Quelle, ohne Stand**")


@pytest.mark.parametrize("lang", ["de", "en"])
def test_nothing_is_left_over_in_either_language(sample, lang):
    for key in sample.release.areas.index[::9]:
        text = qa.profile(sample.release, key, lang=lang, format="markdown")
        assert not re.search(r"\{|\}|\bnan\b|None|NaN", text)


def test_text_from_data_is_escaped(make_hostile):
    text = "<script>alert(1)</script>"
    release = make_hostile(text)
    page = qa.profile(release, release.areas.index[3], notes=[text], format="html")
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 10


def test_stability_is_told_only_where_the_outcome_is(benefits):
    data = benefits(residents=[250.0, *[1000.0] * 9], poor=[100.0, *(50.0 * i for i in range(2, 11))], mh=[100.0] * 10)
    shortlist = qa.screen(data, qa.worst_share("sgb2_rate", 0.3))
    stability = shortlist.stability(n=50, seed=1)
    release = qa.release(data, shortlist=shortlist, stability=stability, **TEXTS)
    table = release.stability.table
    assert table["label"].notna().equals(release.assessed.rename("label"))
    assert not release.assessed["A0"]
    assert np.isnan(table["p_selected"]["A0"])
    told = table.index[release.assessed]
    # run again on what is released, in which A0 and its company stand at their mean: the clear cases stay
    assert told.isin(["A8", "A9"]).sum() == 2
    assert table["p_selected"][["A8", "A9"]].eq(1).all()
    assert table["p_selected"][["A2", "A3", "A4"]].eq(0).all()
    assert "der Durchläufe" not in qa.profile(release, "A0", format="markdown")
    words = "Das Gebiet wird in 100\u202f% der Durchläufe ausgewählt: Die Auswahl ist sicher."
    assert words in qa.profile(release, "A9", format="markdown")


def test_stability_of_something_else_is_refused(benefits, town):
    data = benefits()
    shortlist = qa.screen(data, qa.worst_share("sgb2_rate", 0.3))
    other = qa.screen(data, qa.worst_share("sgb2_rate", 0.1)).stability(n=5, seed=1)
    with pytest.raises(SpecError, match="another selection than the shortlist: 2 areas"):
        qa.release(data, shortlist=shortlist, stability=other)
    elsewhere = qa.screen(town, qa.worst_share("sgb2_rate", 0.3)).stability(n=5, seed=1)
    with pytest.raises(SpecError, match="stability is of other areas: 22 keys"):
        qa.release(data, shortlist=shortlist, stability=elsewhere)


def test_the_profile_says_where_the_city_value_was_published(joined):
    data = joined(
        {"sgb2_rate": [12.5, 20.0, 8.5], "residents": [800.0, 900, 1000]},
        references={"city": qa.Reference(values={"sgb2_rate": 13.5}, source="Arbeitsagentur", as_of="2023")},
    )
    words = qa.profile(qa.release(data, **TEXTS), "a0", lang="en", format="markdown")
    assert "city value as published (Arbeitsagentur, 2023)" in words
    assert "computed from the counts" not in words


def test_the_profile_says_that_the_city_value_is_from_counts_where_it_is(joined):
    data = qa.add_rates(
        joined({"x": [80.0, 90, 70], "residents": [800.0, 900, 1000]}), {"sgb2_rate": ("x", "residents")}
    )
    words = qa.profile(qa.release(data, **TEXTS), "a0", lang="en", format="markdown")
    assert "The city value is computed from the counts of the areas" in words
