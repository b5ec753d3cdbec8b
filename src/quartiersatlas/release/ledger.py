"""The release ledger: what was shown before, so that two releases together give nothing away that one alone does not.

It is the second declared exception to the rule that this room touches no files.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import new as keyed_hash
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.release.protection import Protection
    from quartiersatlas.release.release import Release
    from quartiersatlas.release.secrecy import Secrecy

FORMAT = 1


@dataclass
class Ledger:
    """What was released before.

    Parameters
    ----------
    entries : list of dict
        One per release: title, date, fingerprints of areas and definitions, the counts that were shown, the members
        of candidate areas. Nothing that was protected.
    key : str
        A secret of the house: :meth:`fingerprint` mixes it in. The ledger stays inside.

    Examples
    --------
    >>> ledger = Ledger()
    >>> ledger
    Ledger of 0 releases
    """

    entries: list[dict[str, Any]] = field(default_factory=list)
    key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a ledger, or begin one where there is no file yet.

        Raises
        ------
        InputError
            The file is no ledger.
        """
        path = Path(path)
        if not path.exists():
            return cls()
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise InputError(f"{path.name} is a ledger of format {content['format']}; this version reads {FORMAT}.")
            return cls(list(content["entries"]), str(content["key"]))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path.name} is not a release ledger: {error}. Name another file.") from error

    def add(self, entry: dict[str, Any]) -> None:
        """Enter a release, once."""
        if entry not in self.entries:
            self.entries.append(entry)

    def save(self, path: str | Path) -> Path:
        """Write the ledger whole or not at all.

        Raises
        ------
        InputError
            The folder is not there.
        """
        path = Path(path)
        if not path.parent.is_dir():
            raise InputError(f"There is no folder {str(path.parent)!r} to write the ledger {path.name!r} into.")
        content = {"format": FORMAT, "key": self.key, "entries": self.entries}
        with TemporaryDirectory(dir=path.parent, prefix=".quartiersatlas-") as folder:
            unfinished = Path(folder) / path.name
            unfinished.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            unfinished.replace(path)
        return path

    def fingerprint(self, content: bytes) -> str:
        """Return a keyed hash (HMAC-SHA-256) of an input.

        The plain hash of a small file would answer guesses: who knows all of it but one count tries the few values
        that count can have. Without the key, no guess can be checked.
        """
        return keyed_hash(bytes.fromhex(self.key), content, "sha256").hexdigest()

    def __repr__(self) -> str:
        return f"Ledger of {len(self.entries)} release{'' if len(self.entries) == 1 else 's'}"


def ledger_entry(release: Release, kept: Secrecy, shown: pd.DataFrame, protection: Protection) -> dict[str, Any]:
    """Return what a ledger keeps of a release: what it shows, and fingerprints of what that means.

    Counts that leave rounded are not entered: their differences isolate nobody.
    """
    data = kept.data
    exact = protection.round_base is None
    counts = {}
    for source in shown.columns[shown.any()]:
        values = data.counts(source)[shown[source]].dropna() if exact else data.counts(source).iloc[:0]
        counts[str(source)] = {
            "definition": _definition(kept, str(source)),
            "shown": {str(key): float(value) for key, value in values.items()},
        }
    candidates: dict[str, list[str]] = {}
    for key, name in release.members.items():
        candidates.setdefault(str(name), []).append(str(key))
    shapes = release.areas.geometry.normalize().to_wkb()
    return {
        "title": release.title,
        "date": data.period or release.as_of,
        "min_count": protection.min_count,
        "complement": protection.complement,
        "areas": {str(key): sha256(shape).hexdigest()[:16] for key, shape in shapes.items()},
        "counts": counts,
        "candidates": {name: sorted(keys) for name, keys in sorted(candidates.items())},
    }


def _definition(kept: Secrecy, source: str) -> str:
    """Return the fingerprint of what a count means: its column and the words of the indicators made of it."""
    data = kept.data
    words = []
    for name, (numerator, denominator) in data.rates.items():
        meaning = data.catalogue.get(name)
        if source == numerator:
            words.append(meaning.numerator_de)
        if source == denominator:
            words.append(meaning.denominator_de)
    return sha256(json.dumps([source, sorted(set(words))]).encode()).hexdigest()[:16]
