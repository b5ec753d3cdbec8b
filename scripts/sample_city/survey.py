"""A survey of residents: one row for each person asked, with a weight for those who answer less often."""

from __future__ import annotations

import csv
import io
from random import Random
from typing import TYPE_CHECKING

from sample_city.landscape import build_landscape, logistic
from sample_city.names import NOTICE

if TYPE_CHECKING:
    from sample_city.districts import City
    from sample_city.people import Counts

SAMPLED, SAMPLED_MORE = 0.014, 0.085
"""Share of the residents who are written to; and where the town wants to know more: in districts of higher need."""
MORE_FROM = 0.3
"""Need from which on a district is asked more."""
AGE_GROUPS = {
    "18-44": ("Alter_18_64", 0.55, 0.42),
    "45-64": ("Alter_18_64", 0.45, 0.56),
    "65+": ("Alter_65plus", 1, 0.6),
}
"""Group, the age group of the register it is a part of, its share of that, and how many answer."""
NO_ANSWER = 0.03
SATISFIED, WORSE_WITH_NEED, OLDER = 1.25, 0.6, {"18-44": -0.15, "45-64": 0.0, "65+": 0.35}


def survey_bytes(city: City, people: dict[str, Counts], merged: str, seed: int) -> bytes:
    """Ask residents whether they like to live in their district.

    Parameters
    ----------
    city : City
        Named districts.
    people : dict
        True counts of one year by district key.
    merged : str
        Key under which the tables have the two harbour areas.
    seed : int
        Seed of all draws.

    Returns
    -------
    bytes
        ``befragung.csv``: UTF-8, semicolons, LF; an empty answer is none.
    """
    rows: list[tuple[object, ...]] = []
    for key, latent in build_landscape(city, seed).items():
        rng = Random(f"{seed}/survey/{key}")
        sampled = SAMPLED_MORE if latent.need > MORE_FROM else SAMPLED
        for group, (column, share, answering) in AGE_GROUPS.items():
            persons = share * people[key][column]
            response = answering * (1 - 0.12 * min(max(latent.need, 0), 2))
            n = sum(rng.random() < response for _ in range(round(sampled * persons)))
            p = logistic(SATISFIED - WORSE_WITH_NEED * latent.need + OLDER[group])
            for _ in range(n):
                answer = "" if rng.random() < NO_ANSWER else int(rng.random() < p)
                area = merged if key in city.harbour else key
                rows.append((area, group, f"{persons / n / 100:.3f}".replace(".", ","), answer))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(("Stadtteil", "Altersgruppe", "Gewicht", "Wohnt_gern_hier", "Hinweis"))
    writer.writerows((*row, NOTICE) for row in rows)
    return text.getvalue().encode("utf-8")
