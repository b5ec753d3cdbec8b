"""What missing persons tell: the reader knows the rule, and tries which withheld counts give the printed sentences.

"With 11 more in that group (now 40) the area would be on the list" is an equation between the count of an area and a
limit; where the limit is made of other areas it is one on these. The reader finds the number as anybody would who has
the rule in his hands: one person more or less, again and again, until the area is on the other side.
"""

from __future__ import annotations

from fractions import Fraction

from attack_derived import attack_derived

MOST = 400  # persons that are tried one by one


def attack_missing(files, known, rule, cells, *, limit=20_000):
    """Return what is left of withheld counts: as :func:`attack_derived`.

    Parameters
    ----------
    files, known, cells, limit
        As there.
    rule : list of (word, rate, number)
        Conditions that all have to hold: ``("above", rate, 5)`` (percent), ``("city", rate, None)`` (above it),
        ``("highest", rate, 3)`` and ``("lowest", rate, 3)`` (among so many).
    """
    return attack_derived(
        files, known, cells, lambda seen, counts: same_missing(seen, counts, rule, known), limit=limit
    )


def same_missing(seen, counts, rule, known):
    """Return whether every printed number of missing persons is the one that these counts give."""
    for key, changes in seen.missing.items():
        persons = {rate: change for rate, change in changes if rate in known.pairs}
        if len(persons) == len(changes) and not is_one_of_the_smallest(counts, key, persons, rule, known.pairs):
            return False
    return True


def is_one_of_the_smallest(counts, key, persons, rule, pairs):
    """Return whether an area comes to the other side by these persons, and by no fewer."""
    is_in = {condition: holds(counts, key, condition, pairs) for condition in rule}
    entering = not all(is_in.values())
    needed = {c: smallest(counts, key, c, pairs) for c, inside in is_in.items() if inside is not entering}
    told = sum(map(abs, persons.values()))
    if entering:
        return None not in needed.values() and told == sum(map(abs, needed.values()))
    return told == min((abs(n) for n in needed.values() if n is not None), default=None)


def smallest(counts, key, condition, pairs):
    """Return the smallest change of the numerator with which a condition comes out the other way."""
    column, whole = pairs[condition[1]]
    before, x, n = holds(counts, key, condition, pairs), counts.loc[key, column], counts.loc[key, whole]
    changed = counts.copy()
    for persons in range(1, MOST):
        for sign in (1, -1):
            if 0 <= x + sign * persons <= n:
                changed.loc[key, column] = x + sign * persons
                if holds(changed, key, condition, pairs) != before:
                    return sign * persons
    return None


def holds(counts, key, condition, pairs):
    """Return whether a condition holds in an area."""
    word, rate, number = condition
    column, whole = pairs[rate]
    value = {a: Fraction(int(x), int(n)) for a, x, n in zip(counts.index, counts[column], counts[whole], strict=True)}
    if word == "above":
        return 100 * value[key] > number
    if word == "city":
        return value[key] > Fraction(int(counts[column].sum()), int(counts[whole].sum()))
    sign = 1 if word == "highest" else -1
    order = sorted((sign * one for one in value.values()), reverse=True)
    limit = order[number - 1]
    inside = [one for one in order if one >= limit]
    if len(inside) > max(number, 3 * number // 2) or limit == order[-1]:  # too many are tied there
        return sign * value[key] > limit
    return sign * value[key] >= limit
