"""The site: every public name and everything named in files has its entry, links lead somewhere, nothing is fetched."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from docs_site import generated, reference, staging
from docs_site.checking import faults, undescribed
from docs_site.examples import RULES

import quartiersatlas as qa
from quartiersatlas.catalogue.key_systems import systems
from quartiersatlas.intake.tables.values.codes import PROFILES
from quartiersatlas.need.spec.records import AGGREGATES, TRANSFORMS
from quartiersatlas.need.spec.steps import METHODS
from quartiersatlas.screening.language.rule_parts import WORDS
from quartiersatlas.segregation.registry import registry

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


# --- the reference


def test_every_public_name_stands_in_the_reference():
    pages = "\n".join(reference.pages().values())
    entries = set(re.findall(r"^\.\. auto(?:class|function):: (\w+)$", pages, re.MULTILINE))
    assert set(qa.__all__) - entries == {"__version__", "segregation"}
    assert "``qa.__version__``" in pages
    assert set(qa.segregation.__all__) <= entries


def test_a_name_that_the_built_reference_lacks_is_found(tmp_path):
    page(tmp_path, "reference/need.html", '<dt id="quartiersatlas.need_index"></dt>')
    assert undescribed(tmp_path, ["quartiersatlas.need_index", "quartiersatlas.screen"]) == [
        "reference: quartiersatlas.screen is not described"
    ]


# --- a page for everything that has a name


def names_of(folder):
    return {name.split("/")[-1][:-3] for name in generated.pages() if name.startswith(f"catalogue/{folder}/")} - {
        "index"
    }


def test_everything_named_in_files_has_its_page():
    assert names_of("index") == set(registry())
    scales = {f"normalise_{name}" for name in METHODS}
    together = {f"aggregate_{name}" for name in AGGREGATES}
    assert names_of("need_method") == scales | together | {f"transform_{name}" for name in TRANSFORMS}
    assert names_of("rule_word") == {*WORDS, "above_city", "typology", "k_of"}
    assert names_of("official_rule") == set(qa.rule_presets())
    assert names_of("symbols") == set(PROFILES)
    assert names_of("key_system") == set(systems())
    presets = {file.stem for file in (ROOT / "docs/presets").glob("*.md")} - {"index"}
    assert presets == set(qa.NeedSpec.presets())


def test_every_page_has_formula_source_and_example():
    for name, text in generated.pages().items():
        if name.endswith("index.md"):
            continue
        assert re.search(r"^(?:Formula|Holds where|## (?:Rule|Meaning|Levels))$", text, re.MULTILINE), name
        assert re.search(r"^Source\n: \S", text, re.MULTILINE), name
        assert re.search(r"^## Example\n\n\S", text, re.MULTILINE), name


A, B = np.array([8.0, 12, 12, 20, 36]), np.array([4.0, 9, 2, 12, 16])
RANKS = np.array([[1, 2.5, 2.5, 4, 5], [2, 3, 1, 4, 5]])
BY_HAND = {  # the formulas of the pages, once more
    "normalise_z": ((A - A.mean()) / A.std() + (B - B.mean()) / B.std()) / 2,
    "normalise_minmax": ((A - 8) / 28 + (B - 2) / 14) / 2,
    "normalise_maximum": (A / 36 + B / 16) / 2,
    "normalise_percentile": (RANKS - 1).mean(axis=0) / 4,
    "normalise_rank": RANKS.mean(axis=0),
    "normalise_goalposts": (A / 40 + B / 20) / 2,
    "normalise_exponential": (-23 * np.log(1 - RANKS / 5 * (1 - np.exp(-100 / 23)))).mean(axis=0),
    "normalise_above": np.array([0.0, 1, 0, 2, 2]),  # the means are 17.6 and 8.6
    "aggregate_geometric": np.sqrt(A * B),
    "aggregate_harmonic": 2 / (1 / A + 1 / B),
    "aggregate_product": A * B,
    "aggregate_mazziotta_pareto": (A + B) / 2 + ((A - B) / 2) ** 2 / ((A + B) / 2),
    # areas in the order of both indicators: 5, 4, then 2; 1 and 3 are each ahead of the other once
    "aggregate_copeland": np.array([-3.0, 0, -3, 2, 4]),
    "transform_log": (np.log(A) + np.log(B)) / 2,
    "transform_log1p": (np.log(A + 1) + np.log(B + 1)) / 2,
    "transform_sqrt": (np.sqrt(A) + np.sqrt(B)) / 2,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_formula_of_a_need_method_gives_the_scores_of_its_example(name):
    text = generated.pages()[f"catalogue/need_method/{name}.md"]
    rows = [line.split("|")[1:-1] for line in text.splitlines() if re.match(r"\| \d \|", line)]
    assert [[float(row[1]), float(row[2])] for row in rows] == np.column_stack([A, B]).tolist()
    assert [float(row[3]) for row in rows] == pytest.approx(BY_HAND[name], rel=6e-4, abs=1e-9)


def test_a_rule_word_is_the_same_in_python_and_as_text():
    for word, (written, _) in RULES.items():
        text = generated.pages()[f"catalogue/rule_word/{word}.md"]
        call = PYTHON.search(text)[1]
        names = {"qa": qa}
        exec(call, names)  # noqa: S102 - the page's own code
        assert names["rule"] == qa.parse_rule(written)


# --- links and requests


def page(folder, name, body):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"<!doctype html><html><body>{body}</body></html>", encoding="utf-8")


def test_a_site_with_links_that_lead_somewhere_is_in_order(tmp_path):
    page(tmp_path, "a.html", '<h1 id="top">A</h1><a href="sub/b.html#c">b</a> <a href="https://example.org">out</a>')
    page(tmp_path, "sub/b.html", '<p id="c"><a href="../a.html">a</a><a href="#c">here</a><a href="..">up</a></p>')
    page(tmp_path, "index.html", "")
    assert faults(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="b.html">b</a>', "b.html leads nowhere"),
        ('<a href="#b">b</a>', "#b leads nowhere"),
        ('<img src="b.png">', "b.png leads nowhere"),
        ('<img src="https://cdn.example/x.png">', "asks https://cdn.example/x.png of the network"),
        ('<script src="//cdn.example/x.js"></script>', "asks //cdn.example/x.js of the network"),
        ('<link rel="stylesheet" href="https://cdn.example/x.css">', "asks https://cdn.example/x.css of the network"),
        ('<style>@import "https://cdn.example/x.css"</style>', "asks https://cdn.example/x.css of the network"),
        ('<p style="background:url(http://cdn.example/x)">', "asks http://cdn.example/x of the network"),
        ('<script>fetch("https://cdn.example/x")</script>', "asks https://cdn.example/x of the network"),
        ('<iframe src="https://cdn.example"></iframe>', "asks https://cdn.example of the network"),
    ],
)
def test_a_dead_link_and_a_request_are_found(tmp_path, body, fault):
    page(tmp_path, "a.html", body)
    assert faults(tmp_path) == [f"a.html: {fault}"]


def test_a_style_that_fetches_and_an_empty_site_are_found(tmp_path):
    assert "there are no pages" in faults(tmp_path)[0]
    page(tmp_path, "a.html", "")
    (tmp_path / "site.css").write_text("@font-face {src: url('https://fonts.example/x.woff2')}", encoding="utf-8")
    assert faults(tmp_path) == ["site.css: asks https://fonts.example/x.woff2 of the network"]


def test_links_are_moved_with_their_pages_and_a_dead_one_is_refused():
    places = {"docs/a.md": "a.md", "CHANGELOG.md": "project/changelog.md", "docs/sub/b.md": "sub/b.md"}
    text = "[c](../CHANGELOG.md#new) [b](sub/b.md) [out](https://example.org) [here](#x)"
    moved = "[c](project/changelog.md#new) [b](sub/b.md) [out](https://example.org) [here](#x)"
    assert staging.relinked(text, "docs/a.md", places) == moved
    assert staging.relinked("[a](docs/a.md)", "CHANGELOG.md", places) == "[a](../a.md)"
    with pytest.raises(LookupError, match=r"docs/a.md links to gone.md"):
        staging.relinked("[x](gone.md)", "docs/a.md", places)


def test_every_page_stands_in_a_table_of_contents():
    """Sphinx would say so too, minutes later; a new page goes into docs/guide.md or docs/trust.md."""
    listed = set()
    for file in DOCS:
        for block in re.findall(r"```\{toctree\}\n(.*?)```", file.read_text(encoding="utf-8"), re.DOTALL):
            entries = [line for line in block.splitlines() if line and not line.startswith(":")]
            listed |= {(file.parent / entry).resolve().relative_to(ROOT / "docs").as_posix() for entry in entries}
    pages = {file.relative_to(ROOT / "docs").with_suffix("").as_posix() for file in DOCS} - {"index"}
    assert {name for name in pages if not name.startswith("presets/")} - listed == set()


# --- the pictures of the README


def pictures(text):
    """Give place and alternative text of every picture of a page that is set in HTML, in which it has a width."""
    tags = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<img [^>]*>", text)]
    return [(names["src"], names.get("alt", "")) for names in tags]


def test_the_readme_shows_map_report_and_chart_before_its_first_heading():
    first = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## ")[0]
    shown = dict(pictures(first))
    assert list(shown) == ["docs/atlas.png", "docs/report.png", "docs/certainty.png"]
    for place, words in shown.items():
        assert len(words) > 40, place
        picture = (ROOT / place).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 120_000, place


# --- what the pages call


def calls():
    """Yield every call of a public name on a page: page, name, the arguments that it names."""
    for file in [*DOCS, ROOT / "README.md"]:
        for block in PYTHON.findall(file.read_text(encoding="utf-8")):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.Call) and re.fullmatch(r"qa(\.\w+)+", name := ast.unparse(node.func)):
                    yield file.relative_to(ROOT).as_posix(), name, [word.arg for word in node.keywords if word.arg]


@pytest.mark.parametrize("where", sorted({where for where, *_ in calls()}))
def test_a_page_calls_what_there_is_with_arguments_that_are_taken(where):
    for page_of, name, arguments in calls():
        if page_of != where:
            continue
        found = qa
        for part in name.split(".")[1:]:
            found = getattr(found, part)
            if isinstance(found, property):
                break
        parameters = inspect.signature(found).parameters
        free = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        assert free or set(arguments) <= set(parameters), name
