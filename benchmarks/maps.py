"""Measure the atlas map against GeoDataFrame.explore and folium.Choropleth, all in one run.

    python benchmarks/maps.py            # 500, 5,000 and 20,000 areas
    python benchmarks/maps.py --quick    # 500 areas
    python benchmarks/maps.py --areas 20000 --against ../older/src    # and the map of another state of the library

A synthetic city of Voronoi cells with wavy shared borders, about 100 corners each, and six indicators. Sizes are exact.
Times are wall times in headless Chromium: from the call to open the file until two frames after the load event, the
median of three; zooming, one level in and out again, and switching, from the change event, until two frames later,
the median of six. CPU is what all processes of the browser take for it, until it has come to rest. For the peers, the
scripts their pages load from the internet are taken from npm packages in the folder --peers and written into the page;
without that folder their pages stay blank and only their sizes are measured.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import quartiersatlas as qa

if TYPE_CHECKING:
    from collections.abc import Callable

INDICATORS = 6
LIMITS = {500: 0.45, 5_000: 1.6, 20_000: 6.0}  # MB
PEER_SCRIPTS = {  # part of the address -> file of the npm package
    "leaflet.js": "leaflet/dist/leaflet.js",
    "jquery": "jquery/dist/jquery.min.js",
    "d3.min.js": "d3/d3.min.js",
}
FRAMES = "const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(done));"
SWITCH = """
const [index, done] = arguments;
const select = document.querySelector(".qa-select");
const start = performance.now();
select.value = String(index);
select.dispatchEvent(new Event("change", { bubbles: true }));
requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));"""

ZOOM = """
const [step, done] = arguments;
const map = Object.values(window).find((one) => one instanceof L.Map);
const start = performance.now();
map.setZoom(map.getZoom() + step, { animate: false });
requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));"""
AT_REST = 0.8  # seconds


def city(n_areas: int, seed: int = 1) -> qa.AreaData:
    """Return joined data: cells with about 100 corners, residents and six rates that agree in part."""
    random = np.random.default_rng(seed)
    side = 500 * np.sqrt(n_areas)
    points = random.uniform(0, side, (n_areas, 2))
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=shapely.box(0, 0, side, side))
    )
    order = shapely.STRtree(cells).query(shapely.points(points), predicate="within")[1]
    dense = shapely.segmentize(shapely.intersection(cells[order], shapely.box(0, 0, side, side)), 18.0)
    wavy = shapely.transform(dense, lambda xy: xy + [450_000, 5_650_000] + 4 * np.sin(xy[:, ::-1] / 11))
    keys = pd.Index([f"{i:05d}" for i in range(n_areas)], name="key")
    areas = gpd.GeoDataFrame({"name": [f"Gebiet {k}" for k in keys]}, index=keys, geometry=wavy, crs="EPSG:25832")
    residents = random.integers(500, 9_000, n_areas)
    level = random.beta(3, 15, n_areas)
    counts = {
        f"count{k}": random.binomial(residents, np.clip(level * random.uniform(0.6, 1.4, n_areas), 0.01, 0.6))
        for k in range(INDICATORS)
    }
    table = pd.DataFrame({"residents": residents.astype(float)} | {k: v.astype(float) for k, v in counts.items()}, keys)
    catalogue = qa.Catalogue.builtin()
    for k in range(INDICATORS):
        words = {"label_de": f"Anteil {k}", "label_en": f"Share {k}"}
        catalogue = catalogue.add(qa.Indicator(id=f"rate{k}", role="index", direction=1, **words))
    data = qa.join(areas, table, catalogue=catalogue)
    return qa.add_rates(data, {f"rate{k}": (f"count{k}", "residents") for k in range(INDICATORS)})


def released(data: qa.AreaData, n_indicators: int = INDICATORS) -> qa.Release:
    """Return a commented release of the first indicators, with what the rule selects."""
    shortlist = qa.screen(data, qa.worst_share("rate0", 0.1))
    words = {"title": "Messung", "source": "synthetisch", "as_of": "2024", "comment": "Messung"}
    return qa.release(data, columns=[f"rate{k}" for k in range(n_indicators)], shortlist=shortlist, **words)


def atlas(data: qa.AreaData, path: Path) -> None:
    """Write our map."""
    qa.atlas_map(released(data)).save(path)


def frame_of(data: qa.AreaData) -> gpd.GeoDataFrame:
    """Return name and rates with geometry in degrees, as one hands them to the peers."""
    rates = data.values[[f"rate{k}" for k in range(INDICATORS)]]
    return data.areas[["name", "geometry"]].join(rates).to_crs("EPSG:4326")


def explore(data: qa.AreaData, path: Path) -> None:
    """Write the map of GeoDataFrame.explore, one layer per indicator."""
    import folium

    frame, result = frame_of(data), None
    for k in range(INDICATORS):
        result = frame.explore(column=f"rate{k}", scheme="quantiles", k=5, name=f"rate{k}", m=result, tiles=None)
    folium.LayerControl().add_to(result)
    result.save(path)


def choropleth(data: qa.AreaData, path: Path) -> None:
    """Write the map of folium.Choropleth, one layer per indicator."""
    import folium

    frame = frame_of(data).reset_index()
    west, south, east, north = frame.total_bounds
    result = folium.Map(location=((south + north) / 2, (west + east) / 2), tiles=None)
    for k in range(INDICATORS):
        folium.Choropleth(frame, data=frame, columns=["key", f"rate{k}"], key_on="feature.properties.key").add_to(
            result
        )
    folium.LayerControl().add_to(result)
    result.save(path)


MAPS = {"atlas": atlas, "explore": explore, "choropleth": choropleth}


def browser(profile: Path) -> Any:
    """Start Chromium; pages are opened as files, no name is resolved."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,800")
    for flag in (*flags, f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or ""))
    driver.set_script_timeout(300)
    return driver


def answered(path: Path, peers: Path) -> Path:
    """Return a peer's page with the scripts it loads written into it: at once, the best case for it."""
    page = path.read_text(encoding="utf-8")
    for part, file in PEER_SCRIPTS.items():
        code = (peers / "node_modules" / file).read_text(encoding="utf-8").replace("</script", "<\\/script")
        page = re.sub(
            rf'<script src="https://[^"]*{part}[^"]*"></script>',
            lambda _, c=code: f"<script>{c}</script>",
            page,
            count=1,
        )
    shown = path.with_suffix(".shown.html")
    shown.write_text(re.sub(r'<(script|link)[^>]*(src|href)="https://[^"]*"[^>]*>(</script>)?', "", page), "utf-8")
    return shown


def cpu(root: int) -> float:
    """Return the seconds that a process and all below it have worked (Linux)."""
    parents, used = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(entry.name)] = int(fields[1])
        used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def below(process: int) -> bool:
        while process and process != root:
            process = parents.get(process, 0)
        return process == root

    return sum(seconds for process, seconds in used.items() if below(process))


def timed(driver: Any, acts: list[Callable[[], Any]]) -> str:
    """Return the median milliseconds of acts, and those of CPU."""
    wall, work = [], []
    for act in acts:
        before, start = cpu(driver.service.process.pid), time.perf_counter()
        act()
        wall.append(time.perf_counter() - start)
        time.sleep(AT_REST)
        work.append(cpu(driver.service.process.pid) - before)
    return f"{1000 * np.median(wall):.0f} ms ({1000 * np.median(work):.0f})"


def rendered(driver: Any, path: Path) -> str:
    """Open a page three times."""

    def opened() -> None:
        driver.get(path.as_uri())
        driver.execute_async_script(FRAMES)

    def blank() -> None:
        driver.get("about:blank")
        time.sleep(AT_REST)

    times = []
    for _ in range(3):
        blank()
        times.append(timed(driver, [opened]))
    return sorted(times, key=lambda one: int(one.split()[0]))[1]


def zoomed(driver: Any) -> str:
    """Zoom the map that is open."""
    return timed(driver, [lambda step=step: driver.execute_async_script(ZOOM, step) for step in (1, -1) * 3])


def switched(driver: Any) -> str:
    """Show another indicator of the map that is open."""
    return timed(driver, [lambda k=k: driver.execute_async_script(SWITCH, k) for k in (1, 2, 3, 4, 5, 0)])


def older(n_areas: int, path: Path, source: Path) -> None:
    """Write our map with another state of the library."""
    command = [sys.executable, "-W", "ignore", __file__, "--areas", str(n_areas), "--write", str(path)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(source.resolve())})  # noqa: S603 - ours


def column_bytes(data: qa.AreaData, folder: Path) -> float:
    """Return bytes per area that a further indicator costs."""
    sizes = [qa.atlas_map(released(data, n)).save(folder / "n.html").stat().st_size for n in (1, INDICATORS)]
    return (sizes[1] - sizes[0]) / (INDICATORS - 1) / len(data.areas)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="500 areas only")
    parser.add_argument("--areas", type=int, nargs="*", help="numbers of areas")
    parser.add_argument("--peers", type=Path, help="folder whose node_modules has leaflet 1.9, jquery 3.7 and d3 3.5")
    parser.add_argument("--against", type=Path, help="folder of another state of the library: its map is measured too")
    parser.add_argument("--write", type=Path, help="write our map to this file and measure nothing")
    options = parser.parse_args()
    sizes = options.areas or ([500] if options.quick else list(LIMITS))
    if options.write:
        atlas(city(sizes[0]), options.write)
        return
    print("| areas | map | written | size | first frame (CPU) | zoom | switch |\n" + "| --- " * 7 + "|")
    kinds = dict(MAPS)
    if options.against:
        kinds = {"atlas": atlas, "older": lambda data, path: older(len(data.areas), path, options.against)}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        driver = browser(folder / "profile")
        for n_areas in sizes:
            data = city(n_areas)
            for kind, write in kinds.items():
                ours = kind in ("atlas", "older")
                if not ours and n_areas > 5_000:  # noqa: PLR2004 - 500 MB and more
                    continue
                path = folder / f"{kind}.html"
                start = time.perf_counter()
                write(data, path)
                seconds = time.perf_counter() - start
                megabytes = path.stat().st_size / 1e6
                drawn = (
                    rendered(driver, path if ours else answered(path, options.peers)) if ours or options.peers else ""
                )
                zoom, change = (zoomed(driver), switched(driver)) if ours else ("", "")
                row = [n_areas, kind, f"{seconds:.1f} s", f"{megabytes:.2f} MB", drawn, zoom, change]
                print("| " + " | ".join(map(str, row)) + " |", flush=True)
                if kind == "atlas" and not options.against:
                    limit = LIMITS.get(n_areas)
                    cost = column_bytes(data, folder)
                    print(json.dumps({"limit MB": limit, "bytes per area and further indicator": round(cost, 2)}))
                gc.collect()
        driver.quit()


if __name__ == "__main__":
    main()
