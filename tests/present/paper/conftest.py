"""Maps on paper as a test reads them: parts of an SVG in millimetres, and towns of large plain squares."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa

SVG = "{http://www.w3.org/2000/svg}"


class Picture:
    """A map, parsed."""

    def __init__(self, svg):
        self.svg = svg
        self.root = ET.fromstring(svg)  # noqa: S314 - our own

    def find(self, tag, **attributes):
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return [one for one in self.root.iter(SVG + tag) if all(one.get(k) == v for k, v in wanted.items())]

    @property
    def words(self):
        return ["".join(one.itertext()) for one in self.root.iter(SVG + "text")]

    def boxes(self):
        """Return the frames of the map, the main one first."""
        return [
            shapely.box(x, y, x + width, y + height)
            for clip in self.root.iter(SVG + "clipPath")
            for x, y, width, height in [[float(clip[0].get(side)) for side in ("x", "y", "width", "height")]]
        ]

    def groups(self):
        """Return what is drawn within each frame: a list of (fill, polygons) per frame."""
        return [
            [(one.get("fill"), polygons(one.get("d"))) for one in group.iter(SVG + "path") if one.get("fill") != "none"]
            for group in self.root.iter(SVG + "g")
            if group.get("clip-path")
        ]


def polygons(path):
    """Return the rings of a path of relative steps, read by hand."""
    found = []
    for course in re.findall(r"M([^Mz]*)z", path):
        start, steps = course.split("l")
        x, y = map(float, start.split())
        numbers = [float(one) for one in re.findall(r"-?\d*\.?\d+", steps)]
        ring = [(x, y)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x, y))
        found.append(shapely.Polygon(ring))
    return found


@pytest.fixture(scope="session")
def picture():
    return Picture


@pytest.fixture(scope="session")
def squares():
    """Return a function: sizes and options -> release of squares side by side, a third of them selected."""

    def made(n=12, side=500.0, per_row=4, names=None, levels=None, *, stability=True, crs="EPSG:25832", **words):
        keys = pd.Index([f"{i:02d}" for i in range(1, n + 1)], name="key")
        table = pd.DataFrame(
            {
                "residents": [1000.0 + 50 * i for i in range(n)],
                "recipients": [100.0 + 20 * i for i in range(n)],
                "under_65": [900.0 + 30 * i for i in range(n)],
            },
            index=keys,
        )
        shapes = [
            shapely.box(450_000 + side * (i % per_row), 5_650_000 + side * (i // per_row),
                        450_000 + side * (i % per_row + 1), 5_650_000 + side * (i // per_row + 1))
            for i in range(n)
        ]  # fmt: skip
        parents = {"bezirk": levels or ["Nord"] * (n // 3) + ["Süd"] * (n - n // 3)}
        areas = gpd.GeoDataFrame(
            {"name": names or [f"Gebiet {key}" for key in keys], **parents}, index=keys, geometry=shapes, crs=crs
        )
        data = qa.add_rates(qa.join(areas, table), {"sgb2_rate": ("recipients", "under_65")})
        shortlist = qa.screen(data, qa.worst_share("sgb2_rate", 0.34))
        titles = {"title": "Stadt", "source": "Statistikstelle", "as_of": "2024-12-31", "comment": "K", **words}
        options = {"stability": shortlist.stability(n=100, seed=1)} if stability else {}
        return qa.release(
            data, shortlist=shortlist, candidates=qa.candidate_areas(data.areas, shortlist), **options, **titles
        )

    return made
