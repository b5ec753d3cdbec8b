"""The pictures of the first page, made by the library from the sample city."""

from __future__ import annotations

import tomllib
from pathlib import Path

import quartiersatlas as qa

CITY = Path(__file__).resolve().parents[2] / "sample_data"
NAMES = ("sheet.png", "need.png", "segregation.png")
GROUP, LABEL = "Herkunft_Syrien", "Residents from Syria"


def write(folder: Path) -> None:
    """Write the pictures into a folder."""
    project = tomllib.loads((CITY / "projekt.toml").read_text(encoding="utf-8"))
    areas = qa.read_areas(CITY / "stadtteile.geojson", key="STADTTEIL", name="NAME", parents={"bezirk": "BEZIRK_NAME"})
    areas = qa.merge_areas(areas, project["areas"]["merge"])
    later, earlier = (
        qa.add_rates(
            qa.join(
                areas,
                qa.read_table(CITY / f"indikatoren_{year}.csv", key="Stadtteil"),
                population="Einwohner",
                period=year,
            ),
            {name: tuple(counts) for name, counts in project["indicators"].items()},
        )
        for year in ("2024", "2022")
    )
    data = qa.add_change(later, earlier, project["change"]["indicators"])
    need = qa.need_index(data, qa.NeedSpec.from_dict(project["need"]))
    segregation = qa.measure_segregation(data, [GROUP], missing="report")
    release = qa.release(
        data, need=need, title="Need in the sample city", source="synthetic", as_of="2024-12-31", comment="An example."
    )
    folder.mkdir(parents=True, exist_ok=True)
    qa.figure(release, lang="en").save(folder / "sheet.png", dpi=90)
    (folder / "need.png").write_bytes(need.chart("contributions", "en").png())
    curve = segregation.chart("curve", "en", labels={GROUP: LABEL})
    (folder / "segregation.png").write_bytes(curve.png())
