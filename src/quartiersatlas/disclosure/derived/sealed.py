"""Fields of what leaves, that nobody can write into."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Generic, Self, TypeVar, cast, overload

import pandas as pd
from pandas.api.types import is_object_dtype

from quartiersatlas.catalogue import Message

Content = TypeVar("Content")


class Sealed(Generic[Content]):
    """A field that nobody can write into: what comes in is copied, and so is what is given out."""

    def __init__(self, *, optional: bool = False) -> None:
        self.optional = optional

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...

    @overload
    def __get__(self, record: object, owner: type) -> Content: ...

    def __get__(self, record: object | None, owner: type) -> Any:
        if record is not None:
            return copied(record.__dict__[self.name])
        if self.optional:
            return None  # what dataclass takes as the default
        raise AttributeError(self.name)

    def __set__(self, record: object, content: Content) -> None:
        record.__dict__[self.name] = copied(content)


def copied(content: Content) -> Content:
    """Return a copy of a frame, of a mapping or of messages that shares nothing that could be written into."""
    match content:
        case pd.DataFrame():
            objects = content.columns[[is_object_dtype(kind) for kind in content.dtypes]]
            nested = {name: content[name].map(copied) for name in objects if _holds_tuples(content[name])}
            return cast("Content", content.copy().assign(**nested) if nested else content.copy())
        case pd.Series():
            return cast("Content", content.copy())  # a shallow one shares what .array gives, whatever copies on write
        case dict():
            return cast("Content", dict(content))
        case tuple():
            return cast("Content", tuple(map(copied, content)))
        case Message():
            return cast("Content", replace(content, values=dict(content.values)))
    return content


def _holds_tuples(column: pd.Series) -> bool:
    """Return True for a column of messages, such as the notes of segregation indices."""
    return any(isinstance(cell, tuple) for cell in column.iloc[:1])
