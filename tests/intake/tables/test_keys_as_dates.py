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
