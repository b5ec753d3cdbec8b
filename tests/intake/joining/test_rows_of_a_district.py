"""The advice for a row that is that of a district of the same name: its line is left out, and the join is right."""

from __future__ import annotations

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import JoinError


def test_the_row_of_a_district_is_left_out_by_its_line(read, row):
    areas = row("Mitte", "Ost", "West", "Nord").assign(bezirk="Mitte")
    rows = "Mitte;900;90\nOst;200;20\nWest;300;30\nNord;100;10\n"
    with pytest.raises(JoinError, match=r"1 key is the name of an area and of a bezirk.*skip_rows=\[\.\.\.\]"):
        qa.join(areas, read("key;ew;a\n" + rows))
    table = read("key;ew;a\n" + rows + "Mitte;300;30\n", skip_rows=[2])
    assert qa.join(areas, table).values["ew"].to_dict() == {"Mitte": 300.0, "Ost": 200.0, "West": 300.0, "Nord": 100.0}
