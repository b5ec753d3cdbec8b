"""Domains of a need index in a release: where the score of their axis is shown, and all their indicators leave."""

from __future__ import annotations

import numpy as np
import pytest

import quartiersatlas as qa
from quartiersatlas.present.statements import axis_of, driver_names, has_all_drivers, method_texts

N = 30
TWO = [
    {"id": "half", "upper": 0.5, "label_de": "untere Hälfte", "label_en": "lower half"},
    {"id": "rest", "label_de": "obere Hälfte", "label_en": "upper half"},
]


def spec(**breaks):
    work = {"id": "work", "label_de": "Arbeit", "label_en": "Work", "breaks": {"method": "quantile", **breaks}}
    work |= {"classes": TWO, "indicators": [{"id": "a"}, {"id": "b"}]}
    home = {"id": "home", "label_de": "Wohnen", "label_en": "Housing", "indicators": [{"id": "c"}]}
    axis = {"id": "status", "label_de": "Status", "label_en": "Status", "domains": [work, home]}
    axis |= {"standardise": {"method": "z"}, "breaks": {"method": "quantile", **breaks}, "classes": TWO}
    return qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]})


@pytest.fixture
def data(joined):
    random = np.random.default_rng(3)
    counts = {f"x{name}": random.binomial(900, random.beta(4, 16, N)).astype(float) for name in "abc"}
    counts["xa"][4] = 2.0
    words = {f"{side}_{lang}": side for side in ("numerator", "denominator") for lang in ("de", "en")}
    known = qa.Catalogue.builtin().add(
        *(qa.Indicator(id=name, unit="percent", role="index", direction=1, **words) for name in "abc")
    )
    data = joined({**counts, "residents": [900.0] * N}, catalogue=known)
    return qa.add_rates(data, {name: (f"x{name}", "residents") for name in "abc"})


def released(data, need, **options):
    options = {"title": "T", "source": "S", "as_of": "2024-12-31", "comment": "K", **options}
    return qa.release(data, need=need, **options)


def test_value_class_and_contributions_of_a_domain_leave_where_the_score_does(data):
    need = qa.need_index(data, spec())
    found = released(data, need, audience="internal", protection=qa.Protection(derived="exact"))
    domain = need.groups["status"]["work"]
    shown = found.values["need_status"].notna()
    assert 0 < (~shown).sum() < N  # the area with two cases, and who keeps it company
    assert found.values["need_status_work"].notna().tolist() == shown.tolist()
    assert found.values["need_status_work"][shown].astype(float).tolist() == pytest.approx(
        domain["value"][shown].tolist(), abs=0.0051
    )
    assert found.values["need_status_work_class"][shown].tolist() == domain["class"][shown].tolist()
    assert (found.status["need_status_work_class"][~shown] == "suppressed").all()
    assert "need_status_home_class" not in found.values
    ranks = found.ranks["need_status_work_rank"]
    assert (
        ranks[shown].tolist()
        == found.values["need_status_work"][shown].astype(float).rank(ascending=False, method="min").tolist()
    )
    assert driver_names(found, "status/work") == ["a", "b"]
    assert has_all_drivers(found, "status/work")
    assert [leaf.id for leaf in axis_of(found, "status/work").indicators] == ["a", "b"]
    assert found.column("need_status_work").indicator.label("de") == "Status: Arbeit"


def test_a_domain_with_an_indicator_that_does_not_leave_stays_inside(data):
    need = qa.need_index(data, spec())
    found = released(data, need, columns=["a", "c"])
    names = [column.id for column in found.columns]
    assert "need_status" in names
    assert "need_status_home" in names
    assert not any(name.startswith("need_status_work") for name in names)


@pytest.mark.parametrize(
    ("breaks", "words"),
    [
        ({}, "ein Wert auf einer Grenze gehört zur höheren Klasse"),
        ({"closed": "upper"}, "ein Wert auf einer Grenze gehört zur niedrigeren Klasse"),
    ],
)
def test_the_method_says_to_which_class_a_value_on_a_limit_belongs(data, breaks, words):
    found = released(data, qa.need_index(data, spec(**breaks)))
    assert any(words in line for line in method_texts(found, "de"))


def test_domains_are_on_the_page_in_the_report_and_in_the_files(data, tmp_path):
    need = qa.need_index(data, spec())
    found = released(data, need)
    qa.atlas_map(found).save(tmp_path / "a.html")
    assert "Status: Arbeit" in (tmp_path / "a.html").read_text("utf-8")
    qa.report(found, tmp_path / "r.html")
    assert "Status: Arbeit" in (tmp_path / "r.html").read_text("utf-8")
    qa.export(found, tmp_path / "t.csv")
    assert "need_status_work_class" in (tmp_path / "t.csv").read_text("utf-8-sig")
