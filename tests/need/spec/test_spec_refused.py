"""Nothing wrong in a spec is ignored: unknown keys, numbers that are none, ids that mix up, options without effect."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace

import pytest

from quartiersatlas.errors import SpecError
from quartiersatlas.need.spec.records import NeedAxis, NeedClass, NeedGroup, NeedIndicator
from quartiersatlas.need.spec.spec import NeedSpec
from quartiersatlas.need.spec.steps import METHODS, OPTIONS, Breaks, Normalise

# every level of a spec, one key per line
FILE = """id = "t"
source = "t"
min_population = 300
weights_sum = 1.0

[exclude]
"01" = "by hand"

[[axes]]
id = "need"
aggregate = "arithmetic"
min_present = 0.5

[axes.normalise]
method = "z"
ddof = 1
centre = 1.0

[axes.standardise]
method = "z"
spread = 2.0

[axes.breaks]
method = "quantile"
type = 9

[[axes.domains]]
id = "work"
weight = 2.0

[axes.domains.normalise]
method = "z"
reference = "fixed"

[[axes.domains.indicators]]
id = "a"
direction = -1
centre = 10.0
scale = 3.0

[[axes.domains]]
id = "home"

[axes.domains.normalise]
method = "goalposts"
low = 0.0
high = 1.0

[[axes.domains.indicators]]
id = "b"
low = 1.0
high = 2.0

[[axes.domains]]
id = "flags"
aggregate = "count"

[axes.domains.normalise]
method = "above"
reference = "quantile"
q = 0.9

[[axes.domains.indicators]]
id = "c"

[[axes.domains]]
id = "limits"
aggregate = "count"

[axes.domains.normalise]
method = "above"
reference = "fixed"

[[axes.domains.indicators]]
id = "d"
limit = 24.0

[[axes.classes]]
id = "low"
label_de = "gering"
label_en = "low"
upper = 0.5

[[axes.classes]]
id = "high"
label_de = "hoch"
label_en = "high"

[[axes]]
id = "other"
normalise = { method = "exponential", shift = 0.25 }
indicators = [{ id = "a" }, { id = "e", transform = "winsorise", winsor_skew = 1.5, winsor_kurtosis = 2.5 }]
classes = [{ id = "all", label_de = "alle", label_en = "all" }]
"""


def read(tmp_path, old="", new="", nth=1):
    parts = FILE.split(old, nth) if old else [FILE]
    assert not old or len(parts) == nth + 1
    content = new.join([old.join(parts[:nth]), parts[nth]]) if old else FILE
    (tmp_path / "need.toml").write_text(content, encoding="utf-8")
    return NeedSpec.from_toml(tmp_path / "need.toml")


def line(old, nth=1):
    before = old.join(FILE.split(old, nth)[:nth])
    return before.count("\n") + 1


def test_the_file_is_a_spec(tmp_path):
    assert read(tmp_path).exclude == {"01": "by hand"}


NUMBERS = [
    "min_population = 300",
    "weights_sum = 1.0",
    "min_present = 0.5",
    "centre = 1.0",
    "spread = 2.0",
    "weight = 2.0",
    "centre = 10.0",
    "scale = 3.0",
    "low = 0.0",
    "high = 1.0",
    "low = 1.0",
    "high = 2.0",
    "q = 0.9",
    "limit = 24.0",
    "upper = 0.5",
    "shift = 0.25",
    "winsor_skew = 1.5",
    "winsor_kurtosis = 2.5",
]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "1" + "0" * 400])
@pytest.mark.parametrize("old", NUMBERS)
def test_a_number_that_is_not_finite_is_refused_with_its_line(tmp_path, old, value):
    key = old.split(" =")[0]
    shown = "inf" if value[0] == "1" else value
    with pytest.raises(SpecError, match=rf"^need\.toml, line {line(old)}: .*{key} is {shown}; it must be a finite"):
        read(tmp_path, old, f"{key} = {value}")


def test_every_number_of_a_spec_is_tried_above():
    parts = (NeedSpec, NeedAxis, NeedIndicator, NeedClass, Normalise, Breaks)
    declared = {field.name for part in parts for field in fields(part) if "float" in str(field.type)}
    assert {old.split(" =")[0] for old in NUMBERS} == declared


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "t"', 'sorce = "t"', "In the need spec: 'sorce' is not known. Did you mean 'source'"),
        ("min_present = 0.5", "minpresent = 0.5", "In axis 'need': 'minpresent' is not known"),
        ("min_present = 0.5", "members = []", "In axis 'need': 'members' is not known"),
        ("ddof = 1", "ddf = 1", "In axis 'need', normalise: 'ddf' is not known. Did you mean 'ddof'"),
        ("spread = 2.0", "spred = 2.0", "In axis 'need', standardise: 'spred' is not known"),
        ("type = 9", "typ = 9", "In axis 'need', breaks: 'typ' is not known. Did you mean 'type'"),
        ("weight = 2.0", "wheight = 2.0", "In domain 'work': 'wheight' is not known. Did you mean 'weight'"),
        ("weight = 2.0", 'standardise = "z"', "In domain 'work': 'standardise' is not known"),
        ('reference = "fixed"', 'refrence = "fixed"', "In domain 'work', normalise: 'refrence' is not known"),
        ("direction = -1", "dircetion = -1", "In domain 'work': 'dircetion' is not known. Did you mean 'direction'"),
        ("upper = 0.5", "uper = 0.5", "In axis 'need': 'uper' is not known. Did you mean 'upper'"),
        ('"01" = "by hand"', '"01" = 1', "exclude = "),
        ('"01" = "by hand"', '"01" = " "', "exclude has an entry with an empty key or value"),
        ('"01" = "by hand"', '"" = "x"', "exclude has an entry with an empty key or value"),
        ("weights_sum = 1.0", "weights_sum = 0", "weights_sum is 0.0; it must be above 0"),
        ("weights_sum = 1.0", "weights_sum = true", "should be a number"),
        ("ddof = 1", "ddof = 1.0", "should be a whole number"),
        ("ddof = 1", "ties = 'max'", "'z' ignores ties = max"),
        ("spread = 2.0", "low = -2.0", "'z' ignores low = -2.0"),
        ('reference = "fixed"', 'reference = "fixed"\nddof = 1', r"'z \(fixed\)' ignores ddof = 1"),
        ("scale = 3.0", "scale = 3.0\nlow = 1.0", r"Domain 'work': 'a' has low, which z \(fixed\) ignores"),
        ("low = 1.0", "low = 5.0", "the goalposts are 5 to 2"),
        ('id = "home"', 'id = "need"', "Two axes or domains are named 'need'"),
        ('id = "other"', 'id = "work"', "Two axes or domains are named 'work'"),
        ('id = "other"', 'id = "need"', "Two axes or domains are named 'need'"),
        ('id = "home"', 'id = " "', "id is empty"),
        ('id = "b"', 'id = "a"', "Axis 'need' has a duplicate indicator, in different domains: 'a'"),
        ('id = "a"', 'id = ""', "id is empty"),
        ('label_en = "low"', 'label_en = ""', "Class 'low': label_en is empty"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(tmp_path, old, new, message):
    offset = new.count("\n")
    # an entry of exclude is answered with the table
    at = line(old) - 1 if old.startswith('"01"') else line(old) + offset
    with pytest.raises(SpecError, match=rf"^need\.toml, line {at}: .*{message}"):
        read(tmp_path, old, new)


def test_two_domains_in_different_branches_may_not_share_an_id():
    def domain(name, member):
        return NeedGroup(id=name, members=(member,))

    one, other = (domain(x, domain("d", NeedIndicator(id=f"{x}_rate"))) for x in ("one", "other"))
    with pytest.raises(SpecError, match="Two axes or domains are named 'd'") as caught:
        spec(axis("need", one, other, breaks=Breaks(method="sd")))
    assert caught.value.place == ("axes", 0, "domains", 1, "domains", 0, "id")


def test_a_constant_that_is_missing_is_answered_with_the_line_of_its_indicator(tmp_path):
    at = line('id = "a"')
    with pytest.raises(SpecError, match=rf"line {at}: .*'a' needs scale for z \(fixed\)"):
        read(tmp_path, "scale = 3.0\n", "")


def test_an_entry_without_an_id_is_answered_with_its_own_line(tmp_path):
    with pytest.raises(SpecError, match=rf"line {line('weight = 2.0') - 1}: In domain '\?': 'id' is missing"):
        read(tmp_path, 'id = "work"\n', "")


def test_a_list_that_is_none_is_answered_with_its_line(tmp_path):
    with pytest.raises(SpecError, match=rf"line {line('indicators = [{')}: .*3 should be a list"):
        read(tmp_path, "indicators = [{", "indicators = 3 # [{")


def spec(*axes):
    return NeedSpec(id="t", source="t", axes=axes)


def axis(name, *members, **options):
    classes = (NeedClass(id="all", label_de="alle", label_en="all"),)
    return NeedAxis(id=name, members=members, **{"classes": classes, **options})


def test_two_axes_may_use_an_indicator_if_it_is_the_same_rate():
    a = NeedIndicator(id="a", numerator="x", denominator="y")
    spec(axis("one", a), axis("two", replace(a, direction=-1)))
    with pytest.raises(SpecError, match="Axis 'two': the indicator 'a' has other counts than in an axis before"):
        spec(axis("one", a), axis("two", replace(a, denominator="z")))


def test_the_place_of_an_indicator_beside_a_domain_is_counted_among_indicators():
    domain = {"id": "d", "indicators": [{"id": "a"}]}
    content = {"id": "need", "domains": [domain], "indicators": [{"id": "b"}, {"id": "a"}], "breaks": {"method": "sd"}}
    content["classes"] = [{"id": "all", "label_de": "alle", "label_en": "all"}]
    with pytest.raises(SpecError, match="has a duplicate indicator, in different domains: 'a'") as caught:
        NeedSpec.from_dict({"id": "t", "source": "t", "axes": [content]})
    assert caught.value.place == ("axes", 0, "indicators", 1, "id")
    content["indicators"] = [{"id": "b"}, {"id": "c", "low": 1.0}]
    with pytest.raises(SpecError, match="'c' has low, which z ignores") as caught:
        NeedSpec.from_dict({"id": "t", "source": "t", "axes": [content]})
    assert caught.value.place == ("axes", 0, "indicators", 1, "low")


def test_an_axis_is_no_member_of_a_group():
    with pytest.raises(SpecError, match="Domain 'g' has an axis as a member"):
        NeedGroup(id="g", members=(axis("one", NeedIndicator(id="a")),))


def test_two_classes_may_not_be_shown_by_one_code():
    classes = (
        NeedClass(id="a", label_de="a", label_en="a", upper=1, code="1"),
        NeedClass(id="b", label_de="b", label_en="b", code="1"),
    )
    with pytest.raises(SpecError, match="two classes are shown by the same code"):
        axis("one", NeedIndicator(id="a"), classes=classes)


def test_domains_come_first_whatever_order_they_are_given_in():
    leaf, group = NeedIndicator(id="a"), NeedGroup(id="g", members=(NeedIndicator(id="b"),))
    assert axis("x", leaf, group) == axis("x", group, leaf)


OTHER = {"ddof": 1, "reference": "city", "weighting": "population", "centre": 1.0, "spread": 2.0}
OTHER |= {"low": -1.0, "high": 9.0, "shift": 0, "ties": "max", "compare": "at_least", "q": 0.9, "by": "gemeinde"}
OTHER |= {"among": "positive", "n": 9, "beyond": "cap", "digits": 2}


@pytest.mark.parametrize("method", METHODS)
def test_an_option_is_used_by_the_method_or_refused(method):
    assert OTHER.keys() == {field.name for field in fields(Normalise)} - {"method"}
    for name, value in OTHER.items():
        if name in OPTIONS[method]:
            needed = {"reference": "quantile"} if name == "q" else {}
            assert getattr(Normalise(method=method, **{name: value}, **needed), name) == value
        else:
            with pytest.raises(SpecError, match=r"ignores|has no reference|does not weigh|belong together"):
                Normalise(method=method, **{name: value})


def test_only_quantiles_have_a_type():
    with pytest.raises(SpecError, match="breaks: 'sd' ignores type = 9"):
        Breaks(method="sd", type=9)


def test_mappings_hold_text():
    with pytest.raises(SpecError, match="exclude holds 1, which is not text"):
        NeedSpec(id="t", source="t", axes=(axis("a", NeedIndicator(id="a")),), exclude={1: "x"})


def test_required_text_is_required_everywhere():
    for part in (NeedSpec, NeedAxis, NeedGroup, NeedIndicator, NeedClass):
        needed = [f.name for f in fields(part) if f.default is MISSING and f.default_factory is MISSING]
        for name in (n for n in needed if n != "axes"):
            given = {n: (axis("a", NeedIndicator(id="a")),) if n == "axes" else "x" for n in needed}
            with pytest.raises(SpecError, match=f"{name} is empty"):
                part(**{**given, name: " "})


def nested(levels):
    """Return a spec whose domains lie in each other."""
    part = {"id": "d", "indicators": [{"id": "rate"}]}
    for level in range(levels - 1):
        part = {"id": f"d{level}", "domains": [part]}
    classes = [
        {"id": "a", "upper": 0.0, "label_de": "a", "label_en": "a"},
        {"id": "b", "label_de": "b", "label_en": "b"},
    ]
    return {"id": "t", "source": "t", "axes": [{**part, "classes": classes}]}


def test_domains_lie_as_deep_as_is_allowed_and_no_deeper():
    spec = NeedSpec.from_dict(nested(20))
    assert NeedSpec.from_dict(nested(20)) == spec
    assert spec.axes[0].indicators[0].id == "rate"
    with pytest.raises(SpecError, match="domains lie more than 20 deep in each other"):
        NeedSpec.from_dict(nested(21))


def group_in_group(levels):
    """Return the same as objects."""
    group = NeedGroup(id="g", members=(NeedIndicator(id="rate"),))
    for level in range(levels - 1):
        group = NeedGroup(id=f"g{level}", members=(group,))
    return group


@pytest.mark.parametrize("levels", [30, 5000])
def test_a_spec_without_end_is_refused_in_few_words(levels):
    with pytest.raises(SpecError, match="The need spec: its lists or tables lie too deep in each other"):
        NeedSpec.from_dict(nested(levels))
    with pytest.raises(SpecError, match="domains lie more than 20 deep"):
        group_in_group(levels)
