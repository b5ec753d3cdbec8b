"""What a released column says of itself: nothing is cut out of its name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import quartiersatlas as qa
from quartiersatlas.disclosure.selection.rule_words import rule_text
from quartiersatlas.disclosure.words import draft_text
from quartiersatlas.present.statements import axis_text, reason_texts

RATE = {"poverty": ("poor", "residents")}
WORDS = {"title": "T", "source": "S", "as_of": "2024", "comment": "C"}
CLASSES = [
    {"id": "low", "upper": 0.0, "label_de": "gering", "label_en": "low"},
    {"id": "high", "label_de": "hoch", "label_en": "high"},
]


@pytest.fixture
def data(joined):
    poor = np.random.default_rng(3).integers(50, 400, 20).astype(float)
    return qa.add_rates(joined({"poor": poor, "residents": [1000.0] * 20}), RATE)


def released(data, *axes, rule=None):
    """Release a need index with axes of these names, labelled in capitals."""
    described = [
        {
            "id": axis,
            "label_de": axis.upper(),
            "label_en": axis.upper(),
            "classes": CLASSES,
            "indicators": [{"id": "poverty"}],
        }
        for axis in axes
    ]
    need = qa.need_index(data, qa.NeedSpec.from_dict({"id": "t", "source": "t", "axes": described}))
    shortlist = qa.screen(data, rule, need=need) if rule is not None else None
    return need, qa.release(data, need=need, shortlist=shortlist)


def test_columns_say_their_role_axis_and_counts(data):
    earlier = replace(data, period="2023")
    changed = qa.add_change(replace(data, period="2024"), earlier, ["poverty"])
    _, found = released(changed, "status")
    found = {
        **{column.id: column for column in found.columns},
        **{column.id: column for column in qa.release(changed, columns=["poverty_change"]).columns},
    }
    assert {name: (column.role, column.axis, column.base) for name, column in found.items()} == {
        "poverty_numerator": ("count", "", "poverty_numerator"),
        "poverty_denominator": ("count", "", "poverty_denominator"),
        "poverty": ("rate", "", "poverty"),
        "need_status": ("score", "status", "need_status"),
        "need_status_class": ("class", "status", "need_status_class"),
        "poverty_change": ("change", "", "poverty"),
    }
    assert (found["poverty"].numerator, found["poverty"].denominator) == ("poverty_numerator", "poverty_denominator")


@pytest.mark.parametrize("axis", ["status", "social_class", "need_class", "class", "poverty_change"])
def test_an_axis_keeps_its_method_sentence_whatever_its_name(data, axis):
    _, release = released(data, axis)
    for kind in ("score", "class"):
        column = release.axis_column(axis, kind)
        assert (column.axis, column.kind) == (axis, kind)
        assert axis.upper() in axis_text(release, column, "de")
    profile = qa.profile(release, "a0", format="markdown")
    assert axis.upper() in profile.replace("\\_", "_")


def test_two_axes_of_which_one_is_named_like_the_classes_of_the_other_stand_apart(data):
    rule = qa.in_class("status", "high") | qa.in_class("status_class", "low")
    need, release = released(data, "status", "status_class", rule=rule)
    assert [column.id for column in release.columns if column.axis] == [
        "need_status",
        "need_status_class2",
        "need_status_class",
        "need_status_class_class",
    ]
    for axis in ("status", "status_class"):
        assert release.values[release.axis_column(axis, "class").id].equals(need.classes[axis].rename(None)) or (
            release.values[release.axis_column(axis, "class").id].tolist() == need.classes[axis].tolist()
        )
        assert release.values[release.axis_column(axis, "score").id].round(2).tolist() == (
            need.scores[axis].round(2).tolist()
        )
    assert list(replace(release, audience="internal").ranks) == ["need_status_rank", "need_status_class_rank"]
    words = rule_text(release, rule, "en")
    assert "STATUS" in words
    assert "STATUS_CLASS" in words
    reasons = " ".join(line for lines in reason_texts(release, "en").values() for line in lines)
    assert "STATUS_CLASS" in reasons
    assert qa.atlas_map(release).html()


@pytest.mark.parametrize(
    ("unit", "of_change"), [("percent", "percentage points"), ("per 1000", "per 1000"), ("per 100", "per 100")]
)
def test_a_change_is_in_the_unit_of_its_indicator_and_of_percent_in_percentage_points(joined, unit, of_change):
    years = joined({"poor": [100.0, 200], "residents": [1000.0] * 2}, period="2024")
    catalogue = years.catalogue.add(qa.Indicator(id="poverty", label_de="Armut", label_en="Poverty", unit=unit))
    later = qa.add_rates(replace(years, catalogue=catalogue), RATE)
    changed = qa.add_change(later, replace(later, period="2023"), ["poverty"])
    assert qa.release(changed, columns=["poverty_change"]).column("poverty_change").indicator.unit == of_change


@pytest.mark.filterwarnings("ignore:Need index:UserWarning")
def test_an_area_that_a_suppressed_indicator_keeps_out_of_one_axis_is_suppressed_on_all(joined):
    """It has no score on the other axis either, where its own indicator is known: the reason is the same."""
    values = {"poor": [80.0, np.nan, 300, 250], "old": [90.0, 120, 150, 300], "residents": [1000.0] * 4}
    joint = joined(values)
    joint.status.loc["b0", "poor"] = "suppressed"
    two = qa.add_rates(joint, {"poverty": ("poor", "residents"), "age": ("old", "residents")})
    described = [
        {"id": axis, "label_de": axis, "label_en": axis, "classes": CLASSES, "indicators": [{"id": indicator}]}
        for axis, indicator in (("status", "poverty"), ("ageing", "age"))
    ]
    need = qa.need_index(two, qa.NeedSpec.from_dict({"id": "t", "source": "t", "axes": described}))
    status = qa.release(two, need=need, protection=qa.Protection(secondary=False)).status
    assert status["age"].tolist() == ["value"] * 4
    assert status["need_status"].tolist() == ["value", "suppressed", "value", "value"]
    assert status["need_ageing"].tolist() == ["value", "suppressed", "value", "value"]


def test_a_change_that_does_not_leave_is_still_named_in_the_rule(data):
    changed = qa.add_change(replace(data, period="2024"), replace(data, period="2023"), ["poverty"])
    rule = qa.worst_share("poverty_change", 0.5)
    release = qa.release(changed, shortlist=qa.screen(changed, rule))
    assert "Veränderung poverty" in rule_text(release, rule, "de")


# what makes a draft


def test_a_release_that_only_lacks_a_definition_says_so_and_how_to_mend_it(data, tmp_path):
    with pytest.warns(UserWarning, match=r"definition of 'poverty'.*numerator_en=\.\.\.") as caught:
        release = qa.release(data, **WORDS)
    assert [warning.filename for warning in caught] == [__file__]
    assert [message.name for message in release.warnings] == ["warning_undefined"]
    band = draft_text(release, "de")
    assert band == "Entwurf – ohne Definition: poverty (Zähler und Nenner im Katalog ergänzen)"
    assert draft_text(release, "en").startswith("Draft – without a definition: poverty (")
    assert band in qa.atlas_map(release).html()
    assert band in qa.report(release, tmp_path / "a.html").read_text(encoding="utf-8")
    assert band in qa.export(release, tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    assert f"**{band}" in qa.profile(release, "a0", format="markdown")
    assert "unkommentiert" not in qa.atlas_map(release).html()


@pytest.mark.parametrize("languages", [("de", "en"), ("de",), ("en",)])
def test_a_release_whose_indicators_are_defined_is_none(data, languages):
    words = {f"{part}_{lang}": "Armut" for part in ("numerator", "label") for lang in languages}
    defined = replace(data, catalogue=data.catalogue.add(qa.Indicator(id="poverty", **words)))
    release = qa.release(defined, **WORDS)
    assert draft_text(release, "de") == ""
    assert release.warnings == ()
    draft = replace(release, title=" ", comment="")
    assert draft_text(draft, "de") == "Entwurf – unkommentiert, ohne Titel"
    assert draft_text(release, "en", draft) == "Draft – uncommented, without a title"
