"""The fuzzer sees what it looks for: other errors, foreign words, warnings, printed lines, aborts, endless cases."""

from __future__ import annotations

import os
import sys
import warnings

import pytest
from fuzzing import misbehaving
from fuzzing.verdict import BrokenPromiseError, ending, refuse_message
from fuzzing.workers import one_case, run_cases

from quartiersatlas.errors import InputError


def raising(error):
    def call():
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (KeyError("Einwohner"), "KeyError"),
        (MemoryError(), "MemoryError"),
        (InputError("x.gpkg: OGRFeature has no geometry."), "foreign 'OGRFeature'"),
        (InputError("x: 'NoneType' object has no attribute 'area'."), "foreign 'NoneType'"),
        (InputError("x.csv: 'utf-8' codec can't decode byte 0xfc."), "foreign 'codec'"),
        (InputError(" "), "says nothing"),
    ],
)
def test_an_error_that_is_not_ours_or_not_in_our_words_is_seen(error, seen):
    with pytest.raises(BrokenPromiseError, match=seen):
        ending(raising(error))


@pytest.mark.parametrize("message", ["first line\nsecond line", "a \u202e turned name", "a\x1b[31m"])
def test_a_message_of_several_lines_or_with_control_characters_is_seen(message):
    with pytest.raises(BrokenPromiseError, match="line end or a control character"):
        refuse_message(message, "InputError")


def test_an_error_of_ours_in_our_words_is_how_a_call_may_end():
    end = ending(raising(InputError("x.csv has no rows. Pass header_rows=2; the geologist's organs stay out.")))
    assert (end.how, end.message[:5]) == ("InputError", "x.csv")
    assert ending(lambda: 3).value == 3


def test_words_that_the_file_itself_holds_may_be_quoted():
    quoting = raising(InputError("There is no column 'GDAL'. There are: 'pandas'."))
    with pytest.raises(BrokenPromiseError):
        ending(quoting)
    assert ending(quoting, allowed="pandas;gdal").how == "InputError"


@pytest.mark.parametrize("category", [RuntimeWarning, DeprecationWarning, FutureWarning])
def test_warnings_of_others_are_seen_and_ours_are_not(category):
    with pytest.raises(BrokenPromiseError, match=category.__name__):
        ending(lambda: warnings.warn("x", category, stacklevel=1))
    assert ending(lambda: warnings.warn("a hint", UserWarning, stacklevel=1)).how == "done"


def test_what_is_printed_below_the_interpreter_is_seen():
    with pytest.raises(BrokenPromiseError, match="printed: from below"):
        ending(lambda: os.write(2, b"from below\n"))


def test_an_abort_and_a_case_without_end_are_lines_of_the_report():
    ends = {end.seed: end for end in run_cases(misbehaving.run, range(4), jobs=1, limit=0.5)}
    assert ends[0].how == "fine"
    assert "died with code -6" in ends[1].fault
    assert "did not end within 0.5 seconds" in ends[2].fault
    assert "ZeroDivisionError" in ends[3].fault


def test_the_case_itself_may_not_fail_either():
    assert "ZeroDivisionError" in one_case(misbehaving.run, 3).fault


def test_the_script_ends_with_1_where_a_promise_was_broken(monkeypatch, capsys):
    import fuzz

    monkeypatch.setattr(fuzz, "KINDS", ("misbehaving",))
    monkeypatch.setattr(sys, "argv", ["fuzz.py", "misbehaving", "--n", "1", "--seed", "3", "--jobs", "1"])
    assert fuzz.main() == 1
    assert "--- seed 3: the case itself failed" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["fuzz.py", "misbehaving", "--n", "1", "--jobs", "1"])
    assert fuzz.main() == 0
    assert "0 of 1 case broke a promise" in capsys.readouterr().out
