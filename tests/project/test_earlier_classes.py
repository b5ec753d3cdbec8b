"""Classes of need at an earlier date: by the same rules, of the axes that the date has indicators of."""

import pandas as pd
import pytest

from quartiersatlas.errors import SpecError
from quartiersatlas.project import check_project, run_project

NEED = """
[need]
id = "t"
source = "t"
[[need.axes]]
id = "status"
label_de = "Lage"
label_en = "Status"
indicators = [{ id = "a_share" }]
classes = [
  { id = "low", upper = 0.0, label_de = "gering", label_en = "low" },
  { id = "high", label_de = "hoch", label_en = "high" },
]
"""
CHANGE = NEED.replace("a_share", "a_share_change") + '[change]\nsince = "2022"\nindicators = ["a_share"]\n'
LIMITS = {"high": -1.0, "medium": 1.0, "low": 1.5, "very_low": float("inf")}  # as the sample project names them

pytestmark = pytest.mark.filterwarnings("ignore:Need index 't'. Compared over 12 areas")


def test_classes_of_the_sample_city_are_those_of_the_rates_shown(outcome):
    """The z scores by hand: sum of four z scores, once more as a z score, without areas below 300 residents."""
    then = outcome[0].atlas.earlier[0]
    assert [column.id for column in then.columns if column.kind == "class"] == [
        "need_status_class"
    ]  # no change before 2022
    values = then.values
    pairs = [(then.column(name).numerator, then.column(name).denominator) for name in
             ("sgb2_rate", "child_poverty_u15", "unemployment_share_total", "language_support_need")]  # fmt: skip
    rates = [values[x] / values[n] for x, n in pairs]
    total = sum((rate - rate.mean()) / rate.std(ddof=0) for rate in rates).dropna()
    score = (total - total.mean()) / total.std(ddof=0)
    classes = values["need_status_class"].dropna()
    assert len(classes) > 70
    found = score.map(lambda z: next(name for name, upper in LIMITS.items() if z < upper))
    near = {key for key in score.index if min(abs(score[key] - limit) for limit in (-1.0, 1.0, 1.5)) < 0.03}
    compared = [key for key in classes.index if key not in near]
    assert len(compared) > 65
    assert classes[compared].to_dict() == found[compared].to_dict()


def test_without_being_asked_an_earlier_date_has_no_classes(small_project, tmp_path):
    file = small_project(NEED, earlier="a b c all")
    earlier = run_project(file, folder=tmp_path / "out").atlas.earlier[0]
    assert not [column for column in earlier.columns if column.kind in ("class", "score")]


@pytest.mark.parametrize(
    ("need", "columns", "words"),
    [
        ("", "a b c all", r"\[\[earlier\]\] with period = \"2022\": need = true, but there is no \[need\]"),
        (CHANGE, "a b c all", r"that period does not have 'a_share_change' of axis 'status'"),
    ],
)
def test_classes_that_cannot_be_made_are_refused(small_project, need, columns, words):
    file = small_project(need, earlier=columns)
    file.write_text(file.read_text(encoding="utf-8") + "\nneed = true\n", encoding="utf-8")
    later = pd.read_csv(file.parent / "2024.csv", sep=";", dtype=str)
    later.assign(a=range(20, 80, 5)).to_csv(file.parent / "2024.csv", sep=";", index=False)  # so that there are changes
    with pytest.raises(SpecError, match=words):
        run_project(file)


def test_the_check_of_a_project_knows_the_key(small_project):
    file = small_project(NEED, earlier="a b c all")
    file.write_text(file.read_text(encoding="utf-8") + '\nneed = "yes"\n', encoding="utf-8")
    with pytest.raises(SpecError, match="need"):
        check_project(file)
