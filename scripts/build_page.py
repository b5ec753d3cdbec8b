"""Build the map's page: its modules and its styles, each in one file without types, comments and long names.

``python scripts/build_page.py`` writes ``assets/built/`` after a change of a module or a style; ``--check`` tells
whether that was forgotten. It needs the npm packages of ``tests/present/map`` (see CONTRIBUTING.md).
"""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "src" / "quartiersatlas" / "present" / "map" / "assets"
ESBUILD = ROOT / "tests" / "present" / "map" / "node_modules" / ".bin" / "esbuild"
OPTIONS = ("--bundle", "--minify", "--charset=utf8", "--target=es2022", "--legal-comments=none")
ENTRIES = {
    "page.js": ("layer.js", "--format=iife", "--global-name=QuartiersAtlas"),
    "page.css": ("page.css",),
    "measures.js": ("measures.js", "--format=iife", "--global-name=QuartiersMeasures"),
    "measures.css": ("measures.css",),
    "overview.js": ("overview.js", "--format=iife", "--global-name=QuartiersOverview"),
    "overview.css": ("overview.css",),
}


def digest(ending: str) -> str:
    """Return the fingerprint of all modules, or of all styles."""
    found = sha256()
    for file in sorted(ASSETS.glob(f"*{ending}")):
        found.update(file.name.encode() + b"\n" + file.read_bytes())
    return found.hexdigest()


def built(name: str) -> bytes:
    """Return one file of the page, headed by the fingerprint of what it was made of."""
    entry, *options = ENTRIES[name]
    command = [str(ESBUILD), str(ASSETS / entry), *OPTIONS, *options]
    code = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - our own builder
    return f"/* {digest(Path(name).suffix)} */\n".encode() + code


def main() -> int:
    """Write the files, or compare with them."""
    if not ESBUILD.exists():
        print(f"{ESBUILD.relative_to(ROOT)} is missing: (cd tests/present/map && npm install --no-save)")
        return 1
    folder = ASSETS / "built"
    if "--check" in sys.argv[1:]:
        old = [name for name in ENTRIES if not (folder / name).exists() or (folder / name).read_bytes() != built(name)]
        for name in old:
            print(f"built/{name} is not what its sources make: run python scripts/build_page.py")
        return int(bool(old))
    folder.mkdir(exist_ok=True)
    for name in ENTRIES:
        (folder / name).write_bytes(built(name))
        print(f"built/{name}: {(folder / name).stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
