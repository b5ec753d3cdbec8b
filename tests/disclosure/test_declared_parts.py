"""Parts that share nobody are at most their whole: the whole is withheld where a part could not move otherwise."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa


@pytest.mark.parametrize(
    ("p", "q", "whole"),
    [
        ([0, 1, 2, 2, 2, 9], [0, 6, 0, 1, 3, 5], [0, 9, 3, 3, 9, 18]),  # in 03 nothing is left beside p and q
        ([0, 9, 0, 9, 5, 6], [0, 3, 11, 0, 3, 4], [0, 14, 11, 9, 8, 10]),
        ([0, 7, 8, 10, 6, 9], [0, 2, 0, 3, 3, 10], [0, 9, 10, 17, 9, 23]),
    ],
)
def test_parts_stay_open_where_their_whole_has_to_move_with_them(p, q, whole):
    keys = [f"{k:02}" for k in range(6)]
    counts = pd.DataFrame({"residents": [100, *[1000] * 5], "p": p, "q": q, "whole": whole}, index=keys)
    shapes = [shapely.box(4e5 + 1000 * k, 5.5e6, 4e5 + 1000 * k + 1000, 5.501e6) for k in range(6)]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    data = qa.add_relations(qa.join(areas, counts, population="residents"), parts={"whole": ["p", "q"]})
    data = qa.add_rates(data, {f"{name}_share": (name, "residents") for name in ("p", "q", "whole")})
    with pytest.warns(UserWarning, match="definition"):
        release = qa.release(
            data,
            title="Parts",
            source="Register",
            as_of="2024",
            comment="A table.",
            protection=qa.Protection(find_sums=False),
        )
    audit = release.audit()
    asked = audit.table[audit.table["need"] > 0]
    assert set(asked["verdict"]) <= {"open", "few"}
    both = release.values[["p_share_numerator", "q_share_numerator", "whole_share_numerator"]].isna()
    assert both.loc["00"].all()  # the small area
