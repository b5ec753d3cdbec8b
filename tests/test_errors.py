"""A message is one line, whatever the names in a file hold; and it stays what it is in other processes."""

from __future__ import annotations

import pickle

import pytest

from quartiersatlas.errors import ColumnError, JoinError, KeyColumnError, NumberError, QuartiersatlasError, SpecError


@pytest.mark.parametrize(
    ("quoted", "shown"),
    [
        ("Nord\nSüd", "Nord\\nSüd"),
        ("Nord\r\nSüd", "Nord\\r\\nSüd"),
        ("a\tb\x00c\x1b[31m", "a\\tb\\x00c\\x1b[31m"),
        ("a\x85b\u2028c", "a\\x85b\\u2028c"),
        ("\u202eretiE\u202c", "\\u202eretiE\\u202c"),
        ("half \ud83c", "half \\ud83c"),
    ],
)
@pytest.mark.parametrize("kind", [QuartiersatlasError, KeyColumnError, NumberError, JoinError, SpecError])
def test_control_characters_are_written_out(kind, quoted, shown):
    assert str(kind(f"'{quoted}' is no key.")) == f"'{shown}' is no key."


def test_words_of_every_script_stay_as_they_are():
    text = "'Łódź', 'Größe m²', 'Дом', 'רחוב', '中央', '🏘 Dorf', 'a\u00a0b', 'C:\\neu': 3 of 4 – „so“"
    assert str(SpecError(text)) == text


def test_a_message_survives_a_way_through_another_process():
    error = pickle.loads(pickle.dumps(KeyColumnError("'a\nb' is there twice.", ["a\nb"])))  # noqa: S301 - our own
    assert str(error) == "'a\\nb' is there twice."


def test_a_column_that_is_missing_is_named_in_one_line():
    error = ColumnError.not_found("Ein\nwohner", ["Ein wohner", "x\u2028"], "t.csv")
    assert str(error).splitlines() == [str(error)]
