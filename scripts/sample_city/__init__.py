"""A seeded synthetic city with the mess of real files, for documentation, tests and the demo.

The city is drawn in the order of the modules: ``mesh`` and ``river`` -> ``geometry`` (polygons) ->
``districts`` (keys, names) -> ``landscape`` (latent need and migration) -> ``people`` (counts), ``groups``,
``dwellings`` (grid), ``survey`` -> ``scenery`` (roads, parks, streets), ``ways``, ``noise``, ``timetable`` ->
``tables``, ``layers``, ``places``, ``register``, ``readme`` (files). Only
the standard library is used, and every draw comes from ``random.Random`` with a seed of its own, so
the bytes are the same everywhere; floats are added with ``math.fsum``, because ``sum`` rounds
differently from version to version.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sample_city.districts import build_city
from sample_city.dwellings import Finder, build_grid, grid_bytes
from sample_city.geometry import build_cells
from sample_city.groups import budget_bytes, group_bytes, group_counts, series_bytes
from sample_city.layers import (
    district_layer,
    facility_layer,
    name_layer,
    noise_layer,
    park_layer,
    programme_layer,
    rail_layer,
    river_layer,
    road_layer,
    way_layer,
)
from sample_city.noise import build_noise
from sample_city.people import YEARS, build_people, living_space
from sample_city.places import build_facilities, build_programmes
from sample_city.readme import readme_bytes
from sample_city.register import register_files
from sample_city.scenery import build_scenery
from sample_city.survey import survey_bytes
from sample_city.tables import street_bytes, table_bytes, true_rows
from sample_city.timetable import timetable_bytes
from sample_city.ways import build_ways

__all__ = ["write_sample"]

COPIED = ("massnahmen.xlsx", "modellvorhaben_2011.csv", "projekt.toml", "projekt_monitoring.toml")
"""Files that lie ready in the package."""
REGISTER = "massnahmen"
"""Folder with the register as CSV files: the same as in the workbook."""


def write_sample(folder: str | Path, seed: int = 2011) -> list[Path]:
    """Write the synthetic sample city into a folder.

    Existing files of the same names are replaced, each as a whole; others are left alone.

    Parameters
    ----------
    folder : str or Path
        Where to write; made if it does not exist.
    seed : int, default 2011
        Another seed gives another city of the same kind. The same seed gives the same bytes.

    Returns
    -------
    list of Path
        The files: layers, one table per year, the published profiles, project settings, README.

    Notes
    -----
    The city is synthetic; only ``modellvorhaben_2011.csv`` holds real, published figures. What is
    odd about each file is listed in the README written beside them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = write_sample(folder)
    >>> paths[0].name
    'stadtteile.geojson'
    """
    folder = Path(folder)
    (folder / REGISTER).mkdir(parents=True, exist_ok=True)
    return [_write_whole(folder / name, content) for name, content in _contents(seed).items()]


def _contents(seed: int) -> dict[str, bytes]:
    cells, river_ring = build_cells(seed)
    city = build_city(cells)
    spaces = living_space(city, seed)
    people = build_people(city, seed)
    rows = {year: true_rows(city, counts, spaces) for year, counts in people.items()}
    latest, merged = people[YEARS[-1]], "+".join(city.harbour)
    facilities = build_facilities(city, seed)
    scenery = build_scenery(city, seed)
    return {
        "stadtteile.geojson": district_layer(city),
        "fluss.geojson": river_layer(river_ring),
        "gruen.geojson": park_layer(scenery),
        "hauptstrassen.geojson": road_layer(scenery),
        "bahn.geojson": rail_layer(scenery),
        "ortsnamen.geojson": name_layer(scenery),
        "strassen.csv": street_bytes(scenery),
        **{f"indikatoren_{year}.csv": table_bytes(rows[year]) for year in rows},
        "einrichtungen.geojson": facility_layer(facilities),
        "programmgebiete.geojson": programme_layer(build_programmes(city, seed)),
        "laerm.geojson": noise_layer(build_noise(scenery)),
        "wege.geojson": way_layer(build_ways(Finder(city))),
        "fahrplan_gtfs.zip": timetable_bytes(city),
        "einwohnerraster.csv": grid_bytes(build_grid(city, latest, seed)),
        "befragung.csv": survey_bytes(city, latest, merged, seed),
        **{
            f"gruppen_{year}.csv": group_bytes(city, group_counts(city, people[year], seed), merged)
            for year in (YEARS[0], YEARS[-1])
        },
        "zeitreihe.csv": series_bytes(city, merged, seed),
        "stadtteilbudget.csv": budget_bytes(city, seed),
        **{f"{REGISTER}/{name}": content for name, content in register_files().items()},
        **{name: files(__package__).joinpath(name).read_bytes() for name in COPIED},
        "README.md": readme_bytes(city, rows, facilities, seed),
    }


def _write_whole(path: Path, content: bytes) -> Path:
    """Write beside the target, then move into place: nobody ever reads half a file."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    return temporary.replace(path)
