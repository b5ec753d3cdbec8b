"""A TOML file that cannot be read says why, and what to do."""

from __future__ import annotations

import pytest

from quartiersatlas.base.toml import read_toml
from quartiersatlas.errors import InputError

DEEP = "lie too deep in each other. 50 levels are allowed; is a sign repeated?"
SAVE = "that is none of its letters. Save it as UTF-8, as TOML has to be."


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ('a = 1\n# Größe\nb = "Süd"\n'.encode("cp1252"), f"it is not in UTF-8, line 2 has a byte {SAVE}"),
        ("a = 1\n".encode("utf-16"), f"it is not in UTF-8 (it is UTF-16), line 1 has a byte {SAVE}"),
        (b"a = " + b"[" * 20_000, f"its lists or tables {DEEP}"),
        (b".".join([b"a"] * 51) + b" = 1", f"its lists or tables {DEEP}"),
        (b"[" + b".".join([b"a"] * 5000) + b"]", f"its lists or tables {DEEP}"),
        (b"a = " + b"{a=" * 5000 + b"1" + b"}" * 5000, f"its lists or tables {DEEP}"),
        (b"a = 7" + b"0" * 6000, "a number in it has thousands of digits."),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_words(tmp_path, raw, message):
    file = tmp_path / "bedarf.toml"
    file.write_bytes(raw)
    with pytest.raises(InputError) as caught:
        read_toml(file, "need spec")
    assert str(caught.value) == f"bedarf.toml is not valid TOML: {message}"


def test_as_many_levels_as_are_allowed_can_be_read(tmp_path):
    file = tmp_path / "bedarf.toml"
    file.write_text(".".join(["a"] * 50) + " = 1", encoding="utf-8")
    content = read_toml(file, "need spec")
    for _ in range(50):
        content = content["a"]
    assert content == 1


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_line_ends_and_a_mark_at_the_start_change_nothing(tmp_path, ends, encoding):
    file = tmp_path / "bedarf.toml"
    file.write_bytes(f'a = "Größe"{ends}b = 10{"0" * 300}{ends}'.encode(encoding))
    assert read_toml(file, "need spec") == {"a": "Größe", "b": 10**301}
