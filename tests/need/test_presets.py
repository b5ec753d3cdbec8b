from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.catalogue import text

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_presets.py"


@pytest.fixture(scope="module")
def script():
    """Load the script as Python does: with its folder first on the path."""
    spec = importlib.util.spec_from_file_location("verify_presets", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_presets"] = module
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPT.parent))
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def edition(script, shared):
    return script.edition_2021(shared / "indices")


@pytest.fixture(scope="module")
def proofs(script, shared):
    return {
        (row.preset, row.compared.partition(" within ")[0]): row
        for row in script.proofs(shared / "indices", shared / "laws")
    }


@pytest.mark.shared_data
@pytest.mark.parametrize(("year", "areas"), [(2013, 434), (2015, 435), (2017, 436), (2019, 436)])
def test_every_class_of_the_berlin_monitor_is_reproduced(proofs, year, areas):
    for axis in ("status", "dynamics"):
        row = proofs[f"berlin-mss-{year}", f"{axis} classes"]
        assert (row.met, row.of) == (areas, areas)


@pytest.mark.shared_data
@pytest.mark.parametrize("year", [2013, 2015, 2017, 2019])
def test_z_scores_and_index_of_the_berlin_monitor_agree_to_2e_5(proofs, year):
    numbers = [
        row for (preset, what), row in proofs.items() if preset == f"berlin-mss-{year}" and "classes" not in what
    ]
    assert len(numbers) == 2
    assert all(row.met == row.of and row.error <= 2e-5 for row in numbers)


@pytest.mark.shared_data
def test_the_table_of_2021_lacks_two_areas_and_four_dynamics_classes(proofs):
    status, dynamics = (proofs["berlin-mss-2021", f"{axis} classes"] for axis in ("status", "dynamics"))
    assert (status.met, status.of) == (534, 534)
    assert (dynamics.met, dynamics.of) == (530, 534)


@pytest.mark.shared_data
def test_the_constants_of_all_areas_of_2021_are_those_of_an_independent_regression(edition):
    # found before this library was written, from the same linear relation (residual 5e-6)
    expected = {
        "unemployment_share_sgb2": (4.9715696, 2.9439004),
        "transfer_rate": (10.9180083, 7.0727509),
        "child_poverty_u15": (24.5404174, 16.6544438),
    }
    for name, (mean, sd) in expected.items():
        assert edition.constants.loc[name].tolist() == pytest.approx([mean, sd], abs=2e-7)


@pytest.mark.shared_data
def test_the_edition_of_2021_is_met_with_the_constants_of_all_areas(proofs):
    fixed = proofs["berlin-mss-2021", "z-scores of the status"]
    filled = proofs["berlin-mss-2021", "z-scores"]
    assert (fixed.met, fixed.of) == (3 * 534, 3 * 534)
    assert (filled.met, filled.of) == (4 * 534, 4 * 534)
    assert max(fixed.error, filled.error) <= 1e-5
    for what in ("status classes with these z-scores", "status classes of all areas", "dynamics classes of all areas"):
        row = proofs["berlin-mss-2021", what]
        assert (row.met, row.of) == (534, 534), what


@pytest.mark.shared_data
def test_the_two_areas_filled_in_have_the_constants_and_the_z_score_they_were_made_for(script, edition):
    need = script.berlin_2021.index_of(edition.filled(edition.assumed(lower_first=True)))
    reference = need.reference.set_index("indicator")
    assert reference["n_areas"].eq(536).all()
    for name, row in edition.constants.iterrows():
        assert reference.loc[name, ["mean", "sd"]].tolist() == pytest.approx(row.tolist(), abs=1e-9)
    third = need.inputs.values[script.berlin_2021.THIRD]
    constants = reference.loc[script.berlin_2021.THIRD]
    assert (third["05300840"] - constants["mean"]) / constants["sd"] == pytest.approx(-5.94, abs=1e-9)
    assert third["12200411"] == pytest.approx(edition.frame[script.berlin_2021.THIRD].mean())


@pytest.mark.shared_data
def test_constants_inside_the_bounds_meet_every_dynamics_class_and_those_of_the_table_lie_outside(script, edition):
    berlin = script.berlin_2021
    bounds = berlin.constants_that_meet_all(edition)
    changes = edition.filled(edition.assumed(lower_first=True))[[berlin.FIRST, berlin.SECOND, berlin.THIRD]]
    total = (changes / changes.std(ddof=0)).sum(axis=1)
    filled = [*changes.std(ddof=0)[1:], total.mean(), total.std(ddof=0)]
    assert bounds["lowest"].le(filled).all()
    assert bounds["highest"].ge(filled).all()
    assert edition.frame[berlin.THIRD].std(ddof=0) < bounds["lowest"].iloc[1]


@pytest.mark.shared_data
def test_every_draw_of_the_unknown_changes_is_counted_as_the_index_counts(script, edition, monkeypatch):
    berlin = script.berlin_2021
    monkeypatch.setattr(berlin, "DRAWS", 1)
    random = np.random.default_rng(2021)
    third, second = edition.frame[berlin.THIRD].to_numpy(), edition.frame[berlin.SECOND].to_numpy()
    other = random.choice(third, 1)
    values = edition.assumed(lower_first=False) | {berlin.SECOND: tuple(random.choice(second, (1, 2))[0])}
    values[berlin.THIRD] = (float(berlin.value_of_z(-5.94, third, other[0])), other[0])
    expected = berlin.met(berlin.index_of(edition.filled(values)), edition, "dynamics")
    assert berlin.drawn(edition, lower_first=False).tolist() == [expected]


@pytest.mark.shared_data
def test_the_welsh_index_is_reproduced(proofs):
    assert proofs["wimd-2019", "scores"].error < 1e-8
    assert proofs["wimd-2019", "ranks"].met == 1909


@pytest.mark.shared_data
def test_the_english_indices_are_reproduced(proofs):
    assert proofs["imd-2025", "ranks"].met >= 33_753
    assert proofs["imd-2025", "ranks"].of == 33_755
    assert proofs["imd-2019", "ranks"].met >= 32_736
    assert proofs["imd-2019", "ranks"].of == 32_844


@pytest.mark.shared_data
def test_the_scottish_index_is_reproduced(proofs):
    assert (proofs["simd-2016", "ranks"].met, proofs["simd-2016", "ranks"].of) == (6976, 6976)


@pytest.mark.shared_data
@pytest.mark.parametrize(("preset", "areas"), [("imd-2019", 32_844), ("wimd-2019", 1909)])
def test_the_rule_of_the_deciles_gives_every_official_one(proofs, preset, areas):
    alone = proofs[preset, "deciles of the published ranks"]
    assert (alone.met, alone.of) == (areas, areas)
    row = proofs[preset, "deciles"]
    assert row.of == areas
    assert row.met == areas


@pytest.mark.shared_data
def test_the_page_of_the_docs_shows_these_figures(script, shared, edition):
    page = script.page_text(script.proofs(shared / "indices", shared / "laws"), edition, script.rule_proofs(shared))
    assert (SCRIPT.parents[1] / "docs" / "verification.md").read_text(encoding="utf-8") == page


@pytest.mark.parametrize("name", qa.NeedSpec.presets())
def test_every_preset_says_what_it_was_proved_against_or_why_not(name):
    spec = qa.NeedSpec.preset(name)
    assert spec.id == name
    assert spec.source
    assert bool(spec.verified) != bool(spec.unverified)
    assert bool(spec.unverified) == bool(spec.unverified_de)


@pytest.mark.parametrize("name", qa.NeedSpec.presets())
def test_every_indicator_of_a_preset_has_a_label(name):
    catalogue = qa.Catalogue.builtin()
    for axis in qa.NeedSpec.preset(name).axes:
        for leaf in axis.indicators:
            known = leaf.id.removesuffix("_change") in catalogue
            assert known or (leaf.label_de and leaf.label_en), leaf.id


def test_no_built_in_index_rests_on_the_share_of_migration_background():
    """``nap`` is a rule of two conditions; Hamburg's official list has the share among seven, and says so."""
    catalogue = qa.Catalogue.builtin()
    for name in qa.NeedSpec.presets():
        used = {i.id.removesuffix("_change") for axis in qa.NeedSpec.preset(name).axes for i in axis.indicators}
        context = {i for i in used if i in catalogue and catalogue[i].role == "context"}
        assert not context or name in ("nap", "hamburg-rise")
    assert "context" in qa.NeedSpec.preset("hamburg-rise").unverified


def frame_of(names, n=30):
    random = np.random.default_rng(7)
    columns = {name: random.gamma(4, 3, n) for name in names}
    return pd.DataFrame(columns, index=[f"{i:02d}" for i in range(n)])


@pytest.mark.parametrize("name", ["townsend", "gisd-quantiles", "hamburg-rise"])
def test_presets_that_were_not_verified_say_so_when_used(name):
    spec = qa.NeedSpec.preset(name)
    frame = frame_of(dict.fromkeys(leaf.id for axis in spec.axes for leaf in axis.indicators)).assign(residents=900.0)
    with pytest.warns(UserWarning, match="not verified against published results"):
        need = qa.need_index(frame, spec, population="residents")
    message = need.warnings[0]
    assert message.name == "warning_unverified"
    said = {lang: text(message.name, lang, **message.values) for lang in ("de", "en")}
    assert said["de"].endswith(f"geprüft: {spec.unverified_de}")
    assert said["en"].endswith(f"published results: {spec.unverified}")


def test_nap_is_a_rule_of_two_conditions_and_not_an_average():
    spec = qa.NeedSpec.from_dict(
        {
            "id": "nap",
            "source": "test",
            "min_population": 0,
            "axes": [
                {
                    "id": "conditions",
                    "normalise": {"method": "above", "reference": "city"},
                    "aggregate": "count",
                    "indicators": [
                        {"id": "mh_share", "numerator": "mh", "denominator": "residents"},
                        {"id": "sgb2_rate", "numerator": "poor", "denominator": "residents"},
                    ],
                    "classes": [
                        {"id": c.id, "label_de": c.label_de, "label_en": c.label_en}
                        | ({} if c.upper is None else {"upper": c.upper})
                        for c in qa.NeedSpec.preset("nap").axes[0].classes
                    ],
                }
            ],
        }
    )
    assert spec.axes[0].normalise == qa.NeedSpec.preset("nap").axes[0].normalise
    # city values: 44 % and 16 %; the first area is far above in one condition only: an average would select it
    frame = pd.DataFrame(
        {"mh": [1000.0, 450, 450, 300], "poor": [150.0, 170, 320, 0], "residents": [1000.0, 1000, 1000, 1000]},
        index=list("abcd"),
    )
    frame.loc["d", "residents"] = 2000.0
    with pytest.warns(UserWarning, match=r"context indicators|areas only"):
        need = qa.need_index(frame, spec)
    assert need.reference["city"].tolist() == pytest.approx([44.0, 12.8])
    assert need.classes["conditions"].tolist() == ["both", "both", "both", "none"]
    frame.loc["a", "poor"] = 120.0
    with pytest.warns(UserWarning, match=r"context indicators|areas only"):
        need = qa.need_index(frame, spec)
    assert need.classes["conditions"].tolist() == ["one", "both", "both", "none"]
    assert need.scores["conditions"].tolist() == [1.0, 2.0, 2.0, 0.0]


def test_townsend_follows_its_formula():
    names = ["no_car", "not_owner", "overcrowded", "unemployed"]
    frame = frame_of(names)
    with pytest.warns(UserWarning, match="not verified"):
        need = qa.need_index(frame, qa.NeedSpec.preset("townsend"))
    expected = np.zeros(len(frame))
    for name in names:
        x = frame[name].tolist() if name in names[:2] else [np.log(v + 1) for v in frame[name]]
        mean = sum(x) / len(x)
        deviation = (sum((v - mean) ** 2 for v in x) / (len(x) - 1)) ** 0.5
        expected += [(v - mean) / deviation for v in x]
    assert need.scores["deprivation"].tolist() == pytest.approx(expected.tolist(), abs=1e-12)
    assert need.classes["deprivation"].value_counts().to_dict() == {f"quintile_{i}": 6 for i in range(1, 6)}


def test_gisd_classes_are_those_of_r():
    # findInterval(x, quantile(x, c(0.2, 0.8), type = 9)) + 1 in R 4.2.2
    x = [0.11, 0.42, 0.37, 0.95, 0.5, 0.73, 0.05, 0.61, 0.88, 0.29, 0.42, 0.56]
    frame = pd.DataFrame({"gisd_score": x}, index=[f"{i:02d}" for i in range(12)])
    with pytest.warns(UserWarning, match=r"not verified|12 areas"):
        need = qa.need_index(frame, qa.NeedSpec.preset("gisd-quantiles"))
    codes = need.typology.tolist()
    assert "".join(codes) == "122322123222"
    assert need.scores["deprivation"].min() == 0
    assert need.scores["deprivation"].max() == 1
