"""Keys that a spreadsheet turned into dates, as it writes them into a text file, and keys that only look a bit so."""

from __future__ import annotations

import pytest

from quartiersatlas.errors import KeyColumnError


def rows(*keys):
    return "key;Kinder\n" + "".join(f"{key};{40 + n}\n" for n, key in enumerate(keys))


@pytest.mark.parametrize(
    "keys",
    [
        ("01.03.2024", "02.03.2024", "01.04.2024"),
        ("1.3.2024", "2.3.2024"),
        ("01/03/2024", "02/03/2024"),
        ("3/15/2024", "4/15/2024"),
        ("01.03.2024 00:00", "02.03.2024 00:00:00"),
    ],
)
def test_keys_that_are_dates_of_a_text_file_are_refused_as_dates(read, keys):
    with pytest.raises(KeyColumnError, match=f"{len(keys)} keys are dates in 'key': '{keys[0]}' in line 2"):
        read(rows(*keys))


@pytest.mark.parametrize(
    "keys",
    [("01.03", "01.04"), ("01.03.05", "01.03.06"), ("01.03.0024", "1.3.2"), ("11.2024.01", "12/2024"), ("1/2", "1/3")],
)
def test_keys_in_levels_stay_keys(read, keys):
    assert read(rows(*keys)).values.index.tolist() == list(keys)


@pytest.mark.parametrize("keys", [('="0107"', '="0108"'), ("'0107", "'0108")])
def test_signs_that_make_keys_text_in_a_spreadsheet_are_left_out_with_a_note(read, keys):
    table = read(rows(*(key.replace('"', '""').join('""') if '"' in key else key for key in keys)))
    assert table.values.index.tolist() == ["0107", "0108"]
    assert any("2 keys of column 'key' were marked as text" in note for note in table.notes)


def test_such_signs_at_some_keys_only_are_part_of_them(read):
    assert read(rows("'s-Gravenhage", "Delft")).values.index.tolist() == ["'s-Gravenhage", "Delft"]
