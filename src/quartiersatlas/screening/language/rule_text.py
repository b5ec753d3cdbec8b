"""A rule from text: as it is typed in Python, read without ever being run."""

from __future__ import annotations

import ast
import re
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import expects
from quartiersatlas.errors import ArgumentError, SpecError
from quartiersatlas.screening.language.comparisons import above, above_city, at_least, at_most, below, worse_than_city
from quartiersatlas.screening.language.conditions import hotspot, in_class, k_of, typology, worst_n, worst_share
from quartiersatlas.screening.language.nested import adjacent_to, capped
from quartiersatlas.screening.language.rules import EXAMPLES, TAKE_FEWER, Rule, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST_RULE = 40_000  # characters of the text of a rule
SHOWN_LETTERS = 200  # of a rule that cannot be read
SIGNS = {  # what other languages write -> what it is here
    r"(?i)\b(and|und)\b|&&": "&",
    r"(?i)\b(or|oder)\b|\|\|": "|",
    r"(?i)\b(not|nicht)\b|!": "~",
    r"\bany\s*\(": "| between the conditions",
    r"\ball\s*\(": "& between the conditions",
    r"\b\d+\s+(of|von)\b": "k_of(2, a, b, c)",
    r"k_of\(\s*\d+\s*,\s*\[": "k_of(2, a, b, c), without brackets inside,",
}
WORDS: dict[str, Callable[..., Rule]] = {
    "above": above,
    "at_least": at_least,
    "below": below,
    "at_most": at_most,
    "above_city": above_city,
    "worse_than_city": worse_than_city,
    "worst_share": worst_share,
    "worst_n": worst_n,
    "in_class": in_class,
    "typology": typology,
    "hotspot": hotspot,
    "capped": capped,
    "adjacent_to": adjacent_to,
}


def parse_rule(text: str) -> Rule:
    """Read a rule such as ``above_city("sgb2_rate") & worst_share("need", 0.2)``.

    Parameters
    ----------
    text : str
        The rule as it is written in Python, and as ``str(rule)`` gives it. It is never run as code. Numbers are the
        decimals that are written.

    Returns
    -------
    Rule
        The rule.

    Raises
    ------
    SpecError
        The text is not made of the known conditions, constants, ``&``, ``|``, ``~``, ``k_of`` and brackets, or there
        are more than 200 conditions or 20 brackets in each other.
    ArgumentError
        It is not text.

    Examples
    --------
    >>> parse_rule('above_city("sgb2_rate") | worst_share("need", 0.1)')
    above_city("sgb2_rate") | worst_share("need", 0.1)
    """
    return read_rule(text, {}, "parse_rule")


def read_rule(text: str, named: Mapping[str, Rule], call: str) -> Rule:
    """Read a rule in which conditions may stand by name, as in a rule file.

    Raises
    ------
    SpecError, ArgumentError
        As :func:`parse_rule`; a name is none of the conditions.
    """
    expects(text, str, call, f"parse_rule('{EXAMPLES['worst_share']}')")
    shown = text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}..."
    if len(text) > LONGEST_RULE:
        raise SpecError(f"The rule {shown!r} cannot be read: it has {len(text):,} characters. {TAKE_FEWER}")
    source = re.sub(r"\s*\n\s*", " ", text.strip())  # a long rule takes several lines
    try:
        return _Reader(source, named).rule(ast.parse(source, mode="eval").body)
    except ArgumentError as error:
        raise SpecError(f"The rule {shown!r} cannot be read: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise SpecError(f"The rule {shown!r} cannot be read: it is nested too deep. {TAKE_FEWER}") from error
    except (SyntaxError, ValueError, TypeError, InvalidOperation) as error:
        words = "It takes names of conditions" if named else f"Conditions are {', '.join(WORDS)}"
        example = (
            "low_income & (minority | ~rich)" if named else f"{EXAMPLES['above_city']} & {EXAMPLES['worst_share']}"
        )
        raise SpecError(
            f"The rule {shown!r} cannot be read{_why(error, source)}. {words}, combined with &, |, ~ and k_of(k, ...), "
            f"such as {example}."
        ) from error


def _why(error: Exception, source: str) -> str:
    """Return what is wrong with a text, as far as it can be told: a word with the nearest one, an option, a place."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", source)  # without what stands in quotation marks
    signs = [(found[0], sign) for pattern, sign in SIGNS.items() if (found := re.search(pattern, bare))]
    if signs:
        return f": {signs[0][0].strip()!r} is {signs[0][1]} here"
    if isinstance(error, SyntaxError) and error.offset:
        return f": it is no expression from character {error.offset} on"
    if compared := re.search(r"[<>]=?", bare):
        return f': {compared[0]!r} is written above("name", 10) or below("name", 10) here'
    if isinstance(error, TypeError):
        if comma := re.search(r"(?<![\w.])\d+,\d+(?![\w.])", bare):
            return f": {comma[0]!r} is {comma[0].replace(',', '.')} here"
        return f": {str(error).split(') ')[-1].replace('()', '')}"
    return _odd_word(source, bare)


def _odd_word(source: str, bare: str) -> str:
    """Return which word is no condition, or stands without quotation marks."""
    for word in re.findall(r"([A-Za-z_]\w*)\s*\(", source):
        if word not in WORDS and word != "k_of":
            close = get_close_matches(word, [*WORDS, "k_of"], n=1)
            return f": {word!r} is no condition" + (f" (did you mean {close[0]!r}?)" if close else "")
    for word in re.findall(r"\b([A-Za-z_]\w*)\b(?!\s*[(=])", bare):
        if word not in ("True", "False", "None"):
            return f": {word!r} stands without quotation marks"
    return ""


class _Reader:
    """Builds a rule from the tree of its text."""

    def __init__(self, source: str, named: Mapping[str, Rule]) -> None:
        self.source = source
        self.named = named

    def rule(self, node: ast.expr) -> Rule:
        match node:
            case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
                return joined(2, (self.rule(left), self.rule(right)))
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return joined(1, (self.rule(left), self.rule(right)))
            case ast.UnaryOp(op=ast.Invert(), operand=part):
                return ~self.rule(part)
            case ast.Call(func=ast.Name(id="k_of"), args=[k, *parts], keywords=[]):
                return k_of(self.constant(k), *map(self.rule, parts))
            case ast.Call(func=ast.Name(id=word), args=args, keywords=keywords) if word in WORDS and not self.named:
                options = {str(one.arg): self.argument(one.value) for one in keywords}
                return WORDS[word](*map(self.argument, args), **options)
            case ast.Name(id=name) if self.named:
                return self.condition(name)
        raise ValueError(ast.dump(node))

    def condition(self, name: str) -> Rule:
        if name not in self.named:
            close = get_close_matches(name, self.named, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise SpecError(f"select: {name!r} is no condition.{hint} There are: {', '.join(self.named)}.")
        return self.named[name]

    def argument(self, node: ast.expr) -> Any:  # noqa: ANN401 - a constant, or a rule inside a condition
        match node:
            case ast.Call() | ast.BinOp() | ast.UnaryOp(op=ast.Invert()):
                return self.rule(node)
        return self.constant(node)

    def constant(self, node: ast.expr) -> Any:  # noqa: ANN401 - text, number, True, None or a list of them
        match node:
            case ast.Constant(value=bool() | str() | None as value):
                return value
            case ast.Constant(value=int() as value):
                return value
            case ast.Constant(value=float()):
                return Decimal(str(ast.get_source_segment(self.source, node)).replace("_", ""))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float()) as inner):
                return -self.constant(inner)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return [self.constant(part) for part in parts]
        raise ValueError(ast.dump(node))
