"""The manifest: which inputs, which versions, which rules; enough to repeat a run and to see that it is the same."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING

from quartiersatlas.base.files import write_text
from quartiersatlas.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

    from quartiersatlas.disclosure import Ledger, Release
    from quartiersatlas.project.schema import Project

PACKAGES = ("geopandas", "shapely", "pyogrio", "pandas", "numpy", "libpysal", "folium")


def manifest_of(project: Project, release: Release, ledger: Ledger | None = None) -> dict[str, Any]:
    """Return inputs with their digests, versions, fingerprint of the need spec, rule, seed and notices.

    A digest is the SHA-256 of the file. That of a table answers guesses: who knows all of a small table but one count
    tries the few values that count can have. So a public manifest has the tables' digests only where the project keeps
    a ledger, keyed with its secret; without one it names the tables and has no digest for them.
    """
    layer = project.programmes.residents if project.programmes is not None else None  # counts, as in a table
    counted = {part.path for part in project.tables} | ({layer} if layer else set()) | set(register_files(project))
    counted |= set(project.acting.counted_files)
    tables = counted if release.is_public else set()
    return {
        "title": release.title,
        "as_of": release.as_of,
        "notices": list(release.notices),
        "project": {project.path.name: _digest(project.path)},
        "inputs": {
            name: _table_digest(project.file(name), ledger) if name in tables else _digest(project.file(name))
            for name in input_files(project)
        },
        "digests": f"SHA-256; of tables {_how(ledger)}" if tables else "SHA-256",
        "need_spec": release.spec_hash,
        "rule": str(project.shortlist.tree) if project.shortlist is not None else "",
        "stability": asdict(project.stability) if project.stability is not None else {},  # all that is drawn at random
        "quartiersatlas": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def write_manifest(manifest: dict[str, Any], path: Path) -> Path:
    """Write the manifest as JSON."""
    return write_text(path, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")


def digests(files: Iterable[Path]) -> dict[str, str]:
    """Return the digest of each written file: who has the files and the manifest sees that they belong together."""
    return {file.name: _digest(file) for file in files}


def input_files(project: Project) -> list[str]:
    """Return the names of the files a project reads, besides its own."""
    layers = [part.path for part in (project.programmes, project.facilities) if part is not None]
    spec = [project.need.file] if project.need is not None and project.need.file else []
    residents = [project.programmes.residents] if project.programmes and project.programmes.residents else []
    rule = [project.shortlist.file] if project.shortlist is not None and project.shortlist.file else []
    rule += project.shortlist.compare.files if project.shortlist is not None and project.shortlist.compare else []
    layers += [part.path for part in project.context.values()]
    layers += [
        file
        for part in (project.shortlist, project.candidates)
        if part is not None
        for file in (part.barriers, part.crossings)
        if file
    ]
    streets = [project.gazetteer.path] if project.gazetteer is not None else []
    tables = [part.path for part in project.tables]
    streets += register_files(project)
    streets += [*project.acting.counted_files, *project.acting.other_files]
    streets += project.look.files if project.look is not None else []
    return sorted({project.areas.path, *tables, *streets, *layers, *residents, *spec, *rule})


def register_files(project: Project) -> list[str]:
    """Return the files of the register of measures: a workbook, or those of a folder. It holds counts as tables do."""
    if project.measures is None:
        return []
    place = project.file(project.measures.path)
    if not place.is_dir():
        return [project.measures.path]
    return [f"{project.measures.path.rstrip('/')}/{file.name}" for file in sorted(place.glob("*.csv"))]


def _how(ledger: Ledger | None) -> str:
    return "kept inside: no ledger" if ledger is None else "HMAC-SHA-256 with the key of the ledger"


def _table_digest(path: Path, ledger: Ledger | None) -> str | None:
    return None if ledger is None else ledger.fingerprint(path.read_bytes())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
