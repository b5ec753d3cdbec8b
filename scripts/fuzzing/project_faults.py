"""Faults of the content of a project file: values, names, references between its parts, and what contradicts itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuzzing.faults import HOSTILE, ODD

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    ProjectFault = Callable[[dict[str, Any], random.Random], None]

RULES = (
    "",
    "x",
    "above_city",
    "above_city()",
    "above_city(sgb2_rate)",
    'above_city("sgb2_rate"',
    'above_city("sgb2_rate"))',
    'above_city("nicht_da")',
    'above_city("sgb2_rate") and worst_share("need", 0.2)',
    'above_city("sgb2_rate") & ',
    '& above_city("sgb2_rate")',
    'above_city("sgb2_rate") | ~worst_share("need", 0.2)',
    'worst_share("need", 2)',
    'worst_share("need", -1)',
    'worst_share("need", "0.2")',
    'worst_share("need", nan)',
    'worst_share("need")',
    'worst_share(0.2, "need")',
    'worst_n("sgb2_rate", 1e99)',
    'worst_n("sgb2_rate", 2.5)',
    'above("sgb2_rate", 1e400)',
    'above("Einwohner", 5)',
    'above("sgb2_rate", than="gemeinde")',
    'above("sgb2_rate", than="city", factor=-1)',
    'in_class("need", "high")',
    'in_class("status", "gibtsnicht")',
    '__import__("os").system("true")',
    '"above_city"',
    "1 & 2",
    "lambda: 0",
    "(" * 300 + ")" * 300,
    "~" * 3000 + 'above_city("sgb2_rate")',
    " & ".join(['above_city("sgb2_rate")'] * 400),
    "above_city('sgb2_rate') # Kommentar",
    'above_city("sgb2_rate")\n& worst_share("need", 0.2)',
    'above_city("sgb2_rate", k_of=0)',
    'above_city(*["sgb2_rate"])',
    'above_city(**{"a": 1})',
    'above_city(f"sgb2_rate")',
    'above_city(b"sgb2_rate")',
    'above_city("sgb2_rate").x',
    'above_city("sgb2_rate")[0]',
    'überall("sgb2_rate")',
)

NAMES = (
    *("gibt_es_nicht.csv", "", ".", "..", "/", "daten", "projekt.toml", "stadtteile.geojson", "indikatoren_2024.csv"),
    *("/dev/null", "a" * 300, "a/b/c.csv", "a\x00b", "~", "fluss.geojson", "README.md", "*.csv", "http://x.de/a.csv"),
    *HOSTILE,
)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every entry of a nested content."""
    entries = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [found for name, value in entries for found in [(*path, name), *places(value, (*path, name))]]


def holder(content: Any, path: tuple[Any, ...]) -> Any:
    """Return what holds the entry of a path."""
    for step in path[:-1]:
        content = content[step]
    return content


def odd_value(content: dict[str, Any], rng: random.Random) -> None:
    """Give an entry a value of another kind."""
    path = rng.choice(places(content))
    holder(content, path)[path[-1]] = rng.choice([*ODD, *ODD, *HOSTILE])


def another_value(content: dict[str, Any], rng: random.Random) -> None:
    """Give an entry the value that stands elsewhere in the file."""
    first, second = (rng.choice(places(content)) for _ in range(2))
    if first != second[: len(first)] and second != first[: len(second)]:
        holder(content, first)[first[-1]] = holder(content, second)[second[-1]]


def removed(content: dict[str, Any], rng: random.Random) -> None:
    """Leave an entry out."""
    path = rng.choice(places(content))
    del holder(content, path)[path[-1]]


def renamed(content: dict[str, Any], rng: random.Random) -> None:
    """Misspell a name."""
    path = rng.choice([path for path in places(content) if isinstance(path[-1], str)])
    held, name = holder(content, path), path[-1]
    other = rng.choice([name[:-1], name + "s", name.upper(), name.swapcase(), f" {name}", *HOSTILE])
    held[other] = held.pop(name)


def added(content: dict[str, Any], rng: random.Random) -> None:
    """Add a name that nobody knows, or one that is known elsewhere."""
    tables = [path for path in places(content) if isinstance(holder(content, path), dict)]
    held = holder(content, rng.choice(tables))
    name = rng.choice([*HOSTILE, *(path[-1] for path in tables)])
    held.setdefault(name, rng.choice([*ODD, *HOSTILE]))


def odd_text(content: dict[str, Any], rng: random.Random) -> None:
    """Put a hostile text in the place of a text."""
    paths = [path for path in places(content) if isinstance(holder(content, path)[path[-1]], str)]
    path = rng.choice(paths)
    held = holder(content, path)
    held[path[-1]] = rng.choice([*HOSTILE, held[path[-1]] + "x", held[path[-1]].upper(), held[path[-1]][:-1]])


def odd_file(content: dict[str, Any], rng: random.Random) -> None:
    """Name another file, a folder, or none, for an input or an output."""
    name = rng.choice(NAMES)
    part: dict[str, Any] = (
        rng.choice(
            [content["areas"], *content["tables"], *content["layers"].values(), content["outputs"], content["outputs"]]
        )
        if _is_as_it_was(content)
        else {}
    )
    if "path" in part:
        part["path"] = name
    else:
        part[rng.choice(["folder", "map", "report", "geopackage", "segregation", "manifest"])] = name
        content.setdefault("ledger", rng.choice(["", name]))


def _is_as_it_was(content: dict[str, Any]) -> bool:
    """Return True where the parts of the file are still what they were."""
    tables, layers = content.get("tables"), content.get("layers")
    held = [content.get("areas"), content.get("outputs"), layers, content.get("need"), content.get("protection")]
    inner = (
        [*tables, *(layers.values() if isinstance(layers, dict) else [None])] if isinstance(tables, list) else [None]
    )
    return all(isinstance(part, dict) for part in [*held, *inner])


def odd_rule(content: dict[str, Any], rng: random.Random) -> None:
    """Write a rule that is none, or asks for what is not there."""
    content["shortlist"] = {"rule": rng.choice(RULES)}


def odd_option(content: dict[str, Any], rng: random.Random) -> None:
    """Ask for what the files cannot give: other keys, units, kinds, periods, systems, classes, references."""
    if not _is_as_it_was(content) or not content["tables"]:
        return
    areas, table, need = content["areas"], content["tables"][0], content["need"]
    numbers = [0, -1, 1, 1e300, 0.5, 10**20]
    options: list[tuple[dict[str, Any], str, Any]] = [
        (areas, "crs", rng.choice(["EPSG:4326", "EPSG:1", "Unsinn", "EPSG:31467"])),
        (areas, "to_crs", rng.choice(["EPSG:4326", "EPSG:25833", "", "x"])),
        (areas, "layer", "x"),
        (areas, "snap", rng.choice(numbers)),
        (areas, "exclude", rng.choice([["0101"], ["9999"], []])),
        (areas, "merge", rng.choice([{"0101": ["0101"]}, {"x": []}, {"a": ["0101", "9999"]}, {"0403": ["0402"]}])),
        (areas, "parents", rng.choice([{"bezirk": "x"}, {"name": "NAME"}, {"key": "NAME"}, {"Einwohner": "NAME"}])),
        (table, "columns", rng.choice([["Einwohner"], {"x": "Einwohner"}, [], {}, {"a": "a"}])),
        (table, "text", rng.choice([["Einwohner"], ["x"], []])),
        (table, "symbols", rng.choice(["x", {"k.A.": "missing"}, {".": "Unsinn"}, {"": "missing"}])),
        (table, "encoding", rng.choice(["utf-8", "x", "cp1252", "utf-16", "rot13", "hex", "idna"])),
        (table, "delimiter", rng.choice([",", "", ";;", "\n", '"', "x"])),
        (table, "decimal", rng.choice([".", "x", ","])),
        (table, "header_rows", rng.choice([*numbers[:3], 500])),
        (table, "filters", rng.choice([{"Bezirk": "01"}, {"x": 1}, {"Bezirk": []}, {"Bezirk": [{}]}])),
        (table, "key_pattern", rng.choice(["(", 4, "[0-9]{4}", "(a+)+$", -1, ""])),
        (table, "pivot", rng.choice([["Name", "Einwohner"], ["x", "y"], ["Name"], [1, 2], [["Name"], "Einwohner"]])),
        (table, "years", rng.choice([2024, "long", "x", -1])),
        (table, "missing", rng.choice(["report", "x"])),
        (table, "repair", rng.choice(["zero_pad", "x", ["zero_pad", "zero_pad"], "last:2", "last:x"])),
        (table, "rename", rng.choice([{"0101": "0102"}, {"9": "0101"}, {"": ""}])),
        (table, "units", rng.choice([{"Einwohner": "percent"}, {"x": "EUR"}, {"Wohnfläche_je_EW": "m²"}])),
        (
            table,
            "kinds",
            rng.choice([{"Einwohner": "count"}, {"Einwohner": "x"}, {"x": "mean"}, {"Einwohner": "mean"}]),
        ),
        (table, "period", rng.choice(["2022", "2025", ""])),
        (content, "population", rng.choice(["x", "Ausländer", "Wohnfläche_je_EW", "Name"])),
        (content, "period", rng.choice(["2022", "2030", ""])),
        (content, "as_of", rng.choice(["morgen", "2024", "31.02.2024", ""])),
        (content, "audience", rng.choice(["internal", "x"])),
        (content, "lang", rng.choice(["en", "fr", "EN"])),
        (content, "ledger", rng.choice(["buch.json", "projekt.toml", ".", "daten/buch.json"])),
        (content, "counts", rng.choice([{"x": ["sgb2_rate", "Einwohner"]}, {"Einwohner": ["a", "b"]}])),
        (content, "references", {"sgb2_rate": rng.choice([{"value": 12.5}, {"value": 1e99, "source": "x"}, {}])}),
        (content, "references", {rng.choice(["x", "mh_share"]): {"value": 12.5, "source": "Amt", "as_of": "2024"}}),
        (content, "stability", {"runs": rng.choice([0, -1, 1, 3]), "seed": rng.choice([-1, 0, 2**70])}),
        (content, "candidates", {"min_population": rng.choice(numbers)}),
        (content, "notes", {rng.choice(["0101", "9999", ""]): rng.choice(HOSTILE)}),
        (
            content,
            "change",
            {"since": rng.choice(["2022", "2024"]), "indicators": rng.choice([[], ["x"], ["mh_share"]])},
        ),
        (content, "need", rng.choice([{"preset": "x"}, {"preset": "berlin-mss-2019"}, {"file": "x.toml"}, {}])),
        (content, "need", {"file": rng.choice(["projekt.toml", "stadtteile.geojson", "."])}),
        (need, "exclude", rng.choice([{"0101": "Grund"}, {"9999": "x"}, {"0101": ""}])),
        (need, "min_population", rng.choice(numbers)),
        *((content["protection"], name, rng.choice(numbers)) for name in ("min_count", "min_population", "round_base")),
        *((content["protection"], name, rng.choice(numbers)) for name in ("decimals", "min_denominator")),
    ]
    held, name, value = rng.choice(options)
    held[name] = value


def odd_indicator(content: dict[str, Any], rng: random.Random) -> None:
    """Name columns that are not there, that are no counts, or give an indicator a meaning that contradicts itself."""
    indicators = content.get("indicators")
    if not isinstance(indicators, dict):
        return
    pair = {"numerator": "Arbeitslose", "denominator": "Einwohner"}
    indicators[rng.choice([*indicators, "neu", "Einwohner", *HOSTILE])] = rng.choice(
        [
            ["x", "Einwohner"],
            ["Name", "Einwohner"],
            ["Einwohner", "Arbeitslose"],
            ["Einwohner", "Einwohner"],
            ["Wohnfläche_je_EW", "Einwohner"],
            ["Einwohner"],
            [1, 2],
            pair | {"unit": "x"},
            pair | {"unit": "fraction", "kind": "count"},
            pair | {"kind": "median"},
            pair | {"direction": 7},
            pair | {"label_de": "", "label_en": ""},
            pair | {"label_de": rng.choice(HOSTILE), "label_en": "x", "domain": "x"},
            pair | {"per": 0},
            {"numerator": "Arbeitslose"},
            {"label_de": "a", "label_en": "b"},
            {},
        ]
    )


CONTENT_FAULTS: tuple[ProjectFault, ...] = (
    *(odd_value, odd_value, odd_value, another_value, removed, renamed, added, odd_text, odd_text),
    *(odd_file, odd_file, odd_rule, odd_option, odd_option, odd_option, odd_option, odd_indicator),
)
