"""The manifest: which inputs, which versions, which rules; enough to repeat a run and to see that it is the same."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from quartiersatlas.files import write_text
from quartiersatlas.version import __version__

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from quartiersatlas.project.schema import Project
    from quartiersatlas.release import Release

PACKAGES = ("geopandas", "shapely", "pyogrio", "pandas", "numpy", "libpysal", "folium")


def manifest_of(project: Project, release: Release) -> dict[str, Any]:
    """Return inputs with their SHA-256, versions, fingerprint of the need spec, rule and notices."""
    return {
        "title": release.title,
        "as_of": release.as_of,
        "notices": list(release.notices),
        "project": {project.path.name: _digest(project.path)},
        "inputs": {name: _digest(project.file(name)) for name in input_files(project)},
        "need_spec": release.spec_hash,
        "rule": str(project.rule) if project.rule is not None else "",
        "seed": "",  # a project draws nothing at random
        "quartiersatlas": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def write_manifest(manifest: dict[str, Any], path: Path) -> Path:
    """Write the manifest as JSON."""
    return write_text(path, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")


def input_files(project: Project) -> list[str]:
    """Return the names of the files a project reads, besides its own."""
    layers = [part.path for part in (project.programmes, project.facilities) if part is not None]
    spec = [project.need.file] if project.need is not None and project.need.file else []
    return sorted({project.areas.path, *(part.path for part in project.tables), *layers, *spec})


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
