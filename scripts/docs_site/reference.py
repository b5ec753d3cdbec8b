"""The reference: every public name from its docstring, by the room it lives in."""

from __future__ import annotations

from types import ModuleType

import quartiersatlas as qa

ROOMS = {  # in the order in which data walks through them, with the question each answers
    "intake": ("Reading and joining", "Is the file what it says?"),
    "catalogue": ("The catalogue", "What does a number mean?"),
    "space": ("Space", "Who is near whom, what is in reach?"),
    "indicators": ("Indicators", "What is the rate here, and in the city?"),
    "segregation": ("Segregation", "How unevenly do groups live?"),
    "need": ("Need", "How much need?"),
    "screening": ("Screening", "Which areas?"),
    "monitoring": ("Monitoring", "What changed, and what is done about it?"),
    "disclosure": ("Release", "What may leave?"),
    "present": ("Map, report, files", "How is it shown?"),
    "charts": ("Charts", "What is a picture, whatever it shows?"),
    "nation": ("All municipalities", "Every municipality, on any executor."),
    "project": ("Projects", "One file in, the whole run out."),
}


def pages() -> dict[str, str]:
    """Return the pages of the reference: file name -> text."""
    written = {"reference/index.rst": _overview(), "reference/segregation_functions.rst": _array_functions()}
    for room, names in by_room().items():
        written[f"reference/{room}.rst"] = _room(room, names)
    return written


def by_room() -> dict[str, list[str]]:
    """Return the public names of each room, functions before classes; modules and the version stand apart."""
    found: dict[str, list[str]] = {room: [] for room in ROOMS}
    for name in qa.__all__:
        value = getattr(qa, name)
        if not isinstance(value, ModuleType | str):
            found[value.__module__.split(".")[1]].append(name)
    return {room: sorted(names, key=lambda name: (name[0].isupper(), name)) for room, names in found.items()}


def described() -> list[str]:
    """Return the full names that the reference has to describe."""
    public = [f"quartiersatlas.{name}" for names in by_room().values() for name in names]
    return public + [f"quartiersatlas.segregation.{name}" for name in array_functions()]


def array_functions() -> list[str]:
    """Return the functions over plain arrays, which live in the public module alone."""
    return [name for name in qa.segregation.__all__ if name not in qa.__all__]


def _heading(text: str, line: str = "=") -> list[str]:
    return [text, line * len(text), ""]


def _overview() -> str:
    lines = [
        *_heading("Reference"),
        "Every public name of ``import quartiersatlas as qa`` (version ``qa.__version__``), from its docstring.",
        "",
        ".. toctree::",
        "   :maxdepth: 1",
        "",
        *(f"   {room}" for room in ROOMS),
        "   segregation_functions",
        "",
    ]
    return "\n".join(lines)


def _room(room: str, names: list[str]) -> str:
    title, question = ROOMS[room]
    lines = [*_heading(title), f"*{question}*", "", ".. currentmodule:: quartiersatlas", ""]
    for name in names:
        lines += [*_heading(name, "-"), *_entry(name, getattr(qa, name))]
    return "\n".join(lines)


def _entry(name: str, value: object) -> list[str]:
    if isinstance(value, type):
        return [f".. autoclass:: {name}", "   :members:", "   :show-inheritance:", ""]
    return [f".. autofunction:: {name}", ""]


def _array_functions() -> str:
    lines = [
        *_heading("Segregation over plain arrays"),
        "The formulas of ``qa.segregation``: arrays in, numbers out.",
        "",
        ".. currentmodule:: quartiersatlas.segregation",
        "",
    ]
    for name in array_functions():
        lines += [*_heading(name, "-"), *_entry(name, getattr(qa.segregation, name))]
    return "\n".join(lines)
