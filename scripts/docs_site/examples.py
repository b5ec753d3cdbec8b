"""Examples of the generated pages: source that is run, shown with what it gives."""

from __future__ import annotations

import ast
import inspect
import re
import warnings

import quartiersatlas as qa

RULES = {  # every word of the rule language: as text, and when it holds in area i
    "above": ('above("child_poverty_u15", 24)', "x_i > factor limit + plus"),
    "at_least": ('at_least("residents", 1000)', "x_i >= factor limit + plus"),
    "below": ('below("employment_rate", than="city", factor=0.9)', "x_i < factor limit + plus"),
    "at_most": ('at_most("household_income", than="city", factor=0.65)', "x_i <= factor limit + plus"),
    "above_city": (
        'above_city("sgb2_rate", "child_poverty_u15")',
        "x_i / n_i > sum_j x_j / sum_j n_j, in every indicator",
    ),
    "worse_than_city": ('worse_than_city("employment_rate")', "d x_i / n_i > d sum_j x_j / sum_j n_j, d = 1 or -1"),
    "worst_share": (
        'worst_share("need", 0.2, by="gemeinde")',
        "rank_i <= share n, rounded half up, at least 1; rank 1 is most need",
    ),
    "worst_n": ('worst_n("need", 10)', "rank_i <= n; rank 1 is most need"),
    "in_class": ('in_class("status", "low", "very_low")', "class_i is one of those named"),
    "typology": (
        'in_class("status", "low") & in_class("dynamics", "negative")',
        "class_i is one of those named, in every axis",
    ),
    "hotspot": (
        'hotspot("child_poverty_u15", fdr=0.05)',
        "z of G*_i = sum_j w_ij x_j / sum_j x_j beyond the limit of Benjamini & Hochberg at fdr",
    ),
    "capped": (
        'capped(at_least("poverty", 25), order="poverty", share=0.2, by="region")',
        "sum of the residents of the areas of the rule up to i, the worst first, <= share of all residents of the unit",
    ),
    "adjacent_to": (
        'adjacent_to(at_least("poverty", 20), indicator="median_income", compare="at_most", factor=1.25)',
        "number of neighbours j that meet the rule, with x_i <= factor x_j, >= n",
    ),
    "k_of": ('k_of(2, above("a", 1), above("b", 2), above("c", 3))', "number of parts that hold >= k"),
}
CALLS = {  # where the call is not the text
    "capped": 'rule = qa.capped(qa.at_least("poverty", 25), order="poverty", share=0.2, by="region")',
    "adjacent_to": (
        'rule = qa.adjacent_to(qa.at_least("poverty", 20), indicator="median_income", compare="at_most", factor=1.25)'
    ),
    "typology": 'rule = qa.typology(status=["low"], dynamics=["negative"])',
    "k_of": 'rule = qa.k_of(2, qa.above("a", 1), qa.above("b", 2), qa.above("c", 3))',
}
KEYS = {  # keys of each system
    "lor": ["01100101", "01100102", "12601235"],
    "ags": ["05315000", "08125000", "14612000"],
    "ars": ["053150000000", "081255003000"],
    "nuts": ["DE212", "DEA23", "AT130"],
    "lsoa": ["E01000001", "W01000003"],
    "inspire_100m": ["CRS3035RES100mN3267500E4552300", "CRS3035RES100mN3267600E4552300"],
    "inspire_1km": ["CRS3035RES1000mN3267000E4552000", "CRS3035RES1000mN3268000E4552000"],
}
TOWN = """
import geopandas as gpd
import shapely
import quartiersatlas as qa

squares = [shapely.box(x, 0, x + 500, 500) for x in (0, 500, 1000, 1500)]
town = gpd.GeoDataFrame({"mh": [90, 60, 40, 10], "other": [10, 40, 60, 90], "residents": [100] * 4},
                        index=["1", "2", "3", "4"], geometry=squares, crs="EPSG:25832")
"""
OPTIONS = {"decay": ", decay=1000", "radii": ", radii=[1000]"}


def index_example(name: str, requires: str) -> str:
    """Return the example of an index: that of its function over arrays, else a table of a town of four squares."""
    function = getattr(qa.segregation, name, None)
    found = re.findall(r"^>>> (.*(?:\n\.\.\. .*)*)", inspect.getdoc(function) or "", re.MULTILINE) if function else []
    if found and not requires:
        code = [line.replace("\n... ", "\n") for line in found]
        numpy = ["import numpy as np"] if any("np." in line for line in code) else []
        return "\n".join([*numpy, f"from quartiersatlas.segregation import {name}", "", *code])
    options = OPTIONS.get(requires, "")
    call = f'result = qa.measure_segregation(town, ["mh", "other"], population="residents", indices="{name}"{options})'
    return f'{TOWN}\n{call}\nresult.table[["index", "group", "reference", "value"]]'


def shown(source: str) -> str:
    """Return source and what its last line gives, as two blocks; the source is run."""
    return f"```python\n{source.strip()}\n```\n\n```text\n{ran(source)}\n```"


def ran(source: str) -> str:
    """Return what the last line of some source gives, as text."""
    *before, last = ast.parse(source.strip()).body
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        exec(compile(ast.Module(before, []), "<example>", "exec"), names)  # noqa: S102 - our own examples
        value = eval(compile(ast.Expression(last.value), "<example>", "eval"), names)  # noqa: S307 - our own examples
    return str(value)
