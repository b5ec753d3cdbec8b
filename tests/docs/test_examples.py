"""Every example of the how-to pages gives what the page says; the tutorial runs, and is the same in both languages."""

from __future__ import annotations

import ast
import doctest
import re
from pathlib import Path

import numpy as np
import pytest

import quartiersatlas as qa

DOCS = Path(__file__).parents[2] / "docs"
HOW_TO = sorted((DOCS / "how_to").glob("[!i]*.md"))
PUBLISHED = DOCS / "how_to" / "published_classes.md"  # its data are not ours to carry
PAGES = [*(page for page in HOW_TO if page != PUBLISHED), DOCS / "others_wrong.md"]
QUESTIONS = {  # each has its page
    "refused_file", "ready_made_shares", "changed_boundaries", "small_town", "compare_rules", "several_cities",
    "compare_years", "funding_areas", "what_may_be_published", "map_in_a_cms", "qgis", "many_cores", "two_frames",
    "published_classes",
}  # fmt: skip
CELL = re.compile(r"```\{code-cell\} python\n(.*?)```", re.DOTALL)
SESSION = re.compile(r"```pycon\n(.*?)```", re.DOTALL)


def cells(language):
    """Give the code of the tutorial."""
    return CELL.findall((DOCS / "tutorial" / f"{language}.md").read_text(encoding="utf-8"))


def test_the_tutorial_writes_what_it_promises(tutorial, folder):
    written = {file.name for file in (folder / "tutorial").iterdir()}
    assert {"council_paper.pdf", "atlas.html", "atlas.gpkg"} <= written
    assert (folder / "tutorial" / "council_paper.pdf").read_bytes().startswith(b"%PDF")
    assert tutorial["shortlist"].keys


def test_the_tutorial_does_the_same_in_both_languages():
    """Only what a reader sees differs: texts, names of files, the language asked for."""
    assert [calls(code) for code in cells("de")] == [calls(code) for code in cells("en")]


def calls(code):
    """Give the functions that a cell calls, and the names of its arguments but the language."""
    return [
        (
            node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func),
            len(node.args),
            sorted(word.arg or "**" for word in node.keywords if word.arg != "lang"),
        )
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call)
    ]


def test_each_question_has_its_page():
    index = (DOCS / "how_to" / "index.md").read_text(encoding="utf-8")
    assert {page.stem for page in HOW_TO} == QUESTIONS
    assert all(f"\n{name}\n" in index for name in QUESTIONS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_give_what_the_page_says(page, tutorial, folder, monkeypatch):
    monkeypatch.chdir(folder)
    text = "\n".join(SESSION.findall(page.read_text(encoding="utf-8")))
    test = doctest.DocTestParser().get_doctest(text, dict(tutorial) | {"qa": qa}, page.stem, str(page), 0)
    assert test.examples
    said = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(test, out=said.append)
    assert not said, "".join(said)


@pytest.mark.shared_data
def test_published_classes_are_repeated_by_the_lines_of_the_page(shared, monkeypatch):
    monkeypatch.chdir(shared / "indices" / "mss_berlin")
    names = {}
    for code in re.findall(r"```python\n(.*?)```", PUBLISHED.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(code, str(PUBLISHED), "exec"), names)  # noqa: S102 - the page's own code
    mss = names["mss"]
    assert (names["same"].sum(), len(mss)) == (436, 436)

    def by_hand(*weights):
        shares = [mss[next(name for name in mss if name.startswith(f"s{k}_"))].to_numpy() for k in (1, 3, 4)]
        total = sum(w * (x - x.mean()) / x.std() for w, x in zip(weights, shares, strict=True))
        score = (total - total.mean()) / total.std()
        return np.select([score < -1, score <= 1, score <= 1.5], ["high", "medium", "low"], "very_low")

    assert (by_hand(1, 1, 1) == names["need"].classes["status"]).all()
    assert (by_hand(1, 1, 2) == names["other"].classes["status"]).all()
    assert names["moved"].sum() == 13  # the page says so
