"""The tutorial, run once in a folder with the sample city."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "en.md"
CELL = re.compile(r"```\{code-cell\} python\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="session")
def folder(tmp_path_factory, sample_data):
    """Give a folder with the sample city, in which the tutorial was run."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(sample_data, folder / "sample_data")
    (folder / "tutorial").mkdir()
    return folder


@pytest.fixture(scope="session")
def tutorial(folder):
    """Give the names that the tutorial leaves behind."""
    names = {"pd": pd}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "tutorial")
        for code in CELL.findall(TUTORIAL.read_text(encoding="utf-8")):
            exec(compile(code, str(TUTORIAL), "exec"), names)  # noqa: S102 - the page's own code
    return names
