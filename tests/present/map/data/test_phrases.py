"""Sentences as phrases and numbers: what the page puts together is what was said."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.resources import files

import pytest

from quartiersatlas.present.map.payload import map_json
from quartiersatlas.present.map.phrases import Phrases, with_phrases
from quartiersatlas.present.statements import missing_texts, other_reason_texts, reason_texts

ASSETS = files("quartiersatlas.present.map") / "assets"
UNPACK = """
const { spoken } = await import(process.argv[1] + "/columns.js");
const { packed, phrases } = JSON.parse(process.argv[2]);
process.stdout.write(JSON.stringify(spoken(packed, phrases)));"""


@pytest.fixture(scope="module")
def spoken():
    """Return what the page makes of packed sentences."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is needed to run the page's modules; it is not on the PATH.")

    def run(packed, phrases):
        told = json.dumps({"packed": packed, "phrases": phrases})
        command = [node, "--input-type=module", "--eval", UNPACK, str(ASSETS), told]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return run


TEXTS = ["12,1 % (1.234), 5", "#3 in Nr. 7 | 8", "", "nichts", "1", "$& $1 5", "Gebiet 1.", "2,", "3|4#|#"]


def test_any_text_comes_back(spoken):
    phrases = Phrases()
    packed = phrases.pack({"1": TEXTS, "2": "Gebiet 9."})
    assert spoken(packed, list(phrases.known)) == {"1": TEXTS, "2": "Gebiet 9."}
    assert packed["2"] == packed["1"][6].replace("|1", "|9")


def test_a_phrase_stands_once(sample):
    content = json.loads(map_json(sample.release, "de"))
    assert len(content["phrases"]) == len(set(content["phrases"]))
    assert len(json.dumps(content["reasons"])) * 3 < len(json.dumps(reason_texts(sample.release, "de")))


def test_the_page_says_what_the_release_says(sample, spoken):
    content, release = json.loads(map_json(sample.release, "de")), sample.release
    number = {key: str(position) for position, key in enumerate(release.areas.index)}
    said = {"reasons": reason_texts, "others": lambda *given: other_reason_texts(*given, 2), "missing": missing_texts}
    for name, texts in said.items():
        packed = content["reasons"] if name == "reasons" else content["standing"][name]
        expected = {number[key]: text for key, text in texts(release, "de").items()}
        found = spoken(packed, content["phrases"])
        assert {key: found[key] for key in expected} == expected
        assert not re.search("#", json.dumps(found))


def test_a_page_without_a_shortlist_has_no_phrases():
    bare = {"reasons": {}, "standing": {"axes": []}, "earlier": []}
    assert with_phrases(bare) == {**bare, "phrases": []}
