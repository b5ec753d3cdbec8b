"""A spec that is written and read again is the same spec, with the same hash."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from itertools import count
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import InputError, SpecError
from quartiersatlas.need.spec.records import NeedAxis, NeedClass, NeedGroup, NeedIndicator
from quartiersatlas.need.spec.spec import NeedSpec
from quartiersatlas.need.spec.steps import BREAKS, METHODS, TIES, Breaks, Normalise

PRESETS = NeedSpec.presets()
character = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")
text = st.text(character, max_size=12)
some_text = text.filter(str.strip)
number = st.floats(-1e12, 1e12)
above_0 = st.floats(1e-9, 1e12)
pair = st.tuples(number, number).filter(lambda p: p[0] < p[1])
examples = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def of_ranks(draw, method, *, single):
    options = {"ties": draw(st.sampled_from(TIES))}
    if method == "exponential":
        options["shift"] = draw(st.sampled_from([0, 1, 0.5]))
    if method != "rank" and single and draw(st.booleans()):
        options |= {"n": draw(st.integers(2, 40_000)), "ties": "average"}
    elif method == "percentile" and single:
        options["among"] = draw(st.sampled_from(["all", "positive"]))
    return options


@st.composite
def rules(draw, methods=METHODS, *, single=True):
    """Draw a rule; one for domains, or for the score of an axis, is not for single indicators."""
    method = draw(st.sampled_from(methods if single else [m for m in methods if m != "goalposts"]))
    options = {"method": method}
    if method == "z":
        options["reference"] = draw(st.sampled_from(["areas", "city", "fixed"] if single else ["areas"]))
        options |= {"centre": draw(number), "spread": draw(above_0)}
        if options["reference"] != "fixed":
            options["ddof"] = draw(st.sampled_from([0, 1]))
            options["weighting"] = draw(st.sampled_from(["none", "population"]))
    elif method in ("minmax", "goalposts"):
        options["low"], options["high"] = draw(pair)
        if method == "goalposts":
            options["beyond"] = draw(st.sampled_from(["keep", "cap"]))
    elif method in ("percentile", "rank", "exponential"):
        options |= draw(of_ranks(method, single=single))
    options |= draw(st.sampled_from([{}, {"digits": 0}, {"digits": 2}])) if method != "above" else {}
    if method == "above" and single:
        options["reference"] = draw(st.sampled_from(["areas", "city"]))
    return Normalise(**options)


@st.composite
def indicators(draw, name, rule):
    options = {}
    if rule.method == "z" and rule.reference == "fixed":
        options = {"centre": draw(number), "scale": draw(above_0)}
    if rule.method == "goalposts":
        options = dict(zip(("low", "high"), draw(pair), strict=True))
    if rule.reference != "city":
        options["transform"] = draw(st.sampled_from(["none", "log", "winsorise"]))
    if options.get("transform") == "winsorise":
        options |= {"winsor_skew": draw(above_0), "winsor_points": draw(st.integers(1, 9))}
    of_more = rule.method == "maximum" or rule.among == "positive"
    if draw(st.booleans()):
        options |= {"numerator": draw(some_text), "denominator": draw(some_text)}
    return NeedIndicator(
        id=name,
        weight=1.0 if rule.method == "above" else draw(above_0),
        direction=1 if of_more else draw(st.sampled_from([1, -1])),
        value=draw(st.sampled_from(["observed", "shrunken"])),
        published=draw(text),
        label_de=draw(text),
        label_en=draw(text),
        **options,
    )


TWO = (
    NeedClass(id="low", upper=0.5, label_de="untere Hälfte", label_en="lower half"),
    NeedClass(id="high", label_de="obere Hälfte", label_en="upper half"),
)


@st.composite
def groups(draw, names, depth, **axis):
    n_domains = draw(st.integers(0, 2 if depth else 0))
    n_indicators = draw(st.integers(0 if n_domains else 1, 2))
    rule = draw(rules(single=not n_domains))

    def named():
        return f"{next(names)}{draw(text)}"  # made different by the number

    members = [draw(groups(names, depth - 1)) for _ in range(n_domains)]
    members += [draw(indicators(named(), rule)) for _ in range(n_indicators)]
    if rule.method == "above":
        members = [NeedGroup(**{**vars(m), "weight": 1.0}) if isinstance(m, NeedGroup) else m for m in members]
        aggregate = "count"
    else:
        plain = ["sum", "arithmetic", "copeland"]
        means = ["geometric", "harmonic", "mazziotta_pareto", "product"] if rule.is_positive else []
        aggregate = draw(st.sampled_from(plain + means))
    share = 1.0 if aggregate in ("count", "copeland") else draw(st.floats(0.001, 1.0))
    common = {"id": named(), "label_de": draw(text), "label_en": draw(text), "normalise": rule, "aggregate": aggregate}
    common |= {"min_present": share, "members": tuple(draw(st.permutations(members)))}
    if share < 1:
        common["incomplete"] = draw(st.sampled_from(["as_is", "rescale"]))
    if axis:
        return NeedAxis(**common, **axis)
    own = draw(st.sampled_from([{}, {"classes": TWO, "breaks": Breaks(method="rank_share", closed="upper")}]))
    return NeedGroup(**common, **own, weight=draw(above_0))


@st.composite
def axes(draw, names):
    method = draw(st.sampled_from([m for m in BREAKS if m != "fixed"]))
    breaks = Breaks(method=method, type=draw(st.integers(4, 9)) if method == "quantile" else 7)
    breaks = replace(breaks, closed=draw(st.sampled_from(["", "lower", "upper"])))
    uppers = draw(st.lists(st.floats(0.001, 0.999), unique=True, max_size=3))
    classes = tuple(
        NeedClass(id=f"{i}{draw(text)}", label_de=draw(some_text), label_en=draw(some_text), upper=u, code=f"{i}{c}")
        for i, (u, c) in enumerate(zip([*sorted(uppers), None], draw(st.lists(text, min_size=4)), strict=False))
    )
    standardise = draw(rules(("none", "z", "minmax", "percentile", "rank", "exponential"), single=False))
    return draw(groups(names, draw(st.integers(0, 2)), classes=classes, breaks=breaks, standardise=standardise))


@st.composite
def specs(draw):
    names = count(1)
    excluded = draw(st.dictionaries(some_text.map(str.strip), some_text, max_size=3))
    return NeedSpec(
        id=draw(some_text),
        source=draw(some_text),
        axes=tuple(draw(axes(names)) for _ in range(draw(st.integers(1, 2)))),
        min_population=draw(st.one_of(st.floats(0, 1e6), st.integers(0, 1000))),
        min_population_in=draw(st.sampled_from(["every", "latest"])),
        exclude=excluded,
        weights_sum=draw(st.one_of(st.none(), above_0)),
        verified=draw(text),
        unverified=draw(text),
        unverified_de=draw(text),
    )


def same(one, other):
    assert one == other
    assert one.hash == other.hash
    return True


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_comes_back_from_toml_and_from_a_workbook(name, tmp_path):
    spec = NeedSpec.preset(name)
    written = spec.to_toml(tmp_path / "need.toml")
    assert (tmp_path / "need.toml").read_text(encoding="utf-8") == written
    assert same(NeedSpec.from_toml(tmp_path / "need.toml"), spec)
    spec.to_excel(tmp_path / "need.xlsx")
    assert same(NeedSpec.from_excel(tmp_path / "need.xlsx"), spec)


@given(specs())
@examples
def test_any_spec_comes_back_from_toml(tmp_path_factory, spec):
    path = tmp_path_factory.mktemp("toml") / "need.toml"
    written = spec.to_toml(path)
    back = NeedSpec.from_toml(path)
    assert same(back, spec)
    assert back.to_toml() == written


@given(specs())
@examples
def test_any_spec_comes_back_from_a_workbook(tmp_path_factory, spec):
    path = tmp_path_factory.mktemp("excel") / "need.xlsx"
    assert same(NeedSpec.from_excel(spec.to_excel(path)), spec)


@given(st.text(character), st.text(character))
@examples
def test_any_text_is_escaped(key, value):
    spec = NeedSpec.preset("nap")
    changed = type(spec)(**{**vars(spec), "verified": value, "exclude": {f"x{key}": f"x{value}"}})
    content = tomllib.loads(changed.to_toml())
    assert content.get("verified", "") == value.strip()
    assert content["exclude"] == {f"x{key}".strip(): f"x{value}".strip()}


def test_the_text_is_readable_and_leaves_out_what_is_the_default():
    assert (
        NeedSpec.preset("berlin-mss-2019")
        .to_toml()
        .startswith(
            'id = "berlin-mss-2019"\n'
            'source = "Senatsverwaltung für Stadtentwicklung Berlin: Monitoring Soziale Stadtentwicklung 2019"\n'
            "min_population = 300\n"
            'min_population_in = "latest"\n'
            'verified = "436 of 436 status classes and 436 of 436 dynamics classes of the published tables"\n'
            "\n[[axes]]\n"
            'id = "status"\n'
            'label_de = "Sozialer Status"\n'
            'label_en = "Social status"\n'
            'normalise = { method = "z" }\n'
            'aggregate = "sum"\n'
            'standardise = { method = "z" }\n'
            "indicators = [\n"
            '  { id = "unemployment_share_sgb2", published = "S1" },\n'
            '  { id = "transfer_rate", published = "S3" },\n'
            '  { id = "child_poverty_u15", published = "S4" },\n'
            "]\n"
            "classes = [\n"
            '  { id = "high", label_de = "hoch", label_en = "high", upper = -1, code = "1" },\n'
        )
    )


def test_domains_are_tables_below_their_group():
    leaf = [NeedIndicator(id=name) for name in "abc"]
    inner = NeedGroup(id="inner", members=(leaf[0],))
    outer = NeedGroup(id="outer", members=(leaf[1], inner))
    classes = (NeedClass(id="all", label_de="alle", label_en="all"),)
    spec = NeedSpec(id="t", source="t", axes=(NeedAxis(id="need", members=(outer, leaf[2]), classes=classes),))
    headers = [line for line in spec.to_toml().splitlines() if line.startswith("[[")]
    assert headers == ["[[axes]]", "[[axes.domains]]", "[[axes.domains.domains]]"]


def test_equal_specs_have_one_hash_and_one_text_however_they_were_built():
    spec = NeedSpec.preset("imd-2025")
    other = type(spec)(**{**vars(spec), "min_population": -0.0, "id": " imd-2025 ", "weights_sum": 0.999})
    assert same(spec, other)
    assert spec.to_toml() == other.to_toml()


def test_nothing_is_left_behind_where_the_folder_is_missing(tmp_path):
    spec = NeedSpec.preset("nap")
    for write, name in ((spec.to_toml, "need.toml"), (spec.to_excel, "need.xlsx")):
        with pytest.raises(InputError, match="There is no folder"):
            write(tmp_path / "missing" / name)
    with pytest.raises(InputError, match=r"need\.csv: workbooks are written as \.xlsx"):
        spec.to_excel(tmp_path / "need.csv")
    assert list(tmp_path.iterdir()) == []


def with_texts(*texts):
    spec = NeedSpec.preset("nap")
    return type(spec)(**{**vars(spec), "exclude": {f"k{i}": value for i, value in enumerate(texts)}})


@pytest.mark.parametrize("value", ["=1+1", "+49", "-x", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_text_that_starts_like_a_formula_is_stored_as_text(tmp_path, value):
    spec = with_texts(value)
    path = spec.to_excel(tmp_path / "need.xlsx")
    cell = openpyxl.load_workbook(path)["exclude"]["B2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (value, "s", True)
    with ZipFile(path) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if "sheet" in name)
    assert same(NeedSpec.from_excel(path), spec)


def test_a_workbook_holds_control_characters_and_what_looks_like_their_code(tmp_path):
    spec = with_texts("a\rb\x00c\x1fd", "_x000D_", "_x005F_x000D_", "a\r\nb\n_", "a\x7f\x85\u2028b")
    assert same(NeedSpec.from_excel(spec.to_excel(tmp_path / "need.xlsx")), spec)


def test_a_text_too_long_for_a_cell_is_refused_not_cut(tmp_path):
    with pytest.raises(InputError, match=r"sheet 'exclude', row 2: a text of 32,768 characters; a cell holds 32,767"):
        with_texts("x" * 32_768).to_excel(tmp_path / "need.xlsx")
    spec = with_texts("x" * 32_767)
    assert same(NeedSpec.from_excel(spec.to_excel(tmp_path / "need.xlsx")), spec)


@pytest.mark.parametrize("value", [0.1 + 0.2, 54.093722751182746, 1 / 3, 5e-324, 1e22, 123456789012345.6])
def test_a_workbook_keeps_every_digit_of_a_number(tmp_path, value):
    spec = NeedSpec.preset("imd-2025")
    changed = type(spec)(**{**vars(spec), "weights_sum": value})
    assert NeedSpec.from_excel(changed.to_excel(tmp_path / "need.xlsx")).weights_sum == value


def test_the_same_spec_gives_the_same_bytes(tmp_path, monkeypatch):
    spec = NeedSpec.preset("wimd-2019")
    first = spec.to_excel(tmp_path / "one.xlsx").read_bytes()
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    second = spec.to_excel(tmp_path / "two.xlsx").read_bytes()
    assert first == second
    with ZipFile(tmp_path / "one.xlsx") as parts:
        assert b"2000-01-01T00:00:00Z" in parts.read("docProps/core.xml")
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_workbook_has_one_row_per_indicator_and_the_columns_an_analyst_edits(tmp_path):
    book = openpyxl.load_workbook(NeedSpec.preset("imd-2025").to_excel(tmp_path / "need.xlsx"))
    assert book.sheetnames == ["spec", "groups", "indicators", "classes", "exclude"]
    rows = list(book["indicators"].values)
    expected = ["id", "parent", "weight", "direction", "numerator", "denominator", "transform", "value"]
    assert list(rows[0]) == [
        *expected,
        "winsor_skew",
        "winsor_kurtosis",
        "winsor_points",
        "centre",
        "scale",
        "low",
        "high",
        "limit",
        "limit_source",
        "label_de",
        "label_en",
        "unit",
        "kind",
        "published",
    ]
    assert rows[3][:4] == ("education_rank", "deprivation", 0.135, -1)
    assert len(rows) == 8
    assert book["indicators"].freeze_panes == "A2"
    assert book["exclude"].column_dimensions["A"].number_format == "@"


def test_a_spec_that_was_edited_is_another_spec(tmp_path):
    spec = NeedSpec.preset("imd-2025")
    path = spec.to_excel(tmp_path / "need.xlsx")
    book = openpyxl.load_workbook(path)
    book["indicators"]["C2"] = "0,25"
    book.save(path)
    edited = qa.NeedSpec.from_excel(path)
    assert edited.axes[0].indicators[0].weight == 0.25
    assert edited.hash != spec.hash
    assert edited.axes[0].indicators[1:] == spec.axes[0].indicators[1:]


@pytest.mark.parametrize("value", ["a\ud800", "\ufffe", "\uffff"])
def test_what_is_no_character_is_refused(value):
    with pytest.raises(SpecError, match="verified holds an invalid character"):
        type(NeedSpec.preset("nap"))(**{**vars(NeedSpec.preset("nap")), "verified": value})
