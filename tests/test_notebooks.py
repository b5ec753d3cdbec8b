"""The notebooks run from top to bottom and write what they say, in German and in English."""

from __future__ import annotations

import re
import shutil
from base64 import b64decode
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the kernel's own libraries
def test_notebook_runs(notebook, sample_data, tmp_path):
    shutil.copytree(sample_data, tmp_path / "sample_data")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    content = nbformat.read(notebook, as_version=4)
    NotebookClient(content, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    results = next(folder.glob("ergebnis*"))
    written = {file.name for file in results.iterdir()}
    assert {"atlas.html", "bericht.html", "atlas.gpkg"} <= written
    assert ("segregation.csv" in written) == ("segregation.csv" in notebook.read_text(encoding="utf-8"))
    last = content.cells[-1].outputs[0]["data"]
    assert "iframe" in last["text/html"]
    assert "Synthetische Daten" in last["text/html"]
    assert last["text/plain"].startswith("Atlas of Release")
    assert b64decode(last["image/png"], validate=True).startswith(b"\x89PNG")


def test_there_is_a_notebook():
    assert [path.stem for path in NOTEBOOKS] == [
        "01_bestandsaufnahme",
        "02_segregation",
        "03_bedarfsindex",
        "04_foerderkulisse",
        "05_monitoring",
    ]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_without_outputs(notebook):
    content = nbformat.read(notebook, as_version=4)
    assert all(not cell.outputs and cell.execution_count is None for cell in content.cells if cell.cell_type == "code")


# --- every text stands in both languages: heading in one line, German paragraphs, then English ones

SECTION = re.compile(
    r"""(?:\#+\ (?P<number>\d+\ )?(?P<title>[^\n·]+)\ ·\ (?P<english_title>[^\n·]+)(?:\n\n|\Z))?
    (?:(?P<german>[^#<].*?)\n\n<div\ lang="en">\n\n(?P<english>.+?)\n\n</div>(?:\n\n|\Z))?""",
    re.VERBOSE | re.DOTALL,
)
GERMAN_WORDS = re.compile(r"\b(?:der|die|das|und|ist|nicht|eine?|von|mit|zu)\b")
ENGLISH_WORDS = re.compile(r"\b(?:the|of|and|is|are|not|an?|with|to)\b")


def sections(source):
    """Give what a cell says, section by section: title and text in German and in English."""
    found, at = [], 0
    while at < len(source):
        part = SECTION.match(source, at)
        assert part.end() > at, f"not in both languages: {source[at : at + 80]!r}"
        found.append(part.groupdict(default=""))
        at = part.end()
    return found


def facts(text, lang):
    """Give what both languages must name: code as it is called in one of them, and numbers as they are computed."""
    code = sorted(re.sub(r'"(de|en)"', '"lang"', each) for each in re.findall(r"`[^`]+`", text))
    prose = re.sub(r"`[^`]+`", "", text)
    thousands, point = (".", ",") if lang == "de" else (",", ".")
    numbers = [each.rstrip(".,").replace(thousands, "") for each in re.findall(r"\d[\d.,]*", prose)]
    return code, sorted(float(each.replace(point, ".")) for each in numbers)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_text_stands_in_both_languages(notebook):
    cells = [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "markdown"]
    for part in [part for cell in cells for part in sections(cell)]:
        german, english = part["german"], part["english"]
        assert bool(german) == bool(english)
        assert "<div" not in german + english
        assert facts(german, "de") == facts(english, "en")
        if german:
            assert len(GERMAN_WORDS.findall(german)) > len(ENGLISH_WORDS.findall(german)), german
            assert len(ENGLISH_WORDS.findall(english)) > len(GERMAN_WORDS.findall(english)), english
            assert 0.6 < len(english) / len(german) < 1.5, english
    assert cells[0].count('`lang="en"`') == 2


def test_a_text_in_one_language_is_found():
    both = 'Die Regeln.\n\n<div lang="en">\n\nThe rules.\n\n</div>'
    assert [part["english"] for part in sections(f"## 1 Titel · Title\n\n{both}\n\n## 2 Ende · End\n\n{both}")] == [
        "The rules."
    ] * 2
    for text in ("Die Regeln.", "## 1 Titel\n\n" + both, f"{both}\n\nNoch ein Satz.", both.replace("</div>", "")):
        with pytest.raises(AssertionError, match="not in both languages"):
            sections(text)
