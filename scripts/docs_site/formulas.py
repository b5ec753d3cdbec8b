"""Formulas set as MathML, from the text that stands in the registry: no script, no font, nothing to fetch.

A slash without blanks binds its two neighbours (`x_i/X`), one with blanks everything before it (`sum_i x_i / n`).
What is no formula, such as the words that explain a sign, stays text.
"""

from __future__ import annotations

import re
from html import escape

GREEK = {"delta": "δ", "eta": "η", "pi": "π", "sigma": "σ", "theta": "θ", "Lambda": "Λ"}
LARGE = {"sum": "∑", "prod": "∏", "integral": "∫"}
CALLED = {"log", "log2", "ln", "exp", "tanh", "max", "min", "mean"}
NAMES = {
    *("IS", "xPx", "xPy", "xP~x", "xP~y", "ACO", "RCO", "ACE", "RCE", "SP", "ACL", "RCL", "DPxx", "DPxy", "SPP", "KL"),
    *("adj", "rank", "low", "high", "shift", "limit", "ddof", "factor", "plus", "share"),
    *("decay", "bc", "dc"),
}
RELATIONS = {"=": "=", ":=": "≔", ">": "&gt;", "<": "&lt;", ">=": "≥", "<=": "≤"}
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z]+2?~?[A-Za-z]*\*?)|(?P<sign>:=|>=|<=|[-+=<>/()\[\]|_^,]))"
)
PARTING = re.compile(r"[,;:] +| with (?=\w = )")
SIGNS = re.compile(r"[_=<>^|]")  # what is half words, half formula is shown as it is written
CLOSED = {"(": ")", "[": "]", "|": "|"}


class NotAFormulaError(ValueError):
    """A text has words, or signs that are not known."""


def set_formula(text: str) -> str:
    """Return a text with its formulas as MathML, as it can stand in Markdown.

    Examples
    --------
    >>> set_formula("E = 1/2, words")
    "<math displaystyle='true'><mi>E</mi><mo>=</mo><mfrac><mn>1</mn><mn>2</mn></mfrac></math>, words"
    """
    return "".join(_clause(part.strip(" ")) if n % 2 == 0 else part for n, part in enumerate(_clauses(text)))


def _clauses(text: str) -> list[str]:
    """Return the parts of a text and, between them, what parts them outside of brackets."""
    found, depth, at = [""], 0, 0
    while at < len(text):
        depth += (text[at] in "([") - (text[at] in ")]")
        between = PARTING.match(text, at) if not depth else None
        if between:
            found += [re.sub(" +", " ", between[0]), ""]
            at = between.end()
        else:
            found[-1] += text[at]
            at += 1
    return found


def _clause(clause: str) -> str:
    try:
        return f"<math displaystyle='true'>{_Reader(clause).formula()}</math>"
    except NotAFormulaError:
        return f"`{clause}`" if SIGNS.search(clause) else escape(clause, quote=False)


class _Reader:
    """Reads a formula from left to right."""

    def __init__(self, text: str) -> None:
        self.signs: list[tuple[str, str, bool]] = []  # kind, sign, whether a blank stands before it
        at = 0
        text = text.rstrip().replace("sum over neighbours", "sum_neighbours").replace("integral of", "integral")
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise NotAFormulaError(text)
            kind = str(found.lastgroup)
            self.signs.append((kind, found[kind], found.start(kind) > at))
            at = found.end()
        self.at = 0

    def formula(self) -> str:
        """Return all of it."""
        made = self.relation()
        if self.at < len(self.signs):
            raise NotAFormulaError(self.next)
        return made

    @property
    def next(self) -> str:
        """The sign that comes next; empty at the end."""
        return self.signs[self.at][1] if self.at < len(self.signs) else ""

    def take(self, wanted: str = "") -> str:
        """Return the next sign and go on; refuse another than the one that is wanted."""
        sign = self.next
        if not sign or (wanted and sign != wanted):
            raise NotAFormulaError(sign)
        self.at += 1
        return sign

    def spaced(self) -> bool:
        """Return True if a blank stands before the next sign."""
        return self.signs[self.at][2]

    def relation(self) -> str:
        made = self.sum()
        while self.next in RELATIONS:
            made += f"<mo>{RELATIONS[self.take()]}</mo>{self.sum()}"
        return made

    def sum(self) -> str:
        made = ""
        if self.next == "-":
            self.take()
            made = "<mo>−</mo>"
        made += self.quotient()
        while self.next in ("+", "-"):
            made += f"<mo>{self.take().replace('-', '−')}</mo>{self.quotient()}"
        return made

    def quotient(self) -> str:
        """Return a product, or a fraction where a slash with blanks parts two products."""
        made = self.product()
        while self.next == "/" and self.spaced():
            self.take()
            made = f"<mfrac>{_row(_bare(made))}{_row(_bare(self.product()))}</mfrac>"
        return made

    def product(self) -> str:
        made = self.tight()
        while self.next and (self.signs[self.at][0] != "sign" or (self.next in "([|" and not self._closes())):
            made += f"<mspace width='0.17em'></mspace>{self.tight()}"
        return made

    def _closes(self) -> bool:
        """Return True if a stroke ends what one has opened."""
        return self.next == "|" and self.strokes % 2 == 1

    strokes = 0

    def tight(self) -> str:
        """Return one factor, or a fraction of two that stand close together."""
        made = self.power()
        while self.next == "/" and not self.spaced():
            self.take()
            made = f"<mfrac>{_row(_bare(made))}{_row(_bare(self.power()))}</mfrac>"
        return made

    def power(self) -> str:
        """Return a factor with what stands below and above it."""
        base, is_large = self.factor()
        below = above = ""
        while self.next in ("_", "^"):
            mark = self.take()
            beside = self._beside()
            below, above = (beside, above) if mark == "_" else (below, beside)
        kind = ("munder", "mover", "munderover") if is_large else ("msub", "msup", "msubsup")
        if below and above:
            return f"<{kind[2]}>{base}{_row(below)}{_row(above)}</{kind[2]}>"
        if below or above:
            one = kind[0] if below else kind[1]
            return f"<{one}>{base}{_row(below or above)}</{one}>"
        return base

    def _beside(self) -> str:
        """Return what is set below or above: one sign, letters that are indices, or what stands in brackets."""
        if self.next == "(":
            self.take()
            strokes, self.strokes = self.strokes, 0
            made = self.relation()
            self.strokes = strokes
            self.take(")")
            return f"<mrow>{made}</mrow>"
        kind, sign, _ = self.signs[self.at] if self.at < len(self.signs) else ("sign", "", False)
        if kind == "sign":
            raise NotAFormulaError(sign)
        self.take()
        if kind == "number":
            return f"<mn>{sign}</mn>"
        if sign in ("neighbours", "max", *NAMES):
            return f"<mtext>{sign}</mtext>"
        return f"<mi>{GREEK[sign]}</mi>" if sign in GREEK else "".join(f"<mi>{letter}</mi>" for letter in sign)

    def factor(self) -> tuple[str, bool]:
        """Return a number, a name, a call or what stands in brackets; and whether limits stand below and above it."""
        kind, sign, _ = self.signs[self.at] if self.at < len(self.signs) else ("sign", "", False)
        if kind == "number":
            return f"<mn>{self.take()}</mn>", False
        if kind == "sign":
            if sign not in CLOSED:
                raise NotAFormulaError(sign)
            return self.bracket(), False
        self.take()
        if sign in LARGE:
            return f"<mo>{LARGE[sign]}</mo>", sign != "integral"
        if sign == "sqrt":
            return f"<msqrt>{_bare(self.bracket())}</msqrt>", False
        if sign in CALLED:
            name = "<msub><mi>log</mi><mn>2</mn></msub>" if sign == "log2" else f"<mi>{sign}</mi>"
            return name, sign in ("max", "mean")
        return _name(sign), False

    def bracket(self) -> str:
        """Return what stands in brackets, with them."""
        opened = self.take()
        strokes, self.strokes = self.strokes, int(opened == "|")
        parts = [self.relation()]
        while self.next == ",":
            self.take()
            parts.append(self.relation())
        self.take(CLOSED[opened])
        self.strokes = strokes
        inside = "<mo>,</mo>".join(parts)
        signs = {"[": "&#91;", "]": "&#93;", "|": "&#124;"}
        first, last = (signs.get(sign, sign) for sign in (opened, CLOSED[opened]))
        return f"<mrow><mo>{first}</mo>{inside}<mo>{last}</mo></mrow>"


def _name(sign: str) -> str:
    bare = sign.replace("~", "").replace("*", "")
    if bare in GREEK:
        made = f"<mi>{GREEK[bare]}</mi>"
    elif bare in ("dq", "dp"):
        made = f"<mrow><mi>d</mi><mi>{bare[1]}</mi></mrow>"
    elif len(bare) == 1 or sign in NAMES:
        made = f"<mi>{bare}</mi>"
    else:
        raise NotAFormulaError(sign)
    if "~" in sign:
        return f"<mover accent='true'>{made}<mo>&#126;</mo></mover>"
    return f"<msup>{made}<mo>&#42;</mo></msup>" if "*" in sign else made


def _bare(made: str) -> str:
    """Return what a fraction bar or a root holds together without the round brackets around it."""
    start, end = "<mrow><mo>(</mo>", "<mo>)</mo></mrow>"
    if not (made.startswith(start) and made.endswith(end)):
        return made
    inside = made[len(start) : -len(end)]
    depth = 0
    for sign in re.findall(r"<mo>([()])</mo>", inside):
        depth += 1 if sign == "(" else -1
        if depth < 0:
            return made  # two pairs side by side
    return inside


def _row(made: str) -> str:
    """Return one element."""
    return f"<mrow>{made}</mrow>" if len(re.findall(r"</?m\w+", made)) != 2 else made  # noqa: PLR2004 - one open, one close
