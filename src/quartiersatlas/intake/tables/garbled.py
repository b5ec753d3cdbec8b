"""Words that look right or could be right and are not: letters in two parts, invisible ones, letters encoded twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.base.letters import same_cell, same_text, what_differs
from quartiersatlas.errors import InputError, list_some
from quartiersatlas.intake.tables.encodings import BESIDE, GERMAN, LETTERS, has_fault
from quartiersatlas.intake.tables.values.cells import TextCells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.intake.tables.values.cells import Cells

WRONGLY_READ = ("cp1252", "cp850", "mac_roman", "cp437")  # as what UTF-8 was taken before it was encoded once more
LEADS = re.compile("[ÂÃÄÅâ┬├─┼ÔΓ¬√ƒ≈‚]")  # what the first byte of a letter of UTF-8 is taken for
DEPTH = 3  # how often that may have happened


def _as_bytes(text: str, encoding: str) -> bytes | None:
    """Return the bytes of which a text was wrongly read; a byte that Windows leaves open is a control character."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        if encoding != WRONGLY_READ[0]:
            return None
    try:
        return b"".join(bytes([ord(c)]) if "\x80" <= c <= "\x9f" else c.encode(encoding) for c in text)
    except UnicodeEncodeError:
        return None


def _misread(letter: str, encoding: str) -> str:
    lead, after = letter.encode("utf-8")
    return "".join(bytes([b]).decode(encoding, "ignore") or chr(b) for b in (lead, after))


TWO_LETTERS = {_misread(letter, encoding) for letter in "äöüßÄÖÜ" for encoding in WRONGLY_READ}
TWO_LETTERS |= {letter.encode("utf-8").decode("latin-1") for letter in "äöüßÄÖÜ"}


def is_twice_encoded(text: str) -> bool:
    """Return True if a text has an umlaut of which UTF-8 was read as two letters, such as ``Ã¶``."""
    return not text.isascii() and any(pair in text for pair in TWO_LETTERS)


def once_encoded(text: str) -> str | None:
    """Return a text whose letters were encoded twice as it was meant; None where it is none or cannot be put right.

    Examples
    --------
    >>> once_encoded("K\u00c3\u00b6ln"), once_encoded("S\u00c3O PAULO"), once_encoded("K\u00c3\u00b6ln, H\u00f6he")
    ('Köln', None, None)
    """
    if text.isascii() or not LEADS.search(text) or not (is_twice_encoded(text) or any(map(has_fault, text.split()))):
        return None
    for encoding in WRONGLY_READ:
        found = text
        for _ in range(DEPTH):
            raw = _as_bytes(found, encoding)
            try:
                found = raw.decode("utf-8") if raw is not None else ""
            except UnicodeDecodeError:
                break
            if found and not found.isascii() and all(map(_is_usual, found)) and not is_twice_encoded(found):
                return found
            if not is_twice_encoded(found):
                break
    return None


def _is_usual(char: str) -> bool:
    return char.isascii() or char in BESIDE or (char.isalpha() and char.lower() in LETTERS | GERMAN)


def mended(name: str, cells: Cells, rows: NDArray[np.object_], source: str) -> tuple[Cells, list[str]]:
    """Return a column with its letters as they are meant, and a note where there was something to mend.

    Raises
    ------
    InputError
        Letters were encoded twice in some cells, and not all of them can be put right.
    """
    texts = cells.unparsed.texts
    if all(map(str.isascii, texts)):
        return cells, []
    new, notes = mended_texts(texts, f"column {name!r}", source, lambda at: _line_of(cells, rows, at), same_cell)
    if not notes:
        return cells, []
    whole = cells.texts().copy()
    whole[cells.unparsed.where] = np.array([*new, ""], dtype=object)[cells.unparsed.codes]
    return TextCells(whole), notes


def _line_of(cells: Cells, rows: NDArray[np.object_], at: int) -> object:
    return rows[cells.unparsed.where[int(np.flatnonzero(cells.unparsed.codes == at)[0])]]


def mended_texts(
    texts: Sequence[str],
    what: str,
    source: str,
    line: Callable[[int], object] | None = None,
    form: Callable[[str], str] = same_text,
) -> tuple[list[str], list[str]]:
    """Return texts with their letters as they are meant, and what was done to them; ``line`` tells where one is."""
    together = "\n".join(texts)  # one look at all of them: most files need no look at each
    in_form = together.isascii() or (not LEADS.search(together) and form(together) == together)
    if in_form and (form is same_cell or not _has_blank_ends(texts)):
        return list(texts), []
    new, broken, repaired, changed = list(texts), list[int](), list[int](), list[int]()
    for at, text in enumerate(texts):
        if text.isascii():
            continue
        meant = once_encoded(text)
        if meant is not None:
            repaired.append(at)
        elif is_twice_encoded(text):
            broken.append(at)
        new[at] = form(text if meant is None else meant)
        if meant is None and new[at] != text and new[at] != text.strip():
            changed.append(at)
    if broken:
        where = f" in line {line(broken[0])}" if line else ""
        raise InputError(
            f"{source}: {what} has {count_noun(len(broken), 'text')} with letters that were encoded twice, and with "
            f"others that were not, such as {texts[broken[0]]!r}{where}: they cannot be put right together. "
            f"Correct the file, or save it again as UTF-8 from where it comes."
        )
    return new, [*_repair_note(texts, new, repaired, what), *_form_note(texts, new, changed, what)]


def _has_blank_ends(texts: Sequence[str]) -> bool:
    return list(texts) != list(map(str.strip, texts))


def _repair_note(texts: Sequence[str], new: Sequence[str], at: Sequence[int], what: str) -> Iterable[str]:
    if at:
        pairs = [f"{texts[i]} is {new[i]}" for i in at]
        were = count_noun(
            len(at), "text whose letters were encoded twice was", "texts whose letters were encoded twice were"
        )
        yield f"{what}: {were} put right: {list_some(pairs, 3)}"


def _form_note(texts: Sequence[str], new: Sequence[str], at: Sequence[int], what: str) -> Iterable[str]:
    if at:
        why = " and ".join(dict.fromkeys(what_differs(texts[i], new[i]) for i in at[:100]))
        texts_with = count_noun(len(at), f"text with {why}", f"texts with {why}")
        yield f"{what}: {texts_with} put into Unicode's usual form (NFC), such as {new[at[0]]!r}"
