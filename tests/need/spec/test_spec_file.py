from __future__ import annotations

import pytest

import quartiersatlas as qa
from quartiersatlas.base.toml import line_of
from quartiersatlas.errors import SpecError

SPEC = """# a spec
id = "t"
source = "t"

[[axes]]
id = "status"
label_de = "S"
normalise = { method = "z", ddof = 0 }
standardise = { method = "z" }
indicators = [
  { id = "a" },
  { id = "b", weight = 2 },
]
classes = [{ id = "all", label_de = "alle", label_en = "all" }]

[[axes]]
id = "dynamics"

[axes.normalise]
method = "z"

[[axes.indicators]]
id = "c"

[[axes.indicators]]
id = "d"
"weight" = 1

[[axes.classes]]
id = "all"
label_de = "alle"
label_en = "all"
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('source = "t"', 'sourse = "t"', 3, "'sourse' is not known. Did you mean 'source'"),
        ("ddof = 0", "ddof = 3", 8, "ddof must be one of 0, 1, not 3"),
        ("ddof = 0", "dof = 0", 8, "'dof' is not known"),
        ("weight = 2", "weight = -2", 12, "the weight is -2"),
        ("weight = 2", 'weight = "2"', 12, "should be a number"),
        ('"weight" = 1', '"weight" = 0', 27, "the weight is 0"),
        ('"weight" = 1', '"wieght" = 1', 27, "'wieght' is not known"),
        ('\nmethod = "z"', '\nmethod = "zz"', 20, "method must be one of 'none', 'z', .*, not 'zz'"),
        ('id = "d"\n', 'id = "c"\n', 17, "has a duplicate indicator"),
        ('id = "dynamics"', 'id = "dynamics"\naggregate = "geometric"', 18, "geometric needs values above 0"),
        ('label_de = "alle"\n', "", 30, "'label_de' is missing"),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_an_error_names_the_line_of_the_file(tmp_path, old, new, line, message, ends):
    assert SPEC.count(old) == 1
    file = tmp_path / "need.toml"
    file.write_bytes(SPEC.replace(old, new).replace("\n", ends).encode("utf-8-sig"))
    with pytest.raises(SpecError, match=rf"^need\.toml, line {line}: .*{message}"):
        qa.NeedSpec.from_toml(file)


def test_the_file_without_a_mistake_is_read(tmp_path):
    file = tmp_path / "need.toml"
    file.write_text(SPEC, encoding="utf-8")
    assert [axis.id for axis in qa.NeedSpec.from_toml(file).axes] == ["status", "dynamics"]


def test_dotted_keys_are_found():
    assert line_of("x = 1\na.b.c = 2\na.b.d = 3", ("a", "b", "d")) == 3


def test_a_key_that_is_also_a_word_elsewhere_is_told_apart():
    assert line_of('# id = 1\ntext = "id = 2"\n[part]\nid = 3', ("part", "id")) == 4


def test_a_place_that_is_not_there_is_answered_with_the_nearest_above():
    assert line_of('[part]\nid = "x"', ("part", "label")) == 1
    assert line_of("", ("part",)) == 0
