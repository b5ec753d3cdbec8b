"""Files are written whole or not at all, also several that belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from quartiersatlas.base import files
from quartiersatlas.errors import InputError


def content(folder):
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def write_half(folder):
    with files.written_together([folder / "a", folder / "b"]) as (a, b):
        a.write_text("new", encoding="utf-8")
        b.write_text("ne", encoding="utf-8")
        raise ValueError("half-way")


def write_three(folder):
    with files.written_together([folder / name for name in "abc"]) as unfinished:
        for file in unfinished:
            file.write_text("new", encoding="utf-8")


def test_text_files_keep_their_line_ends_and_replace_what_was_there(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("a much longer text that was there before", encoding="utf-8")
    assert files.write_text(target, "ä\r\n\n") == target
    assert target.read_bytes() == b"\xc3\xa4\r\n\n"


def test_several_files_are_moved_into_place_together(tmp_path):
    (tmp_path / "b").write_text("old", encoding="utf-8")
    write_three(tmp_path)
    assert content(tmp_path) == {"a": "new", "b": "new", "c": "new"}


def test_a_failure_while_writing_the_second_file_leaves_all_as_they_were(tmp_path):
    (tmp_path / "a").write_text("old", encoding="utf-8")
    with pytest.raises(ValueError, match="half-way"):
        write_half(tmp_path)
    assert content(tmp_path) == {"a": "old"}


@pytest.mark.parametrize("stuck", ["a", "b", "c"])
def test_a_file_that_cannot_be_replaced_leaves_all_as_they_were(tmp_path, monkeypatch, stuck):
    """As where a spreadsheet holds one of them open."""
    (tmp_path / "a").write_text("old", encoding="utf-8")
    (tmp_path / "c").write_text("older", encoding="utf-8")
    replace = Path.replace

    def refuse(path, target):
        if Path(target) == tmp_path / stuck and path.read_text(encoding="utf-8") == "new":
            raise PermissionError(13, "Permission denied")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(InputError, match=rf"'{stuck}' cannot be written.*Permission denied.*open in another program"):
        write_three(tmp_path)
    assert content(tmp_path) == {"a": "old", "c": "older"}
