"""A project of QGIS inside a GeoPackage: its layers in the order and in the groups of the map, in one language."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from quartiersatlas.base.files import WRITTEN
from quartiersatlas.catalogue import text
from quartiersatlas.present.files.qgis_context import PLACE_NAMES
from quartiersatlas.present.files.qml import qml
from quartiersatlas.present.statements import visible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyproj import CRS

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.present.files.qgis import PackageStyles
    from quartiersatlas.present.files.qml import LayerStyle

PROJECTS = "qgis_projects"
GEOMETRIES = {"fill": "Polygon", "line": "Line", "marker": "Point"}
AROUND = 0.04  # of the extent, free at the edges


@dataclass(frozen=True)
class ProjectLayer:
    """A layer of the project: its table, what it is called, how it is drawn."""

    table: str
    name: str
    style: LayerStyle
    shown: bool = True


def project_groups(styles: PackageStyles, lang: Lang) -> dict[str, list[ProjectLayer]]:
    """Return the groups from above, as the map lies: names and marks, the base map, the colours of the areas.

    The base map covers the colours and not the marks, so the areas are several layers; of the colours one is shown.
    QGIS names what it draws, so the names of areas belong to the colours.
    """
    further = [ProjectLayer(name, style.rules[0].label, style) for name, style in reversed(styles.further.items())]
    above = [one for one in further if one.table in ("facilities", "programmes", "candidates")]
    base = [one for one in further if one not in above and one.table != PLACE_NAMES]
    names = [one for one in further if one.table == PLACE_NAMES]
    _, style = styles.areas[0]
    marks = ProjectLayer("areas", text("heading_selection", lang), replace(style, rules=style.rules[1:], labels=()))
    colors = [
        ProjectLayer("areas", words, replace(one, rules=one.rules[:1]), shown=place == 0)
        for place, (words, one) in enumerate(styles.areas)
    ]
    return {
        text("qgis_marks", lang): [*names, *above, marks],
        text("label_context", lang): base,
        text("qgis_areas", lang): colors,
    }


def write_project(file: Path, name: str, release: Release, groups: Mapping[str, list[ProjectLayer]]) -> None:
    """Add the project to a GeoPackage that will be called ``name``, as QGIS keeps it there.

    QGIS finds the layers by the name of the file: who renames it takes the layers, or saves the project anew.
    """
    title = visible(release.title) or name
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as packed:
        entry = ZipInfo("project.qgs", date_time=WRITTEN.timetuple()[:6])
        packed.writestr(entry, _project(name, title, release, groups))
    stamp = f'{{"last_modified_time": "{WRITTEN:%Y-%m-%dT%H:%M:%S}", "last_modified_user": "quartiersatlas"}}'
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(f"CREATE TABLE {PROJECTS}(name TEXT PRIMARY KEY, metadata BLOB, content BLOB)")
        row = (title, stamp, archive.getvalue().hex())
        database.execute(f"INSERT INTO {PROJECTS} VALUES (?, ?, ?)", row)  # noqa: S608 - our own name


def _project(name: str, title: str, release: Release, groups: Mapping[str, list[ProjectLayer]]) -> bytes:
    crs = release.areas.crs
    root = ET.Element("qgis", version="3.22.0", projectname=title)
    ET.SubElement(root, "title").text = title
    _add_crs(ET.SubElement(root, "projectCrs"), crs)
    tree = ET.SubElement(root, "layer-tree-group")
    layers = ET.SubElement(root, "projectlayers")
    number = 0  # of an id, which QGIS makes anew where it has ten letters or fewer
    for group, members in groups.items():
        if not members:
            continue
        branch = ET.SubElement(tree, "layer-tree-group", name=group, checked="Qt::Checked", expanded="1")
        for one in members:
            number += 1
            key, source = f"quartiersatlas_{number:02d}", f"./{name}|layername={one.table}"
            leaf = {
                "id": key,
                "name": one.name,
                "source": source,
                "providerKey": "ogr",
                "expanded": str(int(one.shown)),
            }
            ET.SubElement(branch, "layer-tree-layer", leaf, checked=f"Qt::{'Checked' if one.shown else 'Unchecked'}")
            layers.append(_layer(key, source, one, crs))
    systems = ET.SubElement(ET.SubElement(root, "properties"), "SpatialRefSys")
    ET.SubElement(systems, "ProjectionsEnabled", type="int").text = "1"  # else the system of the project is not read
    canvas = ET.SubElement(root, "mapcanvas", name="theMapCanvas")
    ET.SubElement(canvas, "units").text = "meters"
    left, low, right, high = release.areas.total_bounds
    beside, below = AROUND * (right - left), AROUND * (high - low)
    extent = ET.SubElement(canvas, "extent")
    ends = {"xmin": left - beside, "ymin": low - below, "xmax": right + beside, "ymax": high + below}
    for end, value in ends.items():
        ET.SubElement(extent, end).text = f"{value:.2f}"
    _add_crs(ET.SubElement(canvas, "destinationsrs"), crs)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _layer(key: str, source: str, one: ProjectLayer, crs: CRS | None) -> ET.Element:
    """Return a layer with its style, which stands in the project as in a file of styles."""
    layer = ET.Element("maplayer", type="vector", geometry=GEOMETRIES[one.style.kind])
    style = ET.fromstring(qml(one.style).partition("\n")[2])  # noqa: S314 - our own
    layer.attrib |= {name: style.get(name, "") for name in ("styleCategories", "labelsEnabled")}
    for name, words in (("id", key), ("datasource", source), ("layername", one.name)):
        ET.SubElement(layer, name).text = words
    _add_crs(ET.SubElement(layer, "srs"), crs)
    ET.SubElement(layer, "provider", encoding="UTF-8").text = "ogr"
    layer.extend(style)
    return layer


def _add_crs(parent: ET.Element, crs: CRS | None) -> None:
    assert crs is not None  # noqa: S101 - areas have one
    system = ET.SubElement(parent, "spatialrefsys", nativeFormat="Wkt")
    ET.SubElement(system, "wkt").text = crs.to_wkt()
    code = crs.to_authority()
    if code is not None:
        ET.SubElement(system, "authid").text = ":".join(code)
