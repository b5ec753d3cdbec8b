"""Build the documentation into build/docs/html, offline; warnings, dead links and requests are errors.

With RUN_NOTEBOOKS=1 in the environment the notebooks are run and shown with their results.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from docs_site import reference
from docs_site.checking import faults, undescribed
from docs_site.staging import stage

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "docs"


def main() -> int:
    """Build and check the site; 1 if anything is wrong with it."""
    from sphinx.cmd.build import build_main

    # the kernels of the executed pages import what is built here, not what may be installed beside it
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    source, site = BUILD / "source", BUILD / "html"
    shutil.rmtree(BUILD, ignore_errors=True)
    source.mkdir(parents=True)
    stage(source)
    options = ["-b", "html", "-W", "--keep-going", "-q", "-j", "auto", "-d", str(BUILD / "doctrees")]
    if failed := build_main([*options, str(source), str(site)]):
        return failed
    (site / "_static" / "webpack-macros.html").unlink(missing_ok=True)  # a template of the theme, no page
    found = [*faults(site), *undescribed(site, reference.described())]
    print("\n".join(found) or f"{len(list(site.rglob('*.html')))} pages in {site.relative_to(ROOT)}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
