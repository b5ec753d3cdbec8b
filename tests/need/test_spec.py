from __future__ import annotations

import copy

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import InputError, SpecError

CLASSES = [
    {"id": "low", "upper": 0.0, "label_de": "gering", "label_en": "low"},
    {"id": "high", "label_de": "hoch", "label_en": "high"},
]
AXIS = {"id": "need", "label_de": "Bedarf", "label_en": "Need", "indicators": [{"id": "a"}], "classes": CLASSES}
SPEC = {"id": "test", "source": "test", "axes": [AXIS]}


def changed(path, value):
    content = copy.deepcopy(SPEC)
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("weigths",), 1, "In the need spec: 'weigths' is not known"),
        (("axes",), [], "has no axes"),
        (("axes",), 3, "should be a list"),
        (("axes", 0, "indicators"), [], "has no indicators"),
        (("axes", 0, "indicators"), [{"id": "a"}, {"id": "a"}], "names an indicator twice"),
        (("axes", 0, "indicators", 0, "weight"), 0, "the weight is 0; it must be above 0"),
        (("axes", 0, "indicators", 0, "weight"), -1, "the weight is -1"),
        (("axes", 0, "indicators", 0, "direction"), 0, "the direction is 0"),
        (("axes", 0, "indicators", 0, "wieght"), 1, "Did you mean 'weight'"),
        (("axes", 0, "indicators", 0), "a", "should be a table"),
        (("axes", 0, "classes", 1, "upper"), 1.0, "none for the last class"),
        (("axes", 0, "classes", 0), {"id": "low", "label_de": "x", "label_en": "x"}, "rising 'upper' breaks"),
    ],
)
def test_impossible_specs_are_refused_with_the_place(path, value, message):
    with pytest.raises(SpecError, match=message):
        qa.NeedSpec.from_dict(changed(path, value))


def test_a_missing_key_is_named():
    content = copy.deepcopy(SPEC)
    del content["source"]
    with pytest.raises(SpecError, match="In the need spec: 'source' is missing"):
        qa.NeedSpec.from_dict(content)


def test_the_hash_changes_with_the_rules_and_with_nothing_else():
    one, same = qa.NeedSpec.from_dict(SPEC), qa.NeedSpec.from_dict(copy.deepcopy(SPEC))
    other = qa.NeedSpec.from_dict(changed(("axes", 0, "indicators", 0, "weight"), 2.0))
    assert one.hash == same.hash
    assert one.hash != other.hash


def test_a_spec_is_read_from_toml(tmp_path):
    file = tmp_path / "need.toml"
    file.write_text(
        'id = "t"\nsource = "t"\n[[axes]]\nid = "need"\nlabel_de = "B"\nlabel_en = "N"\n'
        'indicators = [{ id = "a" }]\nclasses = [{ id = "all", label_de = "alle", label_en = "all" }]\n',
        encoding="utf-8",
    )
    assert qa.NeedSpec.from_toml(file).axes[0].indicators[0].id == "a"


def test_missing_and_broken_files_are_named_with_the_line(tmp_path):
    with pytest.raises(InputError, match=r"need\.toml' is missing"):
        qa.NeedSpec.from_toml(tmp_path / "need.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text('id = "t"\nsource = \n', encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.toml is not valid TOML.*line 2"):
        qa.NeedSpec.from_toml(broken)


def test_an_unknown_preset_lists_those_there_are():
    with pytest.raises(SpecError, match="there are berlin-mss-2019"):
        qa.NeedSpec.preset("berlin-mss-1999")


def test_no_built_in_spec_contains_a_share_of_migration_background():
    catalogue = qa.Catalogue.builtin()
    preset = qa.NeedSpec.preset("berlin-mss-2019")
    used = {i.id.removesuffix("_change") for axis in preset.axes for i in axis.indicators}
    assert {catalogue[name].role for name in used} == {"index"}
