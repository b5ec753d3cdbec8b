"""Wrong objects are answered with one sentence: what is taken and how to get it; results are what they say."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, SpecError
from quartiersatlas.need.score.need_scores import NeedScores
from quartiersatlas.need.spec.records import NeedClass, NeedGroup, NeedIndicator


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: qa.NeedSpec.from_toml(3), r"NeedSpec.from_toml takes a str or a Path, not an int: qa\.NeedSpec\."),
        (lambda: qa.NeedSpec.from_excel(None), "NeedSpec.from_excel takes a str or a Path, not None"),
        (lambda: qa.NeedSpec.from_dict("need.toml"), "NeedSpec.from_dict takes a mapping, not a str"),
        (lambda: qa.NeedSpec.preset("nap").to_toml(3), "NeedSpec.to_toml takes a str or a Path, not an int"),
        (lambda: qa.NeedSpec.preset("nap").to_excel(None), "NeedSpec.to_excel takes a str or a Path"),
        (lambda: qa.NeedSpec(id="x", source="x", axes=3), "need spec 'x': axes takes a NeedAxis, not an int: a spec"),
        (lambda: qa.NeedSpec(id="x", source="x", axes=("a",)), "axes takes a NeedAxis, not a str"),
        (lambda: NeedGroup(id="d", members=("a",)), "Domain 'd': members takes a NeedIndicator or a NeedGroup, not a"),
        (
            lambda: NeedGroup(id="d", members=(NeedIndicator(id="a"),), normalise="z"),
            r"Domain 'd': normalise takes a Normalise, not a str: Normalise\(method=",
        ),
    ],
)
def test_a_wrong_object_for_a_spec_is_answered(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


@pytest.mark.parametrize("name", ["napp", 3, ["nap"]])
def test_an_unknown_preset_is_answered_with_those_there_are(name):
    with pytest.raises(SpecError, match=r"NeedSpec\.preset: the name must be one of .*'nap', .* not "):
        qa.NeedSpec.preset(name)


def test_an_unknown_axis_is_answered_with_those_there_are(counted):
    with pytest.raises(SpecError, match="The spec 'test' has no axis 3; it has status"):
        counted.spec().axis(3)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"population": 3}, ArgumentError, "need_index: population takes a name or a list of names, not an int"),
        ({"exclude": {"001": 3}}, ArgumentError, "exclude takes a str, not an int: each area left out has a reason"),
        ({"exclude": "001"}, ArgumentError, "exclude takes a mapping, not a str: each area left out has a reason"),
        ({"exclude": {"x": "park", "y": "park"}}, SpecError, "exclude: 2 keys are not in the data: 'x', 'y'"),
    ],
)
def test_wrong_options_of_an_index_are_answered(counted, options, error, message):
    with pytest.raises(error, match=message):
        qa.need_index(counted.frame(), counted.spec(), **options)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda need: need.influence(3), ArgumentError, "influence: areas takes a list, not an int: a key or a"),
        (lambda need: need.on(3), ArgumentError, "NeedIndex.on takes an Index or a list, not an int"),
        (lambda need: need.on(["001"]), SpecError, "of other areas: 39 keys are on one side only"),
        (lambda need: need.explain(["001"]), SpecError, r"no area \['001'\]"),
        (lambda need: need.explain("001", axis="need"), SpecError, "has no axis 'need'; it has status"),
        (lambda need: need.leave_one_out("status"), SpecError, "select='status': name a share, a number of areas"),
        (lambda need: need.smallest_weight_change(object()), SpecError, "name a share, a number of areas"),
        (lambda need: need.sensitivity(8, factors=None), SpecError, "factors is None; give a list of names, such as"),
    ],
)
def test_what_an_index_cannot_answer_is_said(counted, call, error, message):
    with pytest.raises(error, match=message):
        call(counted())


def test_one_name_is_one_name(counted):
    need = counted()
    assert need.stability(n=5, seed=1, vary="weights").settings["vary"] == ("weights",)
    assert need.influence(areas="001")["key"].tolist() == ["001"]
    residents = counted.frame().assign(people=500.0)
    assert list(qa.need_index(residents, counted.spec(), population="people").inputs.residents) == ["people"]


def test_results_are_frozen_compared_by_identity_and_survive_a_pickle(counted):
    need = counted()
    results = [need, need.inputs, need.audit(), need.stability(n=5, seed=1)]
    for result in results:
        assert result != pickle.loads(pickle.dumps(result))  # noqa: S301 - our own bytes
        assert len({result, result}) == 1
        with pytest.raises(FrozenInstanceError):
            result.table = None
    again = pickle.loads(pickle.dumps(need))  # noqa: S301 - our own bytes
    assert again.scores.equals(need.scores)
    assert again.contributions.equals(need.contributions)
    assert again.stability(n=5, seed=1).table.equals(need.stability(n=5, seed=1).table)


def test_methods_are_the_functions_of_the_analyses_with_their_docstrings():
    from quartiersatlas.need.robustness.stability import stability

    assert qa.NeedIndex.stability is stability
    assert issubclass(qa.NeedIndex, NeedScores)
    for name in ("stability", "sensitivity", "leave_one_out", "influence", "smallest_weight_change", "explain"):
        assert "Parameters\n" in getattr(qa.NeedIndex, name).__doc__
    for kind in (qa.NeedIndex, qa.NeedSpec):
        assert "Parameters\n" in kind.__doc__


def test_an_index_says_what_it_is_and_a_class_keeps_its_code(counted):
    need = counted()
    assert repr(need).splitlines()[0] == f"NeedIndex test ({need.spec.hash}): 40 areas scored"
    assert need._repr_html_().startswith("<pre>NeedIndex test (")
    assert NeedClass(id="low", label_de="niedrig", label_en="low", code="3").label("en") == "low"


def test_without_a_seed_each_call_draws_anew_and_with_one_it_repeats(counted):
    need = counted()
    first, second = (need.stability(n=50).size.tolist() for _ in range(2))
    assert first != second
    assert need.stability(n=50).settings["seed"] is None
    one, same = (need.stability(n=50, seed=7).size.tolist() for _ in range(2))
    assert one == same
