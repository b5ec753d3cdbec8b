"""Wrong calls of a release and of what leaves: the library's own error names what was handed over, and the way out."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, InputError, QuartiersatlasError, SpecError

WORDS = {"title": "T", "source": "S", "as_of": "2024-12-31", "comment": "K"}
EMPTY = pd.DataFrame()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Return what each of the functions takes when it is called rightly."""
    keys = ["a0", "b0", "c0", "d0"]
    shapes = [shapely.box(1000 * k, 0, 1000 * k + 1000, 1000) for k in range(4)]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    frame = pd.DataFrame({"poor": [400.0, 100, 500, 450], "residents": [1000.0] * 4}, index=keys)
    data = qa.add_rates(qa.join(areas, frame), {"rate": ("poor", "residents")})
    words = {f"{part}_{lang}": part for part in ("label", "numerator", "denominator") for lang in ("de", "en")}
    data = data.with_indicators(
        qa.Indicator(id="rate", unit="percent", kind="share", role="index", direction=1, **words)
    )
    shortlist = qa.screen(data, qa.above_city("rate"))
    candidates = qa.candidate_areas(data, shortlist, min_population=0)
    release = qa.release(data, shortlist=shortlist, candidates=candidates, **WORDS)
    store = qa.monitor(tmp_path_factory.mktemp("store") / "store", format="csv")
    return {
        "release": {"data": data, **WORDS},
        "atlas_map": {"release": release},
        "choropleth": {"data": data, "indicator": "rate"},
        "report": {"release": release, "path": "r.html"},
        "profile": {"release": release, "key": "a0"},
        "profiles": {"release": release, "path": "p.html"},
        "dossier": {"release": release, "candidate": str(release.candidates.index[0]), "folder": "d"},
        "figure": {"release": release, "column": "rate"},
        "export": {"release": release, "path": "e.csv"},
        "audit": {"values": frame},
        "monitor_report": {"store": store, "release": release, "path": "m.html"},
    }


@pytest.fixture
def made(own, tmp_path, monkeypatch):
    """Return a call of everything that leaves, right but for what is handed over in addition."""
    monkeypatch.chdir(tmp_path)
    return lambda name, **more: getattr(qa, name)(**{**own[name], **more})


@pytest.mark.parametrize("wrong", [1, float("nan"), "x", b"x", ["x"], {"a": 1}, EMPTY, pd.Series(["x"]), pd.NA, print])
@pytest.mark.parametrize(
    ("call", "name"),
    [
        *((call, "context") for call in ("atlas_map", "report", "profile", "profiles", "figure")),
        *(
            (call, "look")
            for call in ("atlas_map", "report", "profile", "profiles", "figure", "export", "monitor_report")
        ),
    ],
)
def test_context_and_look_are_what_the_library_makes(made, call, name, wrong):
    with pytest.raises(ArgumentError, match=f"^{call}: {name} takes a {name.title()}, not .*: {name}=qa"):
        made(call, **{name: wrong})


@pytest.mark.parametrize("wrong", [1, float("nan"), None, object(), [None], ["2023"], EMPTY.assign(a=[1]), pd.NA])
@pytest.mark.parametrize("call", ["atlas_map", "report", "profile", "profiles"])
def test_earlier_dates_are_releases(made, call, wrong):
    with pytest.raises(ArgumentError, match=f"^{call}: earlier takes a Release, not "):
        made(call, earlier=wrong)


@pytest.mark.parametrize(
    ("call", "name", "wrong", "error"),
    [
        *(("release", name, None, "takes a str, not None") for name in ("title", "source", "as_of", "comment", "city")),
        ("release", "city", 3, "release: city takes a str, not an int"),
        ("atlas_map", "breaks", EMPTY, "breaks takes a mapping, not a DataFrame"),
        ("atlas_map", "notes", pd.NA, "notes takes a mapping"),
        ("atlas_map", "gazetteer", {"Street": 1}, "gazetteer takes a list, not an int"),
        ("profiles", "keys", 1, "keys takes a list, not an int"),
        ("profiles", "notes", "x", "notes takes a mapping, not a str"),
        ("profiles", "notes", EMPTY, "notes takes a mapping, not a DataFrame"),
        ("dossier", "candidate", EMPTY, "candidate takes a str, not a DataFrame"),
        ("dossier", "candidate", np.array([1, 2]), "candidate takes a str"),
        ("figure", "column", ["rate"], "column takes a str, not a list"),
        ("figure", "circles", EMPTY, "circles must be one of"),
        ("figure", "circles", pd.NA, "circles must be one of"),
        ("choropleth", "kind", EMPTY, "kind takes a str, not a DataFrame"),
        ("choropleth", "label", pd.NA, "label_de takes a str"),
    ],
)
def test_an_argument_of_another_type_is_named_with_what_it_takes(made, call, name, wrong, error):
    with pytest.raises((ArgumentError, SpecError), match=error):
        made(call, **{name: wrong})


def test_one_key_is_one_area(made, tmp_path):
    """Not its letters."""
    made("profiles", keys="a0")
    assert (tmp_path / "p.html").is_file()
    with pytest.raises(QuartiersatlasError, match="'zz'"):
        made("profiles", keys="zz")


@pytest.mark.parametrize(
    ("call", "slip", "meant"),
    [
        ("release", "titel", "title"),
        ("release", "date", "dates"),
        ("release", "protecton", "protection"),
        ("atlas_map", "language", "lang"),
        ("report", "contex", "context"),
        ("profile", "fmt", "format"),
        ("profiles", "key", "keys"),
        ("dossier", "candidates", "candidate"),
        ("figure", "columns", "column"),
        ("export", "tables", "table"),
        ("audit", "total", "totals"),
        ("monitor_report", "langs", "lang"),
        ("choropleth", "labels", "label"),
    ],
)
def test_a_parameter_that_is_called_nearly_so_is_named(made, call, slip, meant):
    with pytest.raises(ArgumentError, match=f"^{call} has no parameter '{slip}'. Did you mean .*'{meant}'"):
        made(call, **{slip: "x"})


def test_a_parameter_that_nothing_is_called_like_gets_the_list(made):
    with pytest.raises(ArgumentError, match=r"^report has no parameter 'zzzz'\. It takes release, path, lang, "):
        made("report", zzzz=1)


@pytest.mark.parametrize(
    "name", ["a\0b", "x" * 300, "a\ud800", "file/a", "/".join(["y" * 200] * 30), "file", "in\0a/b"]
)
@pytest.mark.parametrize("call", ["report", "profiles", "export", "dossier", "monitor_report"])
def test_a_name_that_no_file_or_folder_can_have_is_refused(made, tmp_path, call, name):
    (tmp_path / "file").write_text("x")
    ending = {"dossier": "", "export": ".csv"}.get(call, ".html")
    if ending:  # a folder in the place of a file; of a dossier a file in the place of its folder
        (tmp_path / f"file{ending}").mkdir()
    with pytest.raises(QuartiersatlasError) as caught:
        made(call, **{"folder" if call == "dossier" else "path": name + ending})
    assert call != "dossier" or isinstance(caught.value, InputError)
