"""Rules written as text in a project file: the same words as in Python, read without running anything."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from quartiersatlas.errors import SpecError
from quartiersatlas.screening.rules import Rule, above_city, in_class, worst_share

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS: dict[str, Callable[..., Rule]] = {"above_city": above_city, "in_class": in_class, "worst_share": worst_share}


def parse_rule(text: str) -> Rule:
    """Read a rule such as ``above_city("sgb2_rate") & worst_share("need", 0.2)``.

    Raises
    ------
    SpecError
        The text is not made of the known conditions, constants, ``&``, ``|`` and brackets.

    Examples
    --------
    >>> parse_rule('above_city("sgb2_rate") | worst_share("need", 0.1)')
    above_city("sgb2_rate") | worst_share("need", 0.1)
    """
    try:
        return _build(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError) as error:
        raise SpecError(
            f"The rule {text!r} cannot be read. Conditions are {', '.join(WORDS)}, combined with & and |, such as "
            f'above_city("sgb2_rate", "child_poverty_u15") & worst_share("need", 0.2).'
        ) from error


def _build(node: ast.expr) -> Rule:
    match node:
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return _build(left) & _build(right)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _build(left) | _build(right)
        case ast.Call(func=ast.Name(id=word), args=arguments, keywords=[]) if word in WORDS:
            return WORDS[word](*(ast.literal_eval(argument) for argument in arguments))
    raise ValueError(ast.dump(node))
