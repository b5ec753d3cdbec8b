"""What a user writes into the frames of a release reaches no file."""

from __future__ import annotations

import pickle
from contextlib import suppress
from dataclasses import FrozenInstanceError, fields, replace

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, ReleaseError

FRAMES = (
    *("areas", "values", "status", "state", "residents", "reasons", "selected", "members", "assessed"),
    *("candidates", "programmes", "facilities", "segregation", "drivers", "scale", "stability", "reasons_not_shown"),
    *("other_reasons", "rule_counts", "missing"),
)


@pytest.fixture(scope="module")
def released(outcome):
    """Give the release of the sample city with a table of several levels of areas."""
    scale = pd.DataFrame({"level": ["a", "b"], "value": [0.25, 0.5], "adjusted": 0.1, "expected": 0.1})
    found = outcome[0].release
    counts = pd.DataFrame({"key": list(found.areas.index), "k": 2, "n": 3, "yes": 1, "no": 2, "unknown": 0})
    return replace(found, scale=scale, rule_counts=counts)


def frame_of(release, name):
    return release.stability.table if name == "stability" else getattr(release, name)


def files_of(release, folder):
    """Write what is read by others: the map, the report and a table of every frame."""
    folder.mkdir()
    qa.atlas_map(release).save(folder / "a.html")
    qa.report(release, folder / "b.html")
    qa.export(release, folder / "c.xlsx")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def by_loc(frame, value):
    if isinstance(frame, pd.Series):
        frame.loc[frame.index[0]] = value
    else:
        frame.loc[frame.index[0], frame.columns[0]] = value


def by_column(frame, value):
    if isinstance(frame, pd.Series):
        frame[:] = value
    else:
        frame[frame.columns[0]] = value
        frame["more"] = value


def by_array(frame, value):
    columns = [frame] if isinstance(frame, pd.Series) else [frame[name] for name in frame]
    arrays = [array for column in columns for array in (column.to_numpy(), column.array, column.values)]
    for array in (frame.to_numpy(), *arrays):
        with suppress(ValueError, TypeError):  # read only, or of another kind
            array[0] = value


def in_place(frame, value):
    if isinstance(frame, pd.Series):
        frame.mask(frame.notna() | True, value, inplace=True)  # noqa: PD002 - that is what is tried
    else:
        frame.drop(columns=frame.columns[0], inplace=True)  # noqa: PD002
        frame.fillna(0, inplace=True)  # noqa: PD002


WAYS = (by_loc, by_column, by_array, in_place)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_was_written_into_is_as_it_was(released, name, way):
    before = pickle.dumps(frame_of(released, name))
    for value in (0.2, "x", None, released.areas.geometry.iloc[-1]):
        with suppress(ValueError, TypeError, AttributeError, KeyError):
            way(frame_of(released, name), value)
    assert pickle.dumps(frame_of(released, name)) == before


@pytest.mark.filterwarnings("ignore")
def test_no_byte_of_map_report_and_table_changes(released, tmp_path):
    released = replace(released, scale=None)  # the invented one is for no report
    before = files_of(released, tmp_path / "before")
    key = released.status.index[released.status["sgb2_rate"].eq("suppressed")][0]
    released.values.loc[key, "sgb2_rate"] = 0.2
    released.values["sgb2_rate"] = 0.2
    released.status.loc[key, "sgb2_rate"] = "value"
    with suppress(ValueError):  # read only
        released.values["sgb2_rate"].to_numpy()[0] = 0.2
    released.values.fillna(0.2, inplace=True)  # noqa: PD002 - that is what is tried
    for name in FRAMES:
        for way in WAYS if name != "scale" else ():
            with suppress(ValueError, TypeError, AttributeError, KeyError):
                way(frame_of(released, name), 0.2)
    released.dates["sgb2_rate"] = "1999"
    released.stability.notes["de"] = ("x",)
    notes = [note for notes in released.segregation["note_codes"] for note in notes]
    for message in (*released.facts, *notes):
        message.values.update(dict.fromkeys(message.values, "x"))
    assert files_of(released, tmp_path / "after") == before


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_gaps_of_a_column_are_not_shared(released, way):
    empty = replace(released, values=released.values.assign(sgb2_rate=float("nan")))  # every row, and some
    for release, n_gaps in ((empty, len(released.areas)), (released, released.values["sgb2_rate"].isna().sum())):
        before = pickle.dumps(release.gaps("sgb2_rate"))
        assert len(release.gaps("sgb2_rate")) == n_gaps > 0
        with suppress(ValueError, TypeError, AttributeError, KeyError):
            way(release.gaps("sgb2_rate"), "x")
        assert pickle.dumps(release.gaps("sgb2_rate")) == before


def test_every_frame_of_a_release_is_named_here(released):
    frames = {f.name for f in fields(released) if isinstance(getattr(released, f.name), pd.DataFrame | pd.Series)}
    assert frames == set(FRAMES) - {"stability"}


def test_what_was_handed_over_is_not_shared(joined, grid):
    data = qa.add_rates(joined({"poor": [50.0, 60], "residents": [1000.0] * 2}), {"poverty": ("poor", "residents")})
    places, dates = grid(1).assign(kind="school"), {"poverty": "2023"}
    result = qa.release(data, facilities=places, dates=dates)
    places.loc["a0", "name"], dates["poverty"] = "X", "1999"
    data.values.loc["a0", "poverty"] = 99.0
    data.areas.loc["a0", "name"] = "X"
    assert result.facilities.loc["a0", "name"] == result.areas.loc["a0", "name"] == "Gebiet a0"
    assert result.dates == {"poverty": "2023"}
    assert result.values.loc["a0", "poverty"] == 5.0


def test_a_release_is_frozen_compared_by_identity_and_survives_pickling(released):
    with pytest.raises(FrozenInstanceError):
        released.values = released.status
    with pytest.raises(FrozenInstanceError):
        released.title = "X"
    assert released == released  # noqa: PLR0124 - and does not compare frames
    assert released != replace(released)
    assert len({released, released}) == 1
    again = pickle.loads(pickle.dumps(released))  # noqa: S301 - our own
    assert type(again) is qa.Release
    assert again.values.equals(released.values)
    by_array(again.values, 0.2)
    assert again.values.equals(released.values)


def test_a_column_that_is_not_there_is_answered_with_the_nearest(released):
    assert released.column("sgb2_rate").id == "sgb2_rate"
    with pytest.raises(ColumnError, match=r"The release has no column 'sgb2_rat'\. Did you mean 'sgb2_rate'"):
        released.column("sgb2_rat")
    with pytest.raises(ReleaseError, match="'sgb2_rat'"):
        released.protect(released.residents, "sgb2_rat")
    with pytest.raises(ColumnError, match="Did you mean 'sgb2_rate'"):
        released.gaps("sgb2_rat")
