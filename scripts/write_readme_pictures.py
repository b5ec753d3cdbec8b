"""Write the pictures of the README: map and report that `quartiersatlas demo --lang en` writes, and a chart of them.

Map and report are opened in Chromium as a reader opens them; nothing is fetched.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from scipy.spatial import KDTree

from quartiersatlas.present.pictures import certainty
from quartiersatlas.project import run_project
from quartiersatlas.project.beginning.demo import write_demo

ROOT = Path(__file__).resolve().parents[1]
WINDOWS = {"atlas": (1280, 740), "report": (900, 1250)}  # of the map, and of a page as high as a sheet of paper
CHART = "certainty"
COLOURS = 128  # those of most pixels, so that every surface keeps its own; the others are shades at edges
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--virtual-time-budget=5000",  # the page has placed its names and folded its boxes
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def main() -> int:
    """Write the three pictures into docs/; 1 if there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is needed to look at map and report; it is not on the PATH.")
        return 1
    with TemporaryDirectory() as folder:
        made = Path(folder)
        (made / "data").mkdir()
        result = run_project(write_demo(ROOT / "sample_data", made / "data", "en"), folder=made)
        for name, size in WINDOWS.items():
            _write(name, _seen(chromium, made / f"{name}.html", size))
        _write(CHART, certainty(result.release, "en").png())
    return 0


def _seen(chromium: str, page: Path, size: tuple[int, int]) -> bytes:
    """Return what a window of this size shows of a page, as PNG."""
    shot = page.with_suffix(".png")
    window = f"--window-size={size[0]},{size[1]}"
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = [chromium, *FLAGS, profile, window, f"--screenshot={shot}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own page in the browser of this machine
    return shot.read_bytes()


def _write(name: str, picture: bytes) -> None:
    """Write a picture with so few colours that it is small."""
    drawn = Image.open(io.BytesIO(picture)).convert("RGBA")
    flat = np.asarray(Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("RGB"))
    colours, often = np.unique(flat.reshape(-1, 3), axis=0, return_counts=True)
    most = colours[np.argsort(-often, kind="stable")[:COLOURS]]
    _, nearest = KDTree(most).query(flat)
    few = Image.fromarray(nearest.astype(np.uint8))
    few.putpalette(most.ravel().tolist())
    file = ROOT / "docs" / f"{name}.png"
    few.save(file, optimize=True)
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    sys.exit(main())
