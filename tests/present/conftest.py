"""The sample city run once, and small invented cities for everything that needs known numbers or hostile text."""

from __future__ import annotations

import tomllib
import warnings
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa

SAMPLE = Path(__file__).parents[2] / "sample_data"
NEED_CLASSES = [
    {"id": "low", "upper": 0, "label_de": "niedrig", "label_en": "low"},
    {"id": "high", "label_de": "hoch", "label_en": "high"},
]
NEED_RULES = {
    "id": "t",
    "source": "t",
    "axes": [
        {
            "id": "status",
            "label_de": "Status",
            "label_en": "Status",
            "classes": NEED_CLASSES,
            "indicators": [{"id": "sgb2_rate"}],
        }
    ],
}
# one area of each kind: key -> residents, recipients, under 65; the last nine show everything they can
KINDS = {
    "few": (200, 50, 190),
    "unknown": (np.nan, 300, 900),
    "secret": (1000, np.nan, 900),
    "small": (1000, 1, 900),
    "gap": (1000, np.nan, 900),
    "empty": (1000, 0, 0),
    "nobody": (0, 0, 0),
    "park": (1000, 310, 900),
    **{f"shown{i}": (1000, 200 + 10 * i, 900) for i in range(8)},
}


@pytest.fixture(scope="session")
def sample(outcome):
    """Return the run of the sample project: its release, those of earlier dates, its files by name, its folder."""
    result, folder = outcome
    files = {file.name: file for file in result.files}
    return SimpleNamespace(release=result.release, earlier=result.atlas.earlier, folder=folder, files=files)


@pytest.fixture(scope="session")
def exported(sample):
    """Return the areas of the sample city as another program reads them from the GeoPackage."""
    return gpd.read_file(sample.folder / "atlas.gpkg", layer="areas").set_index("key")


@pytest.fixture(scope="session")
def counts():
    """Return the counts of the sample city read by hand: "." is secret, "-" is zero, the totals row is dropped."""
    raw = pd.read_csv(SAMPLE / "indikatoren_2024.csv", sep=";", encoding="cp1252", dtype=str).set_index("Stadtteil")
    numbers = raw.drop(index="0000").drop(columns=["Name", "Bezirk", "Hinweis"])
    numbers = numbers.mask(numbers.eq("-"), "0").mask(numbers.isin([".", "x"]))
    return numbers.apply(lambda column: column.str.replace(".", "").str.replace(",", ".").astype(float))


@pytest.fixture(scope="session")
def pairs():
    """Return numerator and denominator of each indicator, as the project file names them."""
    with (SAMPLE / "projekt.toml").open("rb") as file:
        return tomllib.load(file)["indicators"]


@pytest.fixture(scope="session")
def make_city():
    """Return a function that lays areas of 500 m side by side, four in a row, and joins a table to them."""

    def city(table, *, names=None, parents=None, **options):
        shapes = [
            shapely.box(
                450_000 + 500 * (i % 4), 5_650_000 + 500 * (i // 4), 450_500 + 500 * (i % 4), 5_650_500 + 500 * (i // 4)
            )
            for i in range(len(table))
        ]
        areas = gpd.GeoDataFrame(
            {"name": names or [f"Gebiet {key}" for key in table.index], **(parents or {})},
            index=table.index,
            geometry=shapes,
            crs="EPSG:25832",
        )
        return qa.join(areas, table, **options)

    return city


@pytest.fixture(scope="session")
def town(make_city):
    """Return twelve areas with a rate, all large enough to be shown: a tenth to a third receive benefits."""
    table = pd.DataFrame(
        {
            "residents": [1000 + 50 * i for i in range(12)],
            "recipients": [100 + 20 * i for i in range(12)],
            "under_65": [900 + 10 * i for i in range(12)],
        },
        index=pd.Index([f"{i:02d}" for i in range(1, 13)], name="key"),
    )
    data = make_city(table, parents={"bezirk": ["Nord"] * 4 + ["Süd"] * 8})
    return qa.add_rates(data, {"sgb2_rate": ("recipients", "under_65")})


@pytest.fixture(scope="session")
def town_release(town):
    """Return a complete release of the town with a shortlist and candidate areas."""
    shortlist = qa.screen(town, qa.worst_share("sgb2_rate", 0.25))
    candidates = qa.candidate_areas(town.areas, shortlist)
    return qa.release(
        town,
        shortlist=shortlist,
        candidates=candidates,
        title="Bedarfslagen",
        source="Statistikstelle",
        as_of="31.12.2024",
        comment="Ein Kommentar.",
    )


@pytest.fixture(scope="session")
def need_rules():
    """Return the rules of an index of one rate, as a mapping."""
    return NEED_RULES


@pytest.fixture(scope="session")
def kinds_data(make_city):
    """Return a town with one area of each kind; what is not told is a status, not a number."""
    columns = ["residents", "recipients", "under_65"]
    table = pd.DataFrame.from_dict(KINDS, orient="index", columns=columns, dtype=float).rename_axis("key")
    city = make_city(table)
    city.status.loc["secret", "recipients"] = "suppressed"
    return qa.add_rates(city, {"sgb2_rate": ("recipients", "under_65")})


@pytest.fixture(scope="session")
def kinds(kinds_data):
    """Return its release with a need index from which one area is left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few areas, some of another class than in the house
        need = qa.need_index(kinds_data, qa.NeedSpec.from_dict(NEED_RULES), exclude={"park": "Park"})
        return qa.release(kinds_data, need=need, title="T", source="Q", as_of="31.12.2024", comment="K")


@pytest.fixture(scope="session")
def make_hostile(make_city):
    """Return a function: one text -> a release that has it in every field a reader can fill."""

    @cache  # a release is sealed
    def hostile(text):
        keys = pd.Index([f"{text.strip()}{i}" for i in range(32)], name="key")
        table = pd.DataFrame(
            {
                "residents": [1000.0 + i for i in range(32)],
                text: [100.0 + 20 * i for i in range(32)],
                "base": [900.0] * 32,
                "notice": [text] * 32,
            },
            index=keys,
        )
        words = {
            f"{part}_{lang}": text for part in ("label", "numerator", "denominator", "caveat") for lang in ("de", "en")
        }
        defined = {name: value for name, value in words.items() if name.startswith("numerator")}
        catalogue = qa.Catalogue.builtin().add(
            qa.Indicator(id="rate", role="index", direction=1, **words),
            qa.Indicator(id=f"{text} ", label_de=f"{text} ", label_en=f"{text} ", **defined),
        )
        city = make_city(table, names=[text] * 32, parents={"bezirk": [text] * 32}, catalogue=catalogue)
        data = qa.add_rates(city, {"rate": (text, "base"), f"{text} ": (text, "residents")})
        spec = qa.NeedSpec.from_dict(
            {
                "id": text,
                "source": text,
                "axes": [
                    {
                        "id": "status",
                        "label_de": text,
                        "label_en": text,
                        "indicators": [{"id": "rate"}],
                        "classes": [
                            {"id": "low", "upper": 0.0, "label_de": text, "label_en": text},
                            {"id": "high", "label_de": text, "label_en": text},
                        ],
                    }
                ],
            }
        )
        need = qa.need_index(data, spec, exclude={keys[0]: text})
        shortlist = qa.screen(data, qa.in_class("status", "high") & qa.above_city("rate"), need=need)
        further = gpd.GeoDataFrame(
            {"name": [text], "kind": [text]}, geometry=[data.areas.geometry.iloc[1].buffer(100)], crs=data.areas.crs
        )
        return qa.release(
            data,
            need=need,
            shortlist=shortlist,
            candidates=qa.candidate_areas(data.areas, shortlist),
            segregation=qa.measure_segregation(data, groups=[text], population="residents"),
            programmes=further,
            facilities=further.set_geometry(further.centroid),
            title=text,
            subtitle=text,
            source=text,
            as_of=text,
            comment=text,
        )

    return hostile


def drawn_columns(content):
    """Return the columns of a page as they are drawn first: values in their unit, colours and limits; no matrix."""
    columns = []
    for column in content["columns"]:
        if "matrix" in column:
            continue
        scheme = next(iter(column["schemes"].values()))
        values, shift = column["values"], 10 ** column["decimals"]
        if values is None:
            pairs = zip(content["counts"][column["numerator"]], content["counts"][column["denominator"]], strict=True)
            values = [None if x is None or not n else round(x / n * column["per"] * shift) for x, n in pairs]
        if "classes" not in column:
            values = [None if value is None else value / shift for value in values]
        columns.append({**column, "values": values, "colors": scheme["colors"], "breaks": scheme["breaks"]})
    return columns


@pytest.fixture(scope="session")
def drawn():
    return drawn_columns


@pytest.fixture(scope="session")
def coast():
    """Return the release of a town at the sea whose island, a selected area, lies 75 km off the coast."""
    shapes = [
        shapely.box(x, y, x + 1500, y + 1500)
        for y in range(5_900_000, 5_906_000, 1500)
        for x in range(540_000, 547_500, 1500)
    ]
    shapes.append(shapely.box(466_000, 5_930_000, 467_600, 5_931_000))
    keys = pd.Index([f"{i:02d}" for i in range(1, 22)], name="key", dtype=object)
    names = [*(f"Quartier {key}" for key in keys[:-1]), "Vogelsand"]
    areas = gpd.GeoDataFrame({"name": names}, index=keys, geometry=shapes, crs="EPSG:25832")
    residents = [1500.0 + 40 * i for i in range(20)] + [600.0]
    recipients = [120.0 + 9 * i for i in range(20)] + [150.0]
    table = pd.DataFrame({"residents": residents, "recipients": recipients}, index=keys)
    data = qa.add_rates(qa.join(areas, table), {"sgb2_rate": ("recipients", "residents")})
    shortlist = qa.screen(data, qa.worst_share("sgb2_rate", 0.2))
    candidates = qa.candidate_areas(data, shortlist, min_population=500)
    words = {"title": "Stadt am Meer", "source": "Statistikstelle", "as_of": "2024-12-31", "comment": "Erfunden."}
    return qa.release(data, shortlist=shortlist, candidates=candidates, **words)
