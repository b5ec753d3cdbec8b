"""The sample city, read only; runs that change something work on a copy."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="package")
def sample(sample_data, tmp_path_factory):
    """Give a copy of the sample city."""
    return shutil.copytree(
        sample_data, tmp_path_factory.mktemp("sample") / "city", ignore=shutil.ignore_patterns("ergebnis")
    )


@pytest.fixture
def city(light_city, tmp_path):
    """Give a copy of the sample city that a test may spoil, with a light project of one date."""
    return shutil.copytree(light_city[1], tmp_path / "city")


@pytest.fixture
def two_dates(light_city, tmp_path):
    """Give a copy of the sample city that a test may spoil, with a light project of two dates."""
    return shutil.copytree(light_city[2], tmp_path / "city")


@pytest.fixture
def edit():
    """Replace text in a file that must hold it."""

    def edit(file, old: str, new: str, encoding: str = "utf-8") -> None:
        content = file.read_bytes().decode(encoding)
        assert old in content
        file.write_bytes(content.replace(old, new).encode(encoding))

    return edit


@pytest.fixture
def listing():
    """List a folder: every file below it with its bytes."""

    def listing(folder):
        return {str(file.relative_to(folder)): file.is_file() and file.read_bytes() for file in folder.rglob("*")}

    return listing
