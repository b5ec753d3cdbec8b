"""How a text is encoded: as declared, as its bytes say, or as its words read best; two good readings are refused."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError

AROUND = 1 << 14  # bytes before and after a damaged one that are looked at
OUT_OF_STEP = re.compile("[\u0a00\u0d00]")  # line ends, their two bytes swapped: no text has these
BYTE_ORDER_MARKS = (  # that of UTF-32 begins as that of UTF-16 does
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# of the bytes of four letters, which are zero in nearly all letters of a file, and which in none
WITHOUT_MARK = {
    "utf-16-le": ((1, 3), (0, 2)),
    "utf-16-be": ((0, 2), (1, 3)),
    "utf-32-le": ((2, 3), (0,)),
    "utf-32-be": ((0, 1), (3,)),
}
MOSTLY_ZERO = 0.9
# in these, a byte below 128 is the letter of ASCII and nothing else: rows and cells can be cut before decoding
TRANSPARENT = ("utf-8", "cp1252", "iso8859-1", "ascii")
END_OF_FILE = b"\x1a"  # the last byte of a text file of DOS


@dataclass(frozen=True)
class Encoded:
    """The bytes of a text without byte order mark, the transparent encoding they are in, and the file's encoding."""

    raw: bytes
    codec: str
    encoding: str
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the text."""
        return self.raw.decode(self.codec)


def encoded(raw: bytes, encoding: str | None) -> Encoded:
    """Find the encoding: as declared, else by byte order mark, else UTF-8 where it is valid, else by the words.

    Raises
    ------
    InputError
        The bytes are not what was declared, are UTF-8 in most places and damaged in others, or give words in no
        encoding or in several.
    """
    wide = None if encoding else wide_encoding(raw)
    declared = encoding or wide or ("utf-8-sig" if raw.startswith(codecs.BOM_UTF8) else None)
    if raw.endswith(END_OF_FILE) and not (declared or "").startswith("utf"):
        raw = raw.rstrip(END_OF_FILE)
    if declared is not None:
        found = _as_declared(raw, declared)
        if wide in WITHOUT_MARK:
            found.notes.append(f"the file does not say its encoding; its zero bytes are those of {wide}: read as that")
        return found
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_damaged(raw, error)
    else:
        return Encoded(raw, "utf-8", "utf-8")
    return _by_its_words(raw)


def wide_encoding(raw: bytes) -> str | None:
    """Return the encoding of a text whose letters have two or four bytes, by its mark or its zeros; None for others.

    Examples
    --------
    >>> wide_encoding("Süd;5".encode("utf-16")), wide_encoding("Süd;5;x".encode("utf-16-be")), wide_encoding(b"5;5")
    ('utf-16', 'utf-16-be', None)
    """
    marked = next((name for mark, name in BYTE_ORDER_MARKS if raw.startswith(mark)), None)
    if marked is not None:
        return None if marked == "utf-8-sig" else marked
    head = np.frombuffer(raw[:AROUND], np.uint8)
    fours = head[: len(head) // 4 * 4].reshape(-1, 4) == 0
    if b"\0" not in raw[:AROUND] or not len(fours):
        return None
    share = fours.mean(axis=0)
    return next(
        (
            name
            for name, (zero, letter) in reversed(WITHOUT_MARK.items())  # four bytes have the zeros of two as well
            if (share[list(zero)] > MOSTLY_ZERO).all() and not share[list(letter)].any()
        ),
        None,
    )


def _as_declared(raw: bytes, encoding: str) -> Encoded:
    try:
        text = raw.decode(encoding)
        codec = codecs.lookup(encoding).name
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"The file cannot be read as {encoding!r}: line {line} has a byte that is none of its letters. "
            f"Leave encoding= out, and it is found out."
        ) from error
    except LookupError as error:
        raise InputError(
            f"The file cannot be read as {encoding!r}: there is no encoding of this name. "
            f"Leave encoding= out, and it is found out."
        ) from error
    if codec.startswith("utf-16"):
        _refuse_out_of_step(text)
    if not codec.startswith("utf"):
        _refuse_wrong_declaration(raw, encoding)
    if codec in TRANSPARENT:
        return Encoded(raw, codec, encoding)
    return Encoded(text.encode("utf-8", "surrogatepass"), "utf-8", encoding)


def _refuse_out_of_step(text: str) -> None:
    """Refuse UTF-16 that lost a byte: from there on every two halves belong to different letters, line ends too."""
    found = OUT_OF_STEP.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise InputError(
            f"The file is damaged: in line {line} a byte of its UTF-16 is missing or too many, and what follows are "
            f"other letters. Fetch it again."
        )


def _refuse_wrong_declaration(raw: bytes, encoding: str) -> None:
    """Refuse a declared encoding in which a file of UTF-8 would have two letters for each umlaut."""
    words = _words(raw)
    try:
        right = [word.decode("utf-8") for word in words if _is_whole_utf_8(raw)]
    except UnicodeDecodeError:  # a word cut in the middle of a letter
        return
    if right:
        raise InputError(
            f"The file is not in {encoding!r}, it is UTF-8: encoding='utf-8' gives {right[0]!r}, "
            f"encoding={encoding!r} gives {words[0].decode(encoding, 'replace')!r}. Pass encoding='utf-8'."
        )


def _is_whole_utf_8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _refuse_damaged(raw: bytes, error: UnicodeDecodeError) -> None:
    """Refuse UTF-8 with single damaged bytes, which would turn every umlaut of the file into two letters."""
    start = raw.rfind(b"\n", 0, max(error.start - AROUND, 0)) + 1
    end = raw.find(b"\n", error.start + AROUND)
    loose = raw[start : end if end >= 0 else len(raw)].decode("utf-8", "surrogateescape")
    damaged = sum("\udc80" <= char <= "\udcff" for char in loose)
    whole = sum(char > "\x7f" for char in loose) - damaged
    if whole >= damaged:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"Line {line} has a byte that is not UTF-8, and "
            f"{count_noun(whole, 'letter around it is', 'letters around it are')} UTF-8: the file was damaged or put "
            f"together from two encodings. Correct it, or pass encoding='cp1252' if that is what it is."
        )


# single-byte encodings of western and central Europe and of Turkey: Windows, DOS, Macintosh, Unix; the first one is the
# most frequent
CANDIDATES = (
    "cp1252",
    "cp850",
    "cp437",
    "cp858",
    "mac_roman",
    "cp1250",
    "iso8859-15",
    "iso8859-2",
    "cp852",
    "cp1254",
    "cp857",
)
USUAL = CANDIDATES[0]
ASCII_OF_WORDS = b"-'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
BEFORE, AFTER = 24, 41  # bytes of a word before its first special letter, and from there on
BLOCK = 1 << 20  # bytes that are looked at together
FIRST_HIGH = 128
OF_WORDS = np.isin(np.arange(256), list(ASCII_OF_WORDS)) | (np.arange(256) >= FIRST_HIGH)
MOST_PLACES, MOST_WORDS = 50_000, 3000  # places of a large file that are looked at, and distinct words among them

GERMAN = frozenset("äöüßẞ")
NEIGHBOURS = {  # letters beside those of German -> how unusual they are in a file of a German city
    "àâæçèéêëîïôœùû": 0.3,  # French
    "áéëïóíèê": 0.3,  # Dutch
    "æøåé": 0.3,  # Danish, Swedish
    "áéíñóú": 0.3,  # Spanish
    "ąćęłńóśźż": 0.3,  # Polish
    "áčďéěíňóřšťúůýžľĺŕô": 0.3,  # Czech, Slovak
    "čćđšž": 0.3,  # Croatian, Slovene
    "čćěłńóřšžź": 0.3,  # Sorbian
    "çğışâî": 0.3,  # Turkish
    "áâãàçéêíóôõú": 0.6,  # Portuguese
    "àèéìíîòóùú": 0.6,  # Italian
    "áéíóőúű": 0.6,  # Hungarian
    "ăâîșțşţ": 0.6,  # Romanian
    "áðéíóúýþæ": 0.6,  # Icelandic
    "àâæçèéêëîïôœùûáóíåøñãõìòúý": 1.5,  # several western ones together
    "ąćęłńóśźżáčďéěíňřšťúůýžľĺŕôđőűăâîșțşţ": 2.0,  # several eastern ones together
}
LETTERS = GERMAN.union(*NEIGHBOURS)
VOWELS = frozenset("aeiouyäöüáàâãåæéèêëěęąăíìîïıóòôõøœőúùûůűýÿ")
JOINING = frozenset("’‘´–—‑\u00a0\u00ad-'")  # between two letters
BESIDE = JOINING | frozenset("·“”„‚«»‹›…•°²³¹½¼¾±€£©®™†‡‰ªºµ")  # before or after a word, or alone
BEFORE_ONLY = frozenset("§×÷<>=≤≥¡¿")
WORDS_OF_A_LETTER = GERMAN | frozenset("àáéèíóúåæø")
LONG_CONSONANTS, LONG_VOWELS = 3, 4  # as many side by side are hard to say
FAULT = 10.0  # the cost of a file in which every word has a fault
PLAUSIBLE = 3.0  # a reading that costs less may be right
# by how much a reading has to be better than another one: than a rarer encoding, a more frequent one, the usual one
MARGIN_TO_RARER, MARGIN, MARGIN_TO_USUAL = 0.2, 0.5, 1.0


@dataclass(frozen=True)
class _Reading:
    """The words of a file in one encoding, and how improbable they are."""

    encoding: str
    words: list[str]
    cost: float


def _by_its_words(raw: bytes) -> Encoded:
    """Choose the encoding in which the words have the letters of German and its neighbours, and no odd signs inside."""
    words = _words(raw)
    present = bytes(sorted(set(raw.translate(None, bytes(range(128))))))
    usual = _reading(USUAL, words, present)
    if usual is not None and not usual.cost:  # nothing can be better
        return Encoded(raw, USUAL, USUAL)
    others = [reading for name in CANDIDATES[1:] if (reading := _reading(name, words, present)) is not None]
    readings = [usual, *others] if usual is not None else others
    readings.sort(key=lambda reading: reading.cost)  # a stable order: the usual one comes first among equals
    if not readings or readings[0].cost >= PLAUSIBLE:
        if usual is None:
            different = {tuple(reading.words): reading for reading in reversed(readings)}
            raise _unclear(words, [*reversed(different.values())][:2], "no encoding gives words without odd signs")
        return Encoded(raw, USUAL, USUAL)
    best = readings[0]
    rivals = {tuple(reading.words): reading for reading in reversed(readings[1:]) if _may_be_right(reading, best)}
    if usual is not None and best is not usual and not _is_shown(best, usual):
        rivals[tuple(usual.words)] = usual
    if rivals:
        raise _unclear(words, [best, *reversed(rivals.values())][:3], "several encodings give words")
    if best.encoding == USUAL:
        return Encoded(raw, USUAL, USUAL)
    note = f"the file does not say its encoding; it is read as {best.encoding}, which gives words such as {_best(best)}"
    return Encoded(raw.decode(best.encoding).encode("utf-8"), "utf-8", best.encoding, [note])


def fits_words(raw: bytes, encoding: str) -> bool:
    """Return True if an encoding gives words that may be right."""
    present = bytes(sorted(set(raw.translate(None, bytes(range(128))))))
    reading = _reading(encoding, _words(raw), present)
    return reading is not None and reading.cost < PLAUSIBLE


def _may_be_right(reading: _Reading, best: _Reading) -> bool:
    """Return True if another reading than the best one is nearly as good; the usual encoding needs no such proof."""
    if best.encoding == USUAL or reading.words == best.words:
        return False
    is_rarer = CANDIDATES.index(reading.encoding) > CANDIDATES.index(best.encoding)
    margin = MARGIN_TO_USUAL if reading.encoding == USUAL else MARGIN_TO_RARER if is_rarer else MARGIN
    return reading.cost - best.cost < margin


def _is_shown(best: _Reading, usual: _Reading) -> bool:
    """Return True if an encoding is not shown by a single word alone, which may be an odd one of the usual encoding."""
    different = [mine for mine, other in zip(best.words, usual.words, strict=True) if mine != other]
    has_sign_of_nothing = any("¤" in word for word in usual.words)  # where the sign of the euro stands in others
    return len(different) > 1 or has_sign_of_nothing or any(GERMAN.intersection(word.lower()) for word in different)


def _words(raw: bytes) -> list[bytes]:
    """Return distinct words that have a letter beyond ASCII, in the order of the file.

    A word is what stands around its first such letter, as far as ``BEFORE`` and ``AFTER`` reach.
    """
    letter, found, places = np.frombuffer(raw, np.uint8), dict[bytes, None](), 0
    low = 0
    while low < len(raw) and places < MOST_PLACES and len(found) < MOST_WORDS:
        end = raw.find(b"\n", low + BLOCK)
        block = letter[low : len(raw) if end < 0 else end + 1]
        high = np.flatnonzero(block >= FIRST_HIGH)
        gaps = np.concatenate([[-1], np.flatnonzero(~OF_WORDS[block]), [len(block)]]) + low
        place = np.searchsorted(gaps, high + low)
        place, first = np.unique(place, return_index=True)
        starts, at, stops = gaps[place - 1] + 1, high[first] + low, gaps[place]
        starts, stops = np.maximum(starts, at - BEFORE), np.minimum(stops, at + AFTER)
        for one, other in zip(starts.tolist(), stops.tolist(), strict=True):
            if places >= MOST_PLACES or len(found) >= MOST_WORDS:
                break
            found[raw[one:other]] = None
            places += 1
        low += len(block)
    return list(found)


def _reading(encoding: str, words: list[bytes], present: bytes) -> _Reading | None:
    """Read the words in one encoding; None where a byte of the file is no letter or sign in it."""
    try:
        signs = present.decode(encoding)
    except UnicodeDecodeError:
        return None
    if any(not sign.isprintable() and sign not in "\u00a0\u00ad" for sign in signs):
        return None
    texts = [word.decode(encoding) for word in words]
    faulty = [has_fault(text) for text in texts]
    letters = {char.lower() for text, fault in zip(texts, faulty, strict=True) if not fault for char in text}
    special = {letter for letter in letters if letter in LETTERS} - GERMAN
    unusual = min((cost for more, cost in NEIGHBOURS.items() if special <= set(more)), default=PLAUSIBLE)
    hard = sum(map(_is_hard_to_say, texts))
    share = 1 / max(len(texts), 1)
    return _Reading(encoding, texts, FAULT * sum(faulty) * share + hard * share + (unusual if special else 0.0))


def has_fault(word: str) -> bool:
    """Return True if a word has an unknown letter, a capital inside, or a sign between its letters."""
    around = f" {word} "
    for before, char, after in zip(around, around[1:], around[2:], strict=False):
        if char.isascii():
            continue
        if char.isalpha() and char not in BESIDE:
            is_capital_inside = char.isupper() and (before.islower() or (before.isupper() and after.islower()))
            is_small_inside = char.islower() and before.isupper() and after.isupper() and char != "ß"
            is_odd = before.isdecimal() or (word == char and char.lower() not in WORDS_OF_A_LETTER)
            if char.lower() not in LETTERS or is_capital_inside or is_small_inside or is_odd:
                return True
        elif before.isalpha() and after.isalpha():
            if char not in JOINING:
                return True
        elif char not in BESIDE and (char not in BEFORE_ONLY or before.isalpha()):
            return True
    return False


def _is_hard_to_say(word: str) -> bool:
    """Return True if a foreign letter is among too many consonants or vowels, or a ß does not follow a vowel."""
    runs: list[str] = []
    for char in word.lower():
        kind = char in VOWELS
        if not char.isalpha():
            runs.append("")
        elif runs and runs[-1] and (runs[-1][-1] in VOWELS) == kind:
            runs[-1] += char
        else:
            runs.append(char)
    foreign = [run for run in runs if any(not char.isascii() and char not in GERMAN for char in run)]
    too_long = any(len(run) >= (LONG_VOWELS if run[0] in VOWELS else LONG_CONSONANTS) for run in foreign)
    speechless = bool(foreign) and not VOWELS.intersection(word.lower())
    return (
        too_long
        or speechless
        or any(after == "ß" and before not in VOWELS for before, after in pairwise(f" {word.lower()}"))
    )


def _best(reading: _Reading) -> str:
    """Return the word that shows the reading best: one with letters beyond ASCII, the longest of the first ones."""
    return repr(max(reading.words[:20], key=lambda word: sum(not char.isascii() for char in word if char.isalpha())))


def _unclear(words: list[bytes], readings: list[_Reading], why: str) -> InputError:
    """Return the refusal with each encoding and what it makes of a word in which they differ."""
    shown = next(
        (at for at in range(len(words)) if len({reading.words[at] for reading in readings}) == len(readings)),
        next((at for at in range(len(words)) if len({reading.words[at] for reading in readings}) > 1), 0),
    )
    gives = ", ".join(f"encoding={reading.encoding!r} gives {reading.words[shown]!r}" for reading in readings)
    return InputError(
        f"The file does not say its encoding, it is not UTF-8, and {why}: "
        f"{gives or repr(words[shown])}. Pass the one whose words are right, or save the file as UTF-8."
    )
