"""One page for every index, need method, rule word, official rule, symbol profile and key system, from the records.

Formulas, sources and meanings are those of the library; examples are run while the page is written.
"""

from __future__ import annotations

import inspect
import re
import tomllib
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from docs_site.examples import CALLS, KEYS, RULES, index_example, shown
from docs_site.formulas import set_formula

import quartiersatlas as qa
from quartiersatlas.catalogue.key_systems import systems
from quartiersatlas.catalogue.texts import text
from quartiersatlas.intake.tables.values.codes import PROFILES
from quartiersatlas.segregation.registry import DIRECTION, registry

if TYPE_CHECKING:
    from collections.abc import Iterable

METHODS = tomllib.loads((Path(__file__).parent / "need_methods.toml").read_text(encoding="utf-8"))
KINDS = {"normalise": "scales", "aggregate": "aggregation", "transform": "transformations"}
SYMBOL_SOURCES = {
    "auto": "the signs of DIN 55301, with those of offices that write in English",
    "din55301": "DIN 55301, layout of statistical tables (withdrawn in 2020, still in use)",
    "genesis": "Federal and state statistical offices of Germany: GENESIS-Online, explanation of signs",
    "lsn": "Landesamt für Statistik Niedersachsen: Abkürzungen und Zeichenerklärungen",
    "ba": "Bundesagentur für Arbeit, small-area data",
    "berlin_mss": "Senatsverwaltung Berlin, Monitoring Soziale Stadtentwicklung",
}


@cache
def pages() -> dict[str, str]:
    """Return all generated pages: file name -> text."""
    groups = {
        "index": ("Segregation indices", {name: _index(name) for name in registry()}),
        "need_method": ("Need methods", dict(_methods())),
        "rule_word": ("Rule words", {name: _word(name) for name in RULES}),
        "official_rule": ("Official rules", {name: _official(name) for name in qa.rule_presets()}),
        "symbols": ("Symbol profiles", {name: _symbols(name) for name in PROFILES}),
        "key_system": ("Key systems", {name: _keys(name) for name in systems()}),
    }
    written = {"catalogue/index.md": _overview(list(groups))}
    for folder, (title, found) in groups.items():
        written[f"catalogue/{folder}/index.md"] = _listing(title, found)
        written |= {f"catalogue/{folder}/{name}.md": page for name, page in found.items()}
    return written


def _overview(folders: Iterable[str]) -> str:
    entries = [f"{folder}/index" for folder in folders]
    lead = "One page for everything that has a name in files and calls, written from the library's own records."
    presets = "Presets of the need index: [their pages](../presets/index.md)."
    return "\n".join(["# Indices, methods, words, keys", "", lead, "", *toctree(entries), presets, ""])


def _listing(title: str, found: dict[str, str]) -> str:
    rows = [f"| [`{name}`]({name}.md) | {_cell(_lead(page))} |" for name, page in found.items()]
    return "\n".join([f"# {title}", "", "| name | meaning |", "| --- | --- |", *rows, "", *toctree(found, hidden=True)])


def toctree(entries: Iterable[str], *, hidden: bool = False) -> list[str]:
    """Return the lines that put pages below one another."""
    return ["```{toctree}", *([":hidden:"] if hidden else []), ":maxdepth: 1", "", *entries, "```", ""]


def _lead(page: str) -> str:
    """Return the first sentences of a page, below its heading."""
    return page.split("\n\n")[1].replace("\n", " ")


def _page(name: str, lead: str, facts: dict[str, str], *parts: str) -> str:
    """Return a page: name, meaning, formula and source as a list, then its parts."""
    listed = "\n".join(f"{key}\n: {value}\n" for key, value in facts.items() if value)
    return "\n\n".join([f"# `{name}`", lead, listed.rstrip(), *parts]) + "\n"


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    head = list(header)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _code(source: str, language: str = "python") -> str:
    return f"```{language}\n{source.strip()}\n```"


# --- segregation


def _index(name: str) -> str:
    index = registry()[name]
    lowest, highest = index.lowest or "-∞", index.highest or "∞"
    facts = {
        "In German": index.meaning("de"),
        "Formula": set_formula(index.formula),
        "As text": f"`{index.formula}`",
        "Source": index.source,
        "Range": f"{lowest} to {highest}; {DIRECTION[index.direction]}",
        "Dimension": f"{text(f'dimension_{index.dimension}', 'en')} ({text(f'dimension_{index.dimension}', 'de')})",
    }
    if index.symbols:
        facts["Also written"] = f"`{index.symbols}`"
    signs = "Letters: [all indices on one page](../../segregation_indices.md)."
    return _page(name, index.meaning("en"), facts, "## Example", shown(index_example(name, index.requires)), signs)


# --- need


def _methods() -> Iterable[tuple[str, str]]:
    """Yield the page of every word of a need spec that does something with numbers."""
    for kind, word in KINDS.items():
        for name, entry in METHODS[kind].items():
            facts = {"Where": f"`{kind}` ({word})", "Formula": set_formula(entry["formula"])}
            facts |= {"As text": f"`{entry['formula']}`", "Source": entry["source"]}
            spec = _spec(kind, name, entry)
            parts = ["## Example", _code(spec, "toml"), "Five areas, two indicators, and what comes out:"]
            parts += [_scored(spec), "Every option: [the need spec](../../need_spec.md)."]
            yield f"{kind}_{name}", _page(f'{kind} = "{name}"', entry["meaning"], facts, *parts)


FIVE = pd.DataFrame({"a": [8.0, 12, 12, 20, 36], "b": [4.0, 9, 2, 12, 16]}, index=list("12345"))


def _spec(kind: str, name: str, entry: dict[str, Any]) -> str:
    """Return a need spec that shows a method; others that it needs stand beside it."""
    above = name in ("above", "count")
    bounded = {"geometric", "harmonic", "product", "mazziotta_pareto"}
    scale = (
        name if kind == "normalise" else "above" if above else "none" if kind == "transform" or name in bounded else "z"
    )
    together = name if kind == "aggregate" else "count" if above else "arithmetic"
    treated = f', transform = "{name}"' if kind == "transform" else ""
    indicators = ", ".join(
        "{ " + ", ".join(f"{key} = {_toml(value)}" for key, value in one.items()) + treated + " }"
        for one in entry.get("indicators", [{"id": "a"}, {"id": "b"}])
    )
    return f"""id = "example"
source = "example"
min_population = 0

[[axes]]
id = "need"
normalise = {{ method = "{scale}" }}
aggregate = "{together}"
indicators = [{indicators}]
classes = [{{ id = "all", label_de = "alle", label_en = "all" }}]
"""


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def scored(spec: str) -> pd.Series:
    """Return the scores of the five areas under a spec."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # five areas are few, and the page says so
        need = qa.need_index(FIVE, qa.NeedSpec.from_dict(tomllib.loads(spec)), units={"a": "percent", "b": "percent"})
    return need.scores["need"]


def _scored(spec: str) -> str:
    rows = [
        [key, f"{FIVE.loc[key, 'a']:g}", f"{FIVE.loc[key, 'b']:g}", f"{score:.4g}"]
        for key, score in scored(spec).items()
    ]
    return _table(("area", "a", "b", "score"), rows)


# --- rules


def _word(name: str) -> str:
    """Return the page of a word of the rule language."""
    docstring = inspect.getdoc(getattr(qa, name))
    lead = docstring.split("\n\n")[0].replace("\n", " ").replace("``", "`")
    written, formula = RULES[name]
    sources = re.findall(r"\.\. \[\d\] (.*(?:\n   .*)*)", docstring)
    facts = {
        "Holds where": set_formula(formula),
        "As text": f"`{formula}`",
        "Source": " ".join(" ".join(sources).split()) or "the rule language of this library",
    }
    parts = ["## Example", _code(CALLS.get(name, f"rule = qa.{written}")), "The same as text, in a project file:"]
    parts += [_code(f"rule = {written!r}", "toml"), "And in a rule file:"]
    parts += [_code(qa.RuleSpec(id="example", rule=qa.parse_rule(written)).to_toml(), "toml")]
    parts += [f"All options: {{py:func}}`quartiersatlas.{name}`; all words together: [Rules](../../rules.md)."]
    return _page(name, lead, facts, *parts)


def _official(name: str) -> str:
    spec = qa.RuleSpec.preset(name)
    proof = spec.verified if spec.is_verified else "compared with no official list"
    facts = {"In German": spec.title_de, "Source": spec.source, "Verified": proof, "Fingerprint": f"`{spec.hash}`"}
    parts = [spec.note_en] if spec.note_en else []
    parts += ["## Rule", spec.sentence.replace("_", "\\_"), _code(spec.to_toml(), "toml"), "## Example"]
    parts += [_code(f'spec = qa.RuleSpec.preset("{name}")\nshortlist = qa.screen(data, spec)')]
    return _page(name, f"{spec.title_en}.", facts, *parts)


# --- files


def _symbols(name: str) -> str:
    profile = PROFILES[name]
    rows = [
        [f"`{mark}`" if mark else "(empty)", "instead of a number", status] for mark, status in profile.instead.items()
    ]
    rows += [[f"`{mark}`", "beside a number", status] for mark, status in profile.beside.items()]
    facts = {"Source": SYMBOL_SOURCES[name], "A printed 0": profile.zero}
    mark = next(mark for mark, status in profile.instead.items() if mark and status == "suppressed")
    source = f"""
import pandas as pd
import quartiersatlas as qa

frame = pd.DataFrame({{"key": ["01", "02"], "residents": ["1250", "{mark}"]}})
qa.read_table(frame, key="key", symbols="{name}").status
"""
    lead = f"Symbols of tables: {SYMBOL_SOURCES[name]}."
    return _page(
        name, lead, facts, "## Meaning", _table(("symbol", "stands", "status"), rows), "## Example", shown(source)
    )


def _keys(name: str) -> str:
    system = systems()[name]
    levels = [
        [f"`{one.id}`", one.label_en, one.label_de, str(one.length or "whole"), f"`{one.pattern}`"]
        for one in system.levels
    ]
    facts = {"In German": system.label_de, "Source": system.source, "Remark": system.remark}
    parts = [
        "## Levels",
        "A higher level is the first characters of the key.",
        _table(("level", "", "German", "characters", "pattern"), levels),
    ]
    if system.vintages:
        known = [
            [one.id, ", ".join(f"{n:,} {level}" for level, n in one.areas.items()), one.source]
            for one in system.vintages
        ]
        parts += [_table(("vintage", "areas", "source"), known)]
    source = f"""
import quartiersatlas as qa

found = qa.recognise_keys({KEYS[name]!r})
found[["system", "level", "share", "vintages"]].head(1)
"""
    return _page(name, f"{system.label_en}.", facts, *parts, "## Example", shown(source))
