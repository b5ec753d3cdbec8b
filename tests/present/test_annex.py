"""Long tables stand behind the method, and the method box says the same of several indicators once."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.disclosure.words import label
from quartiersatlas.present.acting.annex import MOST_ROWS, with_annex
from quartiersatlas.present.paper import DocumentTable, Heading, Paragraph, TableRow
from quartiersatlas.present.report import report_document
from quartiersatlas.present.statements import fact_text, method_texts


def table(n):
    return DocumentTable(("Gebiet", "Wert"), tuple(TableRow.of(str(k), "1") for k in range(n)), frozenset({1}))


def test_a_long_table_goes_behind_and_its_place_says_so():
    short, long = table(MOST_ROWS), table(MOST_ROWS + 1)
    kept, annex = with_annex([Heading("A"), short, Heading("B"), long, Paragraph("Ende"), long], "de")
    assert kept[:3] == [Heading("A"), short, Heading("B")]
    assert [block.text for block in kept[3:]] == [
        f"Die Tabelle mit {MOST_ROWS + 1} Zeilen steht im Anhang.",
        "Ende",
        f"Die Tabelle mit {MOST_ROWS + 1} Zeilen steht im Anhang.",
    ]
    assert annex == [Heading("Anhang: Tabellen"), Heading("B", 3), long, long]
    assert with_annex([Heading("A"), short], "en") == ([Heading("A"), short], [])


@pytest.fixture(scope="module", params=[MOST_ROWS - 1, MOST_ROWS + 5])
def release(request):
    """A town with a gap: its areas and the town are the rows of the table."""
    n = request.param
    rng = np.random.default_rng(2)
    keys = [f"{k:02}" for k in range(n)]
    areas = gpd.GeoDataFrame(
        {"name": [f"Gebiet {key}" for key in keys]},
        index=keys,
        geometry=[shapely.box(500 * k, 0, 500 * k + 500, 500) for k in range(n)],
        crs="EPSG:25832",
    )
    counts = pd.DataFrame(
        {
            "poor_group": rng.integers(60, 90, n),
            "group": rng.integers(200, 300, n),
            "poor": rng.integers(150, 200, n),
            "people": rng.integers(900, 1200, n),
        },
        index=keys,
    ).astype(float)
    counts.loc[keys[3], ["poor_group", "poor"]] = [1, 70]  # protected
    data = qa.join(areas, counts, population="people")
    data = qa.add_rates(data, {"sgb2_rate": ("poor", "people"), "child_poverty_u15": ("poor_group", "group")})
    gap = qa.group_gap(data, ("poor_group", "group"), ("poor", "people"), reference="others", name="gap")
    words = {"title": "T", "source": "S", "as_of": "31.12.2024", "comment": "K"}
    return qa.release(data, columns=["sgb2_rate", "child_poverty_u15"], gaps=gap, **words)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_table_of_a_gap_follows_the_method_where_it_is_long(release, lang):
    blocks = report_document(release, lang).blocks
    titles = [block.text for block in blocks if isinstance(block, Heading)]
    rows = [len(block.rows) for block in blocks if isinstance(block, DocumentTable)]
    shown = int(release.values["gap_direct"].notna().sum())
    assert shown + 1 in rows  # the city too
    is_long = shown + 1 > MOST_ROWS
    hidden = {"de": "Gebiete, deren Abstand nicht ausgewiesen wird: 2.", "en": "Areas whose gap is not shown: 2."}[lang]
    assert hidden in [block.text for block in blocks if isinstance(block, Paragraph)]
    annex = {"de": "Anhang: Tabellen", "en": "Annex: tables"}[lang]
    assert (annex in titles) == is_long
    if is_long:
        method = {"de": "Methode und Einschränkungen", "en": "Method and limitations"}[lang]
        assert titles.index(method) < titles.index(annex) == len(titles) - 2


def test_what_is_said_of_several_indicators_alike_is_said_once(release):
    """Every label that a line of its own had is named, and a line that is alone stays as it was."""
    lines = method_texts(release, "de")
    facts = [fact for fact in release.facts if "indicator" in fact.values]
    assert sum(", jeweils: nicht ausgewiesene Gebiete: " in line for line in lines) >= 1
    for fact in facts:
        alike = [
            f for f in facts if f.name == fact.name and {**f.values, "indicator": 0} == {**fact.values, "indicator": 0}
        ]
        own = fact_text(release, fact, "de")
        if len(alike) == 1:
            assert own in lines
            continue
        said = own.removeprefix(label(fact.values["indicator"], "de"))
        merged = "; ".join(label(f.values["indicator"], "de") for f in alike) + ", jeweils" + said
        assert lines.count(merged) == 1
        assert own not in lines
