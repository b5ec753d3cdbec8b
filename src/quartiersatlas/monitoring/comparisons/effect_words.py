"""Words that claim an effect: no comparison of areas shows one."""

from __future__ import annotations

import re

from quartiersatlas.errors import SpecError, list_some

# "bewirkt", "Wirkung der Förderung", "Erfolg", "erfolgreich", "dank der Förderung"; but not "Erfolgt", "mitwirken"
CLAIMS = re.compile(
    r"\b(?:bewirk\w*|erfolge?s?|erfolgreich\w*|misserfolg\w*|förder(?:ungs)?erfolg\w*|hat gewirkt|haben gewirkt"
    r"|wirkungsvoll\w*|wirksam\w*|verdank\w*|dank der förderung|success\w*|achieved|effective\w*|caused|thanks to"
    r"|worked)\b",
    re.IGNORECASE,
)


def effect_claims(words: str) -> list[str]:
    """Return the words of a text that claim an effect.

    Examples
    --------
    >>> effect_claims("Die Förderung bewirkt viel: ein Erfolg. Erhoben ist, was erfolgt.")
    ['bewirkt', 'Erfolg']
    """
    return [found.group() for found in CLAIMS.finditer(words)]


def refuse_effect_claims(words: str, call: str) -> None:
    """Refuse a text that claims an effect.

    Raises
    ------
    SpecError
        It does; the message names the words.
    """
    found = effect_claims(words)
    if found:
        raise SpecError(
            f"{call}: {list_some(found)} claims an effect, which no comparison of areas shows: people move, other "
            f"programmes run, areas were chosen for a reason. Say how they developed: 'haben sich anders entwickelt'."
        )
