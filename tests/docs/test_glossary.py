"""One English word per concept: what the glossary rules out stands on no page and in no text."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| German", "| ---"))
]
RULED_OUT = [(german, english, word.strip()) for german, english, no, _ in ROWS for word in no.split(",")]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def english_texts():
    with (ROOT / "src/quartiersatlas/catalogue/texts.csv").open(encoding="utf-8") as file:
        return {f"texts.csv, {row['name']}": row["en"] for row in csv.DictReader(file, delimiter=";")}


def prose(page):
    """Give a page without code, titles of sources in italics and addresses."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"`[^`]*`|\*[^*\n]*\*|\]\([^)]*\)", "", text)


@pytest.fixture(scope="module")
def everything():
    pages = {page.relative_to(ROOT).as_posix(): prose(page) for page in PAGES if page.name != "glossary.md"}
    return pages | english_texts()


def found_in(texts, word):
    pattern = re.compile(rf"\b{re.escape(word)}s?\b", re.IGNORECASE)
    return [name for name, text in texts.items() if pattern.search(text)]


@pytest.mark.parametrize(("german", "english", "word"), RULED_OUT, ids=[word for *_, word in RULED_OUT])
def test_a_concept_has_one_word(german, english, word, everything):
    assert found_in(everything, word) == [], f"{german} is {english}"


def test_another_word_would_be_found():
    assert found_in({"a": "All inhabitants of the town", "b": "all residents"}, "inhabitants") == ["a"]


def test_the_terms_of_the_field_are_there():
    terms = {german for german, *_ in ROWS}
    asked = {"Stadtteil", "Quartier", "Planungsraum", "Bestandsaufnahme", "Prüfgebiet", "Geheimhaltung", "Fördergebiet"}
    assert asked <= terms
    assert all(len(row) == 4 and all(row) for row in ROWS)


def test_no_german_term_and_no_english_word_stands_twice():
    for column in (0, 1):
        words = [row[column] for row in ROWS]
        assert len(words) == len(set(words))
