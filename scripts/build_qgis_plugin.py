"""Write the plugin for QGIS as a zip that QGIS installs: build/quartiersatlas_qgis-<version>.zip.

The same files give the same bytes, wherever and whenever it is written.
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = ROOT / "qgis" / "quartiersatlas_qgis"
ENDS = {".py", ".csv", ".svg", ".txt", ""}
NO_TIME = (1980, 1, 1, 0, 0, 0)


def files() -> list[Path]:
    """Return the files of the plugin."""
    found = (file for file in PLUGIN.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return sorted((file for file in found if file.suffix in ENDS), key=lambda file: file.relative_to(PLUGIN).as_posix())


def write_zip(path: Path) -> None:
    """Write the plugin into a zip, below a folder of its name."""
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_STORED) as archive:
        for file in files():
            entry = zipfile.ZipInfo(f"{PLUGIN.name}/{file.relative_to(PLUGIN).as_posix()}", NO_TIME)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, file.read_bytes())


def version() -> str:
    """Return the version of the plugin, as it says it."""
    found = re.search(r"(?m)^version=(\S+)$", (PLUGIN / "metadata.txt").read_text(encoding="utf-8"))
    if found is None:
        raise LookupError("metadata.txt has no version.")
    return found[1]


def main() -> int:
    """Write the zip into build/, or into the folder that is named."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{PLUGIN.name}-{version()}.zip"
    write_zip(target)
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
