"""Rules as files: three forms of one tree, errors with their line, official rules that come with the library."""

from __future__ import annotations

import pickle
from decimal import Decimal
from functools import reduce
from operator import and_

import pytest
from drawn_rules import rules
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, InputError, QuartiersatlasError, SpecError
from quartiersatlas.screening.language.names import condition_names
from quartiersatlas.screening.language.rules import Compare

POOR = 'id = "poor"\nselect = "poor"\n[conditions]\npoor = { indicator = "poverty", above = 24 }\n'

texts = st.text(max_size=8)
words = st.text(min_size=1, max_size=8).filter(str.strip)
numbers = st.integers(-(10**6), 10**6) | st.floats(-1e9, 1e9)
references = st.dictionaries(
    words.filter(lambda name: any(letter.isalpha() for letter in name) and name.strip().lower() not in ("nan", "inf")),
    st.builds(
        qa.Reference,
        values=st.dictionaries(words, numbers | st.dictionaries(words, numbers, min_size=1, max_size=3), max_size=3),
        source=words,
        as_of=texts,
        unit=texts,
    ),
    max_size=2,
)


@settings(max_examples=300)
@given(rules, words, texts, references)
def test_a_rule_file_written_and_read_again_is_the_same(rule, name, title, published):
    rule = reduce(and_, (qa.above("published", than=one) for one in published), rule)  # each is used
    spec = qa.RuleSpec(
        id=name, rule=rule, title_de=title, source=title, note_en=title, verified=title, references=published
    )
    again = qa.RuleSpec.from_text(spec.to_toml())
    assert again == spec
    assert again.hash == spec.hash
    assert list(again.conditions) == list(spec.conditions)
    assert again.to_toml() == spec.to_toml()
    assert qa.parse_rule(str(spec.rule)) == spec.rule == rule


@given(st.lists(words, min_size=1, max_size=4, unique=True))
def test_indicators_of_every_name_get_conditions_that_can_be_written(indicators):
    rule = qa.k_of(1, *(qa.above(name, 1) for name in indicators))
    spec = qa.RuleSpec(id="t", rule=rule)
    assert qa.RuleSpec.from_text(spec.to_toml()) == spec
    assert all(name.isidentifier() for name in spec.conditions)
    assert len(spec.conditions) == len(set(rule.conditions))


def test_the_three_forms_are_one_tree():
    typed = qa.above("low", 24, unknown="no") & qa.k_of(2, *(qa.at_least(n, 10) for n in "abc"))
    spec = qa.RuleSpec.from_text(
        """
        id = "three"
        select = "low & k_of(2, a, b, c)"
        [conditions]
        low = { indicator = "low", above = 24, unknown = "no" }
        a = { indicator = "a", at_least = 10 }
        b = { indicator = "b", at_least = 10.0 }
        c = { indicator = "c", at_least = 1e1 }
        """
    )
    assert spec.rule == typed == qa.parse_rule(str(typed))
    assert condition_names(spec.rule) == ["low", "a", "b", "c"]


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ('indicator = "a", above = "city"', lambda: qa.above("a", than="city")),
        ('indicator = "a", below = [[0.7, "x"], [0.3, "y"]]', lambda: qa.below("a", than=[[0.7, "x"], [0.3, "y"]])),
        (
            'indicator = "a", at_most = "quantile", q = 0.5, type = 6',
            lambda: qa.at_most("a", than="quantile", q=0.5, type=6),
        ),
        ('indicator = "a", above = 33, printed = "exact"', lambda: qa.above("a", 33, printed="exact")),
        ('indicator = "a", above = "mean", sd = 0.5, ddof = 0', lambda: qa.above("a", than="mean", sd=0.5, ddof=0)),
        ('indicator = "a", worst_share = 0.2, by = "town"', lambda: qa.worst_share("a", 0.2, by="town")),
        ('indicator = "a", worst_n = 3, highest = false', lambda: qa.worst_n("a", 3, highest=False)),
        ('indicator = "a", worse_than_city = true', lambda: qa.worse_than_city("a")),
        ('indicator = "a", in_class = ["x", "y"]', lambda: qa.in_class("a", "x", "y")),
        ('indicator = "a", hotspot = "gi", fdr = 0.01', lambda: qa.hotspot("a", fdr=0.01)),
        ('indicator = "a", above = 24, significant = 0.05', lambda: qa.above("a", 24, significant=0.05)),
    ],
)
def test_the_word_of_the_comparison_is_the_key_of_the_limit(entry, rule):
    spec = qa.RuleSpec.from_text(f'id = "t"\nselect = "one"\n[conditions]\none = {{ {entry} }}')
    assert spec.rule == rule()


def test_a_number_of_a_file_is_the_decimal_that_is_written():
    spec = qa.RuleSpec.from_text(POOR.replace("24", "0.1000000000000000000001"))
    assert spec.conditions["poor"].limit.than == Decimal("0.1000000000000000000001")
    assert "0.1000000000000000000001" in spec.to_toml()


def lines(*extra, select="poor", top=()):
    """Return a rule file with more lines."""
    start = ['id = "poor"', *top, f'select = "{select}"', "[conditions]"]
    return "\n".join([*start, 'poor = { indicator = "poverty", above = 24 }', *extra]) + "\n"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (lines(select="por"), 2, r"'por' is no condition. Did you mean 'poor'\?"),
        (lines('rich = { indicator = "income", below = 3 }'), 5, "'rich' is never used"),
        (lines('rich = { indicator = "income", bellow = 3 }'), 5, "'rich' has no comparison"),
        (lines('rich = { indicator = "income", below = 3, above = 2 }'), 5, "has above and below"),
        (lines("rich = { below = 3 }"), 5, "'indicator' is missing"),
        (lines('rich = { indicator = "income", below = 3, sigificant = 0.05 }'), 5, "Did you mean 'significant'"),
        (lines('rich = { indicator = "income", below = 3, q = 0.5 }'), 5, "go together"),
        (lines('rich = { indicator = "income", below = nan }'), 5, "nan"),
        (lines('rich = { indicator = "income", below = true }'), 5, "True"),
        (lines("rich = { indicator = 3, below = 3 }"), 5, "takes a str, not an int"),
        (lines('rich = { indicator = "income", worse_than_city = false }'), 5, "should be true"),
        (lines('rich = { indicator = "income", in_class = "x" }'), 5, "a list"),
        (lines('"low income" = { indicator = "income", below = 3 }'), 5, "cannot stand in a rule"),
        (lines("[levels]", "Higher = { rich = 31 }"), 6, "rich"),
        (lines("[levels]", 'Higher = { poor = "x" }'), 6, "no number"),
        (lines("[references]", "state = { values = { a = 1 } }"), 6, "source"),
        (lines("[references]", 'state = { source = "s", values = { poverty = 1 } }'), 6, "'state' is never used"),
        (lines("[levels]", "Higher = { poor = 23 }"), 6, "milder than 24"),
        (lines("[labels]", 'povrty = { de = "Armut" }'), 6, "Did you mean 'poverty'"),
        (lines("[labels]", 'poverty = { fr = "x" }'), 6, "'fr' is not known"),
        (lines("[labels]", 'poverty = "Armut"'), 6, "'Armut' should be"),
        (lines("[labels]", 'poverty = { de = "", en = "Poverty" }'), 6, "should be"),
        (lines("[references]", 'state = { source = "s", values = { a = "1" } }'), 6, "no number"),
        (lines(top=['titel = "x"']), 2, "titel"),
        (lines(select="poor & above('a', 3)"), 2, "cannot be read"),
        (lines(select="poor and poor"), 2, "cannot be read"),
    ],
)
def test_a_mistake_is_answered_with_its_line(tmp_path, content, line, message):
    file = tmp_path / "rule.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SpecError, match=message) as caught:
        qa.RuleSpec.from_toml(file)
    assert str(caught.value).startswith(f"rule.toml, line {line}: ")
    with pytest.raises(SpecError, match=message) as caught:
        qa.RuleSpec.from_text(content)
    assert str(caught.value).startswith(f"the rule file, line {line}: ")


@pytest.mark.parametrize("key", ["id", "select", "conditions"])
def test_what_a_rule_file_needs(key):
    kept = "\n".join(line for line in POOR.splitlines() if key not in line)
    kept = kept.partition("poor = {")[0] if key == "conditions" else kept
    with pytest.raises(SpecError, match=key):
        qa.RuleSpec.from_text(kept)


def test_files_that_are_none(tmp_path):
    with pytest.raises(InputError):
        qa.RuleSpec.from_toml(tmp_path / "nowhere.toml")
    for content in ("id = ", "a" * 10, "[conditions]\n" * 2, "x = [" * 5000):
        with pytest.raises(SpecError):
            qa.RuleSpec.from_text(content)
    with pytest.raises(ArgumentError):
        qa.RuleSpec.from_text(b"id = 1")


@settings(max_examples=200)
@given(st.text(alphabet='abc &|~(){}[]=".,\n0123456789', max_size=80))
def test_no_text_makes_anything_but_a_refusal(text):
    with pytest.raises(QuartiersatlasError):
        qa.RuleSpec.from_text(f'id = "t"\nselect = "a"\n[conditions]\n{text}')


# --- levels, names and what was verified ------------------------------------------------------------------------------


def levelled():
    return qa.RuleSpec(
        id="t",
        rule=qa.above("poverty", 24, name="poor") & qa.above("rent", 30, name="dear"),
        levels={"Higher": {"poor": 31}, "Highest": {"poor": 38.1, "dear": Decimal(40)}},
    )


def test_levels_are_other_limits_of_the_same_rule():
    found = levelled().level_rules()
    assert list(found) == ["Higher", "Highest"]
    assert found["Higher"] == qa.above("poverty", 31) & qa.above("rent", 30)
    assert found["Highest"] == qa.above("poverty", 38.1) & qa.above("rent", 40)
    again = qa.RuleSpec.from_text(levelled().to_toml())
    assert again == levelled()
    assert again.hash == levelled().hash


@pytest.mark.parametrize(
    ("rule", "limit", "milder"),
    [
        (qa.above("p", 24, name="poor"), "23.9", True),
        (qa.above("p", 24, name="poor"), "24", False),
        (qa.above("p", 24, name="poor"), "24.1", False),
        (qa.at_most("p", 24, name="poor"), "24.1", True),
        (qa.at_most("p", 24, name="poor"), "24", False),
        (qa.at_most("p", 24, name="poor"), "23.9", False),
        (~qa.above("p", 24, name="poor"), "24.1", True),
        (~qa.above("p", 24, name="poor"), "23.9", False),
        (qa.above("r", 1) & ~(qa.below("p", 24, name="poor") | qa.above("q", 1)), "23.9", True),
        (qa.above("r", 1) & ~(qa.below("p", 24, name="poor") | qa.above("q", 1)), "24.1", False),
    ],
)
def test_a_level_milder_than_its_rule_is_refused(rule, limit, milder):
    levels = {"Higher": {"poor": Decimal(limit)}}
    if not milder:
        assert qa.RuleSpec(id="t", rule=rule, levels=levels).levels == levels
        return
    with pytest.raises(SpecError, match=rf"level 'Higher': poor = {limit} is milder than 24 in the rule"):
        qa.RuleSpec(id="t", rule=rule, levels=levels)


def test_a_level_milder_than_the_one_before_is_refused():
    with pytest.raises(SpecError, match=r"level 'Highest': poor = 30 is milder than 31 in level 'Higher'"):
        qa.RuleSpec.from_text(lines("[levels]", "Higher = { poor = 31 }", "Highest = { poor = 30 }"))


def test_published_values_that_nothing_names_are_refused():
    published = {"state": qa.Reference(values={"poverty": 20}, source="s")}
    assert qa.RuleSpec(id="t", rule=qa.above("poverty", than="state"), references=published).references == published
    with pytest.raises(SpecError, match=r"reference 'state' is never used; the rule names: 'country'"):
        qa.RuleSpec(id="t", rule=qa.above("poverty", than="country"), references=published)
    city = {"city": published["state"]}
    assert qa.RuleSpec(id="t", rule=qa.worse_than_city("poverty"), references=city).references == city


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"H": {"pour": 3}}, "Did you mean 'poor'"),
        ({"H": {"poor": None}}, "no number"),
        ({"H": {"town": 3}}, "no number"),
    ],
)
def test_a_level_of_what_is_no_limit_is_refused(levels, message):
    rule = qa.above("poverty", 24, name="poor") & qa.above("poverty", than="city", name="town")
    with pytest.raises(SpecError, match=message):
        qa.RuleSpec(id="t", rule=rule, levels=levels)


def test_labels_are_read_and_written_and_change_no_fingerprint():
    content = lines("[labels]", 'poverty = { de = "Armut" }')
    spec = qa.RuleSpec.from_text(content)
    assert spec.labels == {"poverty": ("Armut", "Armut")}
    assert [spec.label(name, "en") for name in ("poverty", "income")] == ["Armut", "income"]
    assert qa.RuleSpec.from_text(spec.to_toml()) == spec
    assert spec.hash == qa.RuleSpec.from_text(lines()).hash


@pytest.mark.parametrize("name", qa.rule_presets())
def test_every_indicator_of_an_official_rule_has_words_in_both_languages(name):
    spec, known = qa.RuleSpec.preset(name), qa.Catalogue.builtin()
    limits = {one for c in spec.rule.conditions if isinstance(c, Compare) for one in c.limit.names}
    asked = {c.looks_at for c in spec.rule.conditions} | limits
    without = {one for one in asked if one not in spec.labels and one not in known}
    assert without <= {"residents", "city", "quantile"}
    assert all(german != name for name, (german, _) in spec.labels.items())


def test_the_fingerprint_is_of_what_decides():
    spec = qa.RuleSpec.from_text(POOR)
    same = [
        qa.RuleSpec.from_text(POOR.replace("24", "24.0")),
        qa.RuleSpec(id="other", rule=qa.above("poverty", 24), title_en="x", source="y", verified="z"),
        qa.RuleSpec.from_text(POOR.replace("poor =", "needy =").replace('"poor"', '"needy"')),
    ]
    other = [
        qa.RuleSpec.from_text(POOR.replace("24", "24.1")),
        qa.RuleSpec.from_text(POOR.replace("above", "at_least")),
        qa.RuleSpec.from_text(POOR.replace("24 }", '24, unknown = "no" }')),
        qa.RuleSpec.from_text(POOR.replace("24 }", '24, printed = "exact" }')),
        qa.RuleSpec(id="poor", rule=spec.rule, levels={"a": {"poor": 30}}),
    ]
    assert {one.hash for one in same} == {spec.hash}
    assert len({spec.hash, *(one.hash for one in other)}) == 1 + len(other)


def test_a_changed_rule_is_not_the_one_that_was_verified():
    spec = qa.RuleSpec.from_text(POOR)
    proved = qa.RuleSpec(id="poor", rule=spec.rule, verified="10 of 10", verified_hash=spec.hash)
    assert proved.is_verified
    changed = proved.to_toml().replace("24", "25")
    assert not qa.RuleSpec.from_text(changed).is_verified
    assert not spec.is_verified


def test_equal_conditions_share_a_name_and_different_ones_do_not():
    rule = (qa.above("a", 1, name="x") | qa.above("a", 1, name="y")) & qa.above("a", 2, name="x") & ~qa.above("b-c", 1)
    assert condition_names(rule) == ["x", "x", "x_2", "b_c_above"]


def test_a_rule_file_is_plain_data_and_says_what_it_is():
    spec = levelled()
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301 - our own bytes
    assert repr(spec) == 'RuleSpec t (2 conditions, levels Higher, Highest): above("poverty", 24) & above("rent", 30)'


@pytest.mark.parametrize("options", [{"id": " "}, {"id": 3}, {"rule": "above"}, {"levels": []}, {"title_de": None}])
def test_what_is_no_rule_file_is_refused(options):
    with pytest.raises((SpecError, ArgumentError)):
        qa.RuleSpec(**{"id": "t", "rule": qa.above("a", 1), **options})


# --- official rules ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", qa.rule_presets())
def test_an_official_rule_says_what_it_is_and_what_it_was_compared_with(name):
    spec = qa.RuleSpec.preset(name)
    assert spec.id == name
    assert spec.title_de
    assert spec.title_en
    assert spec.source
    assert qa.RuleSpec.from_text(spec.to_toml()) == spec
    assert spec.is_verified or "ompared with no official list" in spec.note_en
    assert bool(spec.verified) == spec.is_verified
    assert bool(spec.note_de) == bool(spec.note_en)
    assert spec.is_verified or "it keiner amtlichen Liste verglichen" in spec.note_de


def test_an_official_rule_that_does_not_exist_names_those_that_do():
    with pytest.raises(SpecError, match="mtc-epc-2022"):
        qa.RuleSpec.preset("mtc-epc-2023")


@pytest.mark.parametrize("name", ["2021", " 24,5 % ", "-1", "nan"])
def test_a_reference_named_like_a_number_is_refused_where_it_is_named(name):
    with pytest.raises(SpecError, match="named like a number"):
        qa.RuleSpec(id="r", rule=qa.above("p", 1), references={name: qa.Reference(values={"p": 1.0}, source="office")})
