"""Candidate areas bear the names that a reader understands: with their surroundings, doubles with a direction."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa

NAMES = {
    "de": ["P1 Markt und Umgebung (West)", "P2 Markt (Ost)"],
    "en": ["P1 Markt and surroundings (west)", "P2 Markt (east)"],
}


@pytest.fixture(scope="module")
def release():
    shapes = [shapely.box(1000 * x, 0, 1000 * x + 1000, 1000) for x in range(6)]
    names = ["Hang", "Markt", "Aue", "Wald", "Feld", "Markt"]
    areas = gpd.GeoDataFrame({"name": names}, index=list("abcdef"), geometry=shapes, crs=25832)
    table = pd.DataFrame({"poor": [900.0, 900, 50, 50, 50, 900], "residents": [2000.0, 3000, 2000, 2000, 2000, 2500]})
    table.index = areas.index
    data = qa.add_rates(qa.join(areas, table), {"child_poverty_u15": ("poor", "residents")})
    shortlist = qa.screen(data, qa.above("child_poverty_u15", 20))
    candidates = qa.candidate_areas(data, shortlist)
    return qa.release(
        data, shortlist=shortlist, candidates=candidates, title="t", source="s", as_of="2024", comment="c"
    )


@pytest.mark.parametrize("lang", ["de", "en"])
def test_names_are_the_same_on_map_report_profile_and_in_files(release, lang, tmp_path):
    names = NAMES[lang]
    report = qa.report(release, tmp_path / "report.html", lang=lang).read_text(encoding="utf-8")
    atlas = qa.atlas_map(release, lang).save(tmp_path / "atlas.html").read_text(encoding="utf-8")
    assert all(name in report and f'"label":"{name}"' in atlas and f"{name}: " in atlas for name in names)
    table = qa.export(release, tmp_path / "candidates.csv", table="candidates", lang=lang)
    rows = pd.read_csv(table, sep={"de": ";", "en": ","}[lang], encoding="utf-8-sig").iloc[:, :2].to_numpy()
    assert [f"{key} {name}" for key, name in rows] == names
    profile = qa.profile(release, "f", lang=lang).save(tmp_path / "profile.html").read_text(encoding="utf-8")
    assert names[1] in profile
