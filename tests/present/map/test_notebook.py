"""What a notebook gets of an atlas: the page, a picture for where no page is shown, and words."""

from __future__ import annotations

import sys
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

import quartiersatlas as qa
from quartiersatlas.present import Sheet

ALL = {"text/html", "image/png", "text/plain"}


@pytest.fixture(scope="module")
def shown(sample):
    """Return what IPython makes of the atlas of the sample city."""
    return DisplayFormatter().format(qa.atlas_map(sample.release))[0]


def picture(bundle):
    """Return the picture of a bundle as numbers."""
    with Image.open(BytesIO(b64decode(bundle["image/png"], validate=True))) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_ipython_gets_page_picture_and_words(sample, shown):
    atlas = qa.atlas_map(sample.release)
    assert shown.keys() == ALL
    assert shown["text/html"] == atlas._repr_html_()
    assert shown["text/plain"].startswith("Atlas of Release 'Bedarfslagen in der Beispielstadt'")


def test_the_picture_is_the_sheet_of_the_first_column_in_few_bytes(sample, shown, tmp_path):
    file = qa.figure(sample.release, "need_status_class").save(tmp_path / "sheet.png", dpi=100)
    with Image.open(file) as image:
        exact = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(picture(shown) - exact).max() < 64  # fewer colours
    assert (picture(shown) == exact).all(axis=-1).mean() > 0.9
    assert len(b64decode(shown["image/png"])) < 200_000


def test_the_picture_speaks_the_language_of_the_map(sample, shown):
    english = qa.atlas_map(sample.release, "en")._repr_mimebundle_(include=["image/png"])
    sheet = qa.figure(sample.release, lang="en")._repr_png_()
    assert b64decode(english["image/png"]) == sheet
    assert english["image/png"] != shown["image/png"]


def test_the_same_release_gives_the_same_picture(sample, shown):
    assert qa.atlas_map(sample.release)._repr_mimebundle_()["image/png"] == shown["image/png"]


@pytest.mark.parametrize(
    ("include", "exclude", "kinds"),
    [
        (None, None, ALL),
        (["text/html"], None, {"text/html"}),
        (("image/png", "text/plain", "image/svg+xml"), None, {"image/png", "text/plain"}),
        (None, {"text/html"}, {"image/png", "text/plain"}),
        (["text/html", "image/png"], ["image/png"], {"text/html"}),  # what is excluded stays out
        (["application/pdf"], None, set()),
        ([], [], ALL),
    ],
)
def test_only_what_is_asked_for_is_made(town_release, include, exclude, kinds):
    atlas = qa.atlas_map(town_release)
    assert atlas._repr_mimebundle_(include=include, exclude=exclude).keys() == kinds
    assert DisplayFormatter().format(atlas, include, exclude)[0].keys() == kinds


def test_no_picture_is_drawn_that_nobody_asks_for(town_release, monkeypatch):
    def refuse(_):
        raise AssertionError

    monkeypatch.setattr(Sheet, "_repr_png_", refuse)
    assert qa.atlas_map(town_release)._repr_mimebundle_(exclude=["image/png"]).keys() == ALL - {"image/png"}


def test_without_typst_there_is_no_picture(town_release, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    assert DisplayFormatter().format(qa.atlas_map(town_release))[0].keys() == ALL - {"image/png"}


def test_without_a_column_there_is_no_picture(town):
    atlas = qa.atlas_map(qa.release(town, columns=[]))
    assert "image/png" not in atlas._repr_mimebundle_()
