from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import settings

# no test is timed: a busy machine must not fail one. Every run draws other examples, so that many runs look at many;
# after a change to a formula: pytest --hypothesis-profile thorough
settings.register_profile("untimed", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=400)
settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]


def pytest_configure(config):
    """Let workers take the files in their order: files of few long tests would come last, with one worker idle."""
    if hasattr(config.option, "loadscopereorder"):  # pytest-xdist 3.8
        config.option.loadscopereorder = False


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of real open data, or skip: it is not part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder ../shared/data with real open data is not here")
    return folder


@pytest.fixture(scope="session")
def sample_data() -> Path:
    return ROOT / "sample_data"


@pytest.fixture(scope="session")
def outcome(sample_data, tmp_path_factory):
    """Run the sample project once for all tests; give the result and the folder of its outputs."""
    from quartiersatlas.project import run_project

    folder = tmp_path_factory.mktemp("outcome")
    return run_project(sample_data / "projekt.toml", folder=folder), folder


LIGHTER = {  # old -> new in the sample project: a fifth of its work, the same parts
    'foreign_share = ["Ausländer", "Einwohner"]\n': "",
    'unemployment_share_total = ["Arbeitslose", "Bevölkerung_15_64"]\n': "",
    'language_support_need = ["Sprachförderbedarf", "Untersuchte_Kinder"]\n': "",
    '  { id = "unemployment_share_total" },\n  { id = "language_support_need" },\n': "",
    '  "Mit_Migrationshintergrund", "Ausländer", "Herkunft_Türkei", "Herkunft_Polen", "Herkunft_Syrien",\n': "",
    '  "Herkunft_ehem_Sowjetunion", "Herkunft_Übrige", "Alter_65plus",\n': '  "Herkunft_Türkei", "Alter_65plus",\n',
    "runs = 1000": "runs = 20",
    'missing = "status"\nrule': "rule",
    "min_count = 3\n": 'min_count = 3\neffort = "fast"\n',
    '  { id = "unemployment_share_total_change" },\n': "",
    '"child_poverty_u15", "unemployment_share_total"]': '"child_poverty_u15"]',
}
ONE_DATE = (  # from the first text up to the second: what only two dates need
    ('[[tables]]\npath = "indikatoren_2022.csv"', "# weitere Angaben je Tabelle"),
    ("[change]", "# --- Räumliche Verteilung"),
    ('[[need.axes]]\nid = "dynamics"', "# --- Auswahl"),
)


@pytest.fixture(scope="session")
def light_city(sample_data, tmp_path_factory):
    """Give copies of the sample city with a project of fewer indicators, groups and runs, of two dates or of one."""
    folders = {}
    for n_dates in (1, 2):
        folders[n_dates] = tmp_path_factory.mktemp("light") / "city"
        shutil.copytree(sample_data, folders[n_dates], ignore=shutil.ignore_patterns("ergebnis"))
        content = (sample_data / "projekt.toml").read_text(encoding="utf-8")
        for old, new in LIGHTER.items():
            assert content.count(old) == 1, old
            content = content.replace(old, new)
        for start, end in ONE_DATE if n_dates == 1 else ():
            first = content.index(start)
            content = content[:first] + content[content.index(end, first) :]
        (folders[n_dates] / "projekt.toml").write_text(content, encoding="utf-8")
    return folders


@pytest.fixture(scope="session")
def grid():
    """Build a city of squares of 1 km side by side: columns x rows, keys 'a0', 'b0', ..."""

    def build(columns: int, rows: int = 1) -> gpd.GeoDataFrame:
        cells = [(x, y) for y in range(rows) for x in range(columns)]
        keys = pd.Index([f"{chr(97 + x)}{y}" for x, y in cells], name="key", dtype=object)
        shapes = [shapely.box(1000 * x, 1000 * y, 1000 * (x + 1), 1000 * (y + 1)) for x, y in cells]
        names = [f"Gebiet {key}" for key in keys]
        return gpd.GeoDataFrame({"name": names}, index=keys, geometry=shapes, crs="EPSG:25832")

    return build


@pytest.fixture
def joined(grid):
    """Join a frame of columns to a row (or grid) of squares; 'residents' are the population."""
    import quartiersatlas as qa

    def build(values: dict[str, list[float]], rows: int = 1, **options):
        n = len(next(iter(values.values())))
        areas = grid(n // rows, rows)
        return qa.join(areas, pd.DataFrame(values, index=areas.index), **options)

    return build


FRAME = {  # one small count, 'a' in 02; 'all' is the sum of the three others
    "a": [40, 55, 2, 30, 44, 61, 25, 38, 33, 29, 47, 51],
    "b": [20, 14, 33, 8, 19, 27, 12, 16, 22, 31, 18, 9],
    "c": [9, 12, 7, 15, 6, 21, 11, 5, 14, 8, 19, 10],
}


@pytest.fixture
def small_project(tmp_path):
    """Write a project of twelve areas with one small count; give its file."""

    def write(
        sections: str = "", *, later: str = "a b c all", earlier: str = "", top: str = "", areas: str = ""
    ) -> Path:
        frame = pd.DataFrame(FRAME, index=pd.Index([f"{k:02}" for k in range(12)], name="nr"))
        frame["all"] = frame.sum(axis=1)
        frame["residents"] = 1000
        frame["quote"] = 12.5
        shapes = [shapely.box(4e5 + 1000 * k, 5.5e6, 4e5 + 1000 * k + 1000, 5.501e6) for k in range(12)]
        names = [f"Gebiet {key}" for key in frame.index]
        districts = ["Nord" if key in ("02", "04") else "Süd" for key in frame.index]
        outlines = {"nr": frame.index, "name": names, "district": districts}
        gpd.GeoDataFrame(outlines, geometry=shapes, crs="EPSG:25832").to_file(tmp_path / "areas.gpkg")
        lines = [top, 'title = "Rahmen"', 'as_of = "31.12.2024"', 'period = "2024"']
        lines += ["[areas]", 'path = "areas.gpkg"', 'key = "nr"', 'name = "name"', areas]
        for period, columns in (("2024", later), ("2022", earlier)):
            if columns:
                frame[[*columns.split(), "residents", "quote"]].to_csv(tmp_path / f"{period}.csv", sep=";")
                lines += ["[[tables]]", f'path = "{period}.csv"', 'key = "nr"', f'period = "{period}"']
                lines += ['units = { quote = "percent" }']
        lines += (
            [sections] if "[indicators]" in sections else ["[indicators]", 'a_share = ["a", "residents"]', sections]
        )
        lines += ["[[earlier]]", 'period = "2022"', 'as_of = "31.12.2022"'] if earlier else []
        file = tmp_path / "projekt.toml"
        file.write_text("\n".join(lines), encoding="utf-8")
        return file

    return write


@pytest.fixture
def drawn():
    """Draw a chart as SVG and on Axes, check what holds of every picture, and give the words of both."""
    import json
    from xml.etree import ElementTree as ET

    from matplotlib import pyplot as plt

    def draw(chart):
        assert json.loads(json.dumps(chart.to_json(), allow_nan=False)) == chart.to_json()
        svg = chart.svg()
        assert svg == chart.svg()
        root = ET.fromstring(svg)  # noqa: S314 - our own output
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "title", "desc", "path", "rect", "circle", "text"}
        places = " ".join(str(value) for element in root.iter() for value in element.attrib.values())
        assert "nan" not in places
        assert "inf" not in places.replace("http://www.w3.org", "")
        assert chart.title
        assert chart.alt
        assert all(len(row) == len(chart.head) for row in chart.rows)
        assert not chart.right or len(chart.right) == len(chart.y.bands)
        ax = chart.plot()
        ax.get_figure().canvas.draw()
        words = {text.get_text() for text in ax.texts} | {
            t.get_text() for t in ax.get_xticklabels() + ax.get_yticklabels()
        }
        assert not any(one.get_parse_math() for one in [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels()])
        plt.close(ax.get_figure())
        written = {element.text for element in root.iter() if element.tag.endswith("}text")}
        return written, words

    return draw
