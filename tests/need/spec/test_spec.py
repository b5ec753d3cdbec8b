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
        (("axes", 0, "indicators"), [{"id": "a"}, {"id": "a"}], "has a duplicate indicator"),
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
    with pytest.raises(SpecError, match="must be one of 'berlin-mss-2013', 'berlin-mss-2015'"):
        qa.NeedSpec.preset("berlin-mss-1999")


def axis(**changes):
    return {"id": "t", "source": "t", "axes": [{**copy.deepcopy(AXIS), **changes}]}


TWO = [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (axis(aggregate="geometric"), "geometric needs values above 0, and normalise 'z' gives others"),
        (axis(aggregate="mazziotta_pareto", normalise={"method": "minmax"}), "mazziotta_pareto needs values above 0"),
        (axis(aggregate="count"), "belong together"),
        (axis(normalise={"method": "above"}), "belong together"),
        (axis(normalise={"method": "goalposts"}), "'a' needs low for goalposts"),
        (axis(normalise={"method": "z", "reference": "fixed"}), r"'a' needs centre for z \(fixed\)"),
        (axis(indicators=[{"id": "a", "low": 0.0, "high": 1.0}]), "'a' has low, which z ignores"),
        (axis(normalise={"method": "minmax", "reference": "city"}), "'minmax' has no reference 'city'"),
        (axis(normalise={"method": "rank", "weighting": "population"}), "'rank' does not weigh areas"),
        (axis(normalise={"method": "zscore"}), "method must be one of 'none', 'z', .*, not 'zscore'"),
        (axis(normalise={"ddof": 2}), "ddof must be one of 0, 1, not 2"),
        (axis(normalise={"methode": "z"}), "'methode' is not known. Did you mean 'method'"),
        (axis(normalise={"method": "minmax", "low": 2.0}), "low 2 must be below high 1"),
        (axis(indicators=TWO), "a sum of z-scores has no scale"),
        (axis(weight=2.0), "an axis stands alone and has no weight"),
        (axis(min_present=0.0), "min_present is 0.0"),
        (axis(min_present=0.5, aggregate="copeland"), "copeland needs every indicator"),
        (axis(breaks={"method": "quantile"}), r"quantile breaks are shares of the areas, in \(0, 1\)"),
        (axis(breaks={"method": "quantile", "type": 3}), "type must be one of 4, 5, 6, 7, 8, 9, not 3"),
        (axis(standardise={"method": "above"}), "cannot be standardised by above"),
        (axis(indicators=[{"id": "a", "numerator": "x"}]), "numerator and denominator belong together"),
        (axis(indicators=[{"id": "a", "transform": "cube"}]), "transform must be one of 'none', 'log', .*, not 'cube'"),
        (axis(indicators=[{"id": "a", "scale": 0.0}]), "the scale is 0.0; it must be above 0"),
        (
            axis(indicators=[{"id": "a", "weight": 2.0}], aggregate="count", normalise={"method": "above"}),
            "count counts conditions",
        ),
        (
            axis(indicators=[], domains=[{"id": "d", "indicators": TWO}], normalise={"reference": "city"}),
            "'d' is a domain; it has no city value",
        ),
        (
            axis(indicators=[{"id": "a", "transform": "log"}], normalise={"reference": "city"}),
            "'a' has a transform; the city value has none",
        ),
        ({**axis(), "min_population_in": "both"}, "min_population_in must be one of 'every', 'latest', not 'both'"),
        ({**axis(), "min_population": -1}, "min_population is -1"),
    ],
)
def test_impossible_combinations_are_refused(content, message):
    with pytest.raises(SpecError, match=message):
        qa.NeedSpec.from_dict(content)


def test_domains_may_be_nested_to_any_depth():
    inner = {"id": "inner", "indicators": TWO}
    content = axis(indicators=[{"id": "c"}], domains=[{"id": "outer", "domains": [inner], "weight": 3.0}])
    content["axes"][0]["breaks"] = {"method": "sd"}
    spec = qa.NeedSpec.from_dict(content)
    assert [leaf.id for leaf in spec.axes[0].indicators] == ["a", "b", "c"]
    assert [group.id for group in spec.axes[0].groups()] == ["need", "outer", "inner"]
