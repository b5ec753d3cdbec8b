"""Write a page per preset of the need index from the presets; with --check, only tell whether they are up to date."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import quartiersatlas as qa
from quartiersatlas.need.spec.records import NeedGroup, NeedIndicator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quartiersatlas.need import NeedAxis

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "presets"
BREAKS = {
    "fixed": "limits of the score",
    "sd": "limits in standard deviations from the mean of the scores",
    "quantile": "quantiles of the areas",
    "rank_share": "ranks as shares of the areas",
}
CLOSED = {
    "lower": "; an area on a limit is in the class of more need",
    "upper": "; an area on a limit is in the class of less need",
    "": "",
}
UNKNOWN = "–"


def pages() -> dict[str, str]:
    """Return all pages: file name -> text."""
    specs = [qa.NeedSpec.preset(name) for name in qa.NeedSpec.presets()]
    return {"index.md": overview(specs)} | {f"{spec.id}.md": page(spec) for spec in specs}


def overview(specs: list[qa.NeedSpec]) -> str:
    """Return the list of the presets."""
    lines = [
        "# Presets of the need index",
        "",
        "Written by `scripts/write_preset_docs.py` from the presets.",
        "",
        "| preset | source | proved |",
        "| --- | --- | --- |",
        *(f"| [`{spec.id}`]({spec.id}.md) | {spec.source} | {spec.verified or 'no'} |" for spec in specs),
    ]
    return "\n".join(lines) + "\n"


def page(spec: qa.NeedSpec) -> str:
    """Return the page of one preset."""
    proof = f"Proved: {spec.verified}." if spec.verified else f"Not proved: {spec.unverified}."
    lines = [f"# `{spec.id}`", "", _wrapped(f"Source: {spec.source}."), "", _wrapped(proof), ""]
    if spec.min_population:
        where = "at both dates of a change" if spec.min_population_in == "every" else "at the latest date"
        lines += [f"Areas below {spec.min_population:g} residents {where} are not scored.", ""]
    for axis in spec.axes:
        lines += _axis(axis)
    return "\n".join([*lines, *_columns(spec), *_weights(spec)]) + "\n"


def _axis(axis: NeedAxis) -> list[str]:
    """Return the table of the indicators of an axis, how they become a score, and its classes."""
    lines = [
        f"## {axis.label('en')} (`{axis.id}`)",
        "",
        "| id | meaning | weight | more need | published column |",
        "| --- | --- | ---: | --- | --- |",
    ]
    catalogue = qa.Catalogue.builtin()
    for group, leaf in _leaves(axis):
        known = catalogue.get(leaf.id.removesuffix("_change")).label("en")
        change = "change of " if leaf.id.endswith("_change") else ""
        meaning = leaf.label_en or f"{change}{known}"
        side = "higher" if leaf.direction > 0 else "lower"
        inside = "" if group is axis else f" (`{group.id}`)"
        published = leaf.published or UNKNOWN
        lines.append(f"| `{leaf.id}` | {meaning}{inside} | {leaf.weight:g} | {side} | {published} |")
    steps = f"Scale: {axis.normalise}; aggregation: {axis.aggregate}; score: {axis.standardise}."
    limits = ", ".join(f"{c.label('en')} up to {c.upper:g}" for c in axis.classes if c.upper is not None)
    classes = f"Classes by {BREAKS[axis.breaks.method]}: {limits}; {axis.classes[-1].label('en')} beyond"
    return [*lines, "", _wrapped(steps), "", _wrapped(f"{classes}{CLOSED[axis.breaks.closed]}."), ""]


def _leaves(group: NeedGroup) -> Iterator[tuple[NeedGroup, NeedIndicator]]:
    for member in group.members:
        if isinstance(member, NeedIndicator):
            yield group, member
        else:
            yield from _leaves(member)


def _columns(spec: qa.NeedSpec) -> list[str]:
    if not spec.published_columns:
        text = "The names of the published columns are not part of this preset: rename the columns to the ids above."
        return ["## Columns", "", text, ""]
    return [
        "## Columns",
        "",
        "```python",
        f'spec = qa.NeedSpec.preset("{spec.id}")',
        "table = table.rename(columns=spec.published_columns)",
        "```",
        "",
    ]


def _weights(spec: qa.NeedSpec) -> list[str]:
    first = spec.axes[0].indicators[0]
    return [
        "## Another weight",
        "",
        "```python",
        f'spec = qa.NeedSpec.preset("{spec.id}").with_weights({{"{first.id}": {2 * first.weight:g}}})',
        "spec.source  # says what was changed; the name of the preset and its proof are gone",
        "```",
        "",
        _wrapped(
            'In a file: `spec.to_toml("need.toml")` or `spec.to_excel("need.xlsx")`, edit `weight`, read it again.'
        ),
    ]


def _wrapped(text: str) -> str:
    return fill(text, 118, break_long_words=False, break_on_hyphens=False)


def main() -> int:
    """Write or check the pages."""
    wanted = pages()
    if "--check" in sys.argv:
        there = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}
        print("docs/presets is up to date" if there == wanted else "run python scripts/write_preset_docs.py")
        return int(there != wanted)
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob("*.md"):
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
