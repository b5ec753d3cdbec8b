"""Examples of the guide run on the sample city, after a few lines that give what they take for granted."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
PROJECT = """
import tomllib, warnings
from pathlib import Path

def at(year, date, project=tomllib.loads(Path("sample_data/projekt.toml").read_text(encoding="utf-8"))):
    table = qa.read_table(f"sample_data/indikatoren_{year}.csv", key="Stadtteil")
    joined = qa.join(areas, table, population="Einwohner", period=date)
    return qa.add_rates(joined, {name: tuple(counts) for name, counts in project["indicators"].items()})
"""
DYNAMIC = f"""{PROJECT}
project = tomllib.loads(Path("sample_data/projekt.toml").read_text(encoding="utf-8"))
data = qa.add_change(at("2024", "2024"), at("2022", "2022"), project["change"]["indicators"])
need = qa.need_index(data, qa.NeedSpec.from_dict(project["need"]))
"""
GIVEN = {  # what a page takes for granted
    "README.md": 'qa.NeedSpec.simple({"sgb2_rate": 1, "child_poverty_u15": 1}).to_toml("bedarf.toml")',
    "docs/candidate_areas.md": """
import geopandas as gpd
rivers = gpd.read_file("sample_data/fluss.geojson")
bridges = gpd.GeoDataFrame(geometry=[rivers.geometry.iloc[0].representative_point()], crs=rivers.crs)
""",
    "docs/change.md": f"""{PROJECT}
data_2018, data_2021, data_2024 = at("2022", "2018-12-31"), at("2023", "2021-12-31"), at("2024", "2024-12-31")
data_2010 = qa.add_rates(qa.join(areas, table, population="Einwohner", period="2010-12-31"),
                         {{"foreign_share": ("Ausländer", "Einwohner")}})
data_2011, both_2011 = at("2023", "2011-12-31"), at("2023", "2011-12-31")
shortlist_2021, shortlist_2024 = (qa.screen(one, qa.above_city("sgb2_rate")) for one in (data_2021, data_2024))
""",
    "docs/charts.md": """
import matplotlib.pyplot as plt
names = data.areas["name"]
persons = data.to_geodataframe().assign(mh=data.counts("Mit_Migrationshintergrund"), all=data.residents())
seg = qa.measure_segregation(persons.dropna(subset=["mh"]), ["mh"], population="all")
""",
    "docs/need_spec.md": "",
    "docs/numbers.md": """
areas = areas.iloc[:2]
table = pd.DataFrame({"income": [21000.0, 25500.0]}, index=areas.index)
""",
    "docs/protection.md": "",
    "docs/rules.md": DYNAMIC,
    "docs/presets/imd-2019.md": 'table = pd.DataFrame({"a": [1.0]})',
}


@pytest.mark.parametrize("page", GIVEN)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_examples_of_the_guide_run(page, tutorial, folder, tmp_path, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    shutil.copytree(folder / "sample_data", tmp_path / "sample_data")
    monkeypatch.chdir(tmp_path)
    names = dict(tutorial)
    exec(compile(GIVEN[page], "given", "exec"), names)  # noqa: S102 - the lines above
    blocks = PYTHON.findall((ROOT / page).read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        # fewer repetitions and pages: the call is what is tried; sensitivity and whole booklets have their own tests
        fewer = block.replace("n=1000", "n=40").replace("; need.sensitivity()", "")
        fewer = fewer.replace('"steckbriefe.pdf")', '"steckbriefe.pdf", keys=["0101", "0404"])')
        exec(compile(fewer, page, "exec"), names)  # noqa: S102 - the page's own code
    pyplot.close("all")
