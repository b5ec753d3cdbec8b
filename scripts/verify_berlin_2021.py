"""What the published table of the Berlin monitor 2021 proves, although it lacks two of the 536 scored areas.

The z-scores of the table were computed over all 536 areas. Value and z-score lie on a line, so the table gives away
mean and standard deviation over the 536 areas, and these give away the sum and the sum of squares of the two missing
values. That recovers the three shares of the status and the first of the three changes. The other two changes have no
z-scores in the table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np
import pandas as pd

import quartiersatlas as qa
from quartiersatlas.need.score.scores import ScoringContext, axis_score, group_parts
from quartiersatlas.need.spec.steps import Normalise

MISSING = {"05300840": 486.0, "12200411": 393.0}  # Nonnendammallee and Schumacher-Quartier with their residents
KNOWN_Z = -5.94  # of Nonnendammallee's change of child poverty, two decimals; not in the table at hand
N_AREAS = 536
DRAWS = 1_000

# names are shifted in the file: the last column holds the z-score of the first change
Z_COLUMNS = {
    "unemployment_share_sgb2": "z_s1_percentage_unemployed",
    "transfer_rate": "z_s3_percentage_transfer_payments_recipients",
    "child_poverty_u15": "z_s4_percentage_transfer_payments_recipients_below_15_years",
    "unemployment_share_sgb2_change": "z_d4_percentage_transfer_payments_recipients_below_15_years",
}
STATUS_SHARES = tuple(Z_COLUMNS)[:3]
FIRST, SECOND, THIRD = "unemployment_share_sgb2_change", "transfer_rate_change", "child_poverty_u15_change"


@dataclass(frozen=True)
class Edition:
    """The table of 2021.

    Parameters
    ----------
    frame : DataFrame
        Shares, changes and residents of the 534 areas that are there.
    z : DataFrame
        The published z-scores of the indicators that have them.
    classes : DataFrame
        The published classes, by the ids of the preset: ``status``, ``dynamics``.
    """

    frame: pd.DataFrame
    z: pd.DataFrame
    classes: pd.DataFrame

    @property
    def constants(self) -> pd.DataFrame:
        """Mean and standard deviation over all 536 areas: the line through value and published z-score."""
        lines = {name: np.polyfit(self.z[name], self.frame[name], 1)[::-1] for name in self.z}
        return pd.DataFrame(lines, index=["mean", "sd"]).T

    @property
    def recovered(self) -> dict[str, tuple[float, float]]:
        """The two missing values of each indicator with z-scores, lower first; which area has which is unknown."""
        found = {}
        for name, row in self.constants.iterrows():
            values = self.frame[name]
            total = N_AREAS * row["mean"] - values.sum()
            squares = N_AREAS * (row["sd"] ** 2 + row["mean"] ** 2) - (values**2).sum()
            half = np.sqrt(2 * squares - total**2) / 2
            found[name] = (total / 2 - half, total / 2 + half)
        return found

    def filled(self, values: dict[str, tuple[float, float]]) -> pd.DataFrame:
        """Return the frame of all 536 areas, with values of the two missing ones."""
        two = pd.DataFrame(values, index=pd.Index(MISSING, name=self.frame.index.name))
        return pd.concat([self.frame, two.assign(residents=pd.Series(MISSING))])

    def assumed(self, *, lower_first: bool) -> dict[str, tuple[float, float]]:
        """Return values of the two missing areas: recovered shares, and changes as far as they are known.

        The third change of the first area is the one with the known z-score; the three changes nothing is known of
        are the mean of the other areas.
        """
        means = self.frame[[SECOND, THIRD]].mean()
        first = self.recovered[FIRST]
        return {
            **{name: self.recovered[name] for name in STATUS_SHARES},
            FIRST: first if lower_first else first[::-1],
            SECOND: (means[SECOND], means[SECOND]),
            THIRD: (float(value_of_z(KNOWN_Z, self.frame[THIRD].to_numpy(), means[THIRD])), means[THIRD]),
        }


def value_of_z(z: float, values: np.ndarray, other: float | np.ndarray) -> np.ndarray:
    """Return the value that has the z-score z (ddof 0) among values, another value and itself.

    With n others of mean m and squares Q about it, N = n + 1: ``z = (d n / N) / sqrt((Q + d^2 n / N) / N)``, solved
    for ``d``; the value is ``m + d``.
    """
    other = np.asarray(other, dtype=float)[..., None]
    others = np.concatenate([np.broadcast_to(values, (*other.shape[:-1], len(values))), other], axis=-1)
    n = others.shape[-1]
    squares = n * others.var(axis=-1)
    d = np.sign(z) * np.sqrt(z**2 * squares * (n + 1) / (n**2 - z**2 * n))
    return others.mean(axis=-1) + d


def fixed_status(edition: Edition) -> qa.NeedSpec:
    """Return the preset with a status whose z-scores use the constants of all 536 areas."""
    spec = qa.NeedSpec.preset("berlin-mss-2021")
    status = spec.axis("status")
    members = tuple(
        replace(leaf, centre=float(edition.constants["mean"][leaf.id]), scale=float(edition.constants["sd"][leaf.id]))
        for leaf in status.members
    )
    return replace(spec, axes=(replace(status, normalise=Normalise(reference="fixed"), members=members),))


def z_errors(need: qa.NeedIndex, edition: Edition) -> pd.Series:
    """Return the differences of all z-scores of an index from the published ones."""
    errors = []
    for axis in need.spec.axes:
        parts = group_parts(axis, need.columns, need.context)
        for leaf, part in zip(axis.members, parts, strict=True):
            if leaf.id in edition.z:
                errors.append(pd.Series(part, index=need.scored_keys)[edition.z.index] - edition.z[leaf.id])
    return pd.concat(errors)


def met(need: qa.NeedIndex, edition: Edition, axis: str) -> int:
    """Return how many of the 534 published classes an index gives."""
    return int(need.classes.loc[edition.classes.index, axis].eq(edition.classes[axis]).sum())


def index_of(frame: pd.DataFrame) -> qa.NeedIndex:
    """Return the index of a frame by the preset as shipped."""
    return qa.need_index(frame, qa.NeedSpec.preset("berlin-mss-2021"), population="residents")


def status_of_every_assignment(edition: Edition) -> list[int]:
    """Return the status classes met for each way to share the recovered values out to the two areas."""
    first, *others = STATUS_SHARES
    found = []
    for orders in product(*(permutations(edition.recovered[name]) for name in others)):
        values = edition.assumed(lower_first=True)
        values |= {first: edition.recovered[first], **dict(zip(others, orders, strict=True))}
        found.append(met(index_of(edition.filled(values)), edition, "status"))
    return found


def drawn(edition: Edition, *, lower_first: bool) -> np.ndarray:
    """Return the dynamics classes met where the three unknown changes are drawn from those of the other areas."""
    random = np.random.default_rng(2021)
    axis = qa.NeedSpec.preset("berlin-mss-2021").axis("dynamics")
    second = edition.frame[SECOND].to_numpy()
    third = edition.frame[THIRD].to_numpy()
    other = random.choice(third, DRAWS)
    assumed = edition.assumed(lower_first=lower_first)
    added = {
        FIRST: np.tile(assumed[FIRST], (DRAWS, 1)),
        SECOND: random.choice(second, (DRAWS, 2)),
        THIRD: np.stack([value_of_z(KNOWN_Z, third, other), other], axis=1),
    }
    columns = {
        name: np.hstack([np.tile(edition.frame[name].to_numpy(), (DRAWS, 1)), two]) for name, two in added.items()
    }
    scores = axis_score(axis, columns, ScoringContext())[:, :-2]
    codes = np.searchsorted(axis.uppers, scores)
    ids = np.array([c.id for c in axis.classes])
    return (ids[codes] == edition.classes["dynamics"].to_numpy()).sum(axis=1)


def constants_that_meet_all(edition: Edition) -> pd.DataFrame:
    """Return the bounds of the unknown constants within which the rule gives all 534 published dynamics classes.

    ``index_i = (d1_i / s1 + d2_i / s2 + d3_i / s3 - g) / s``, where g and s are mean and deviation of the sum. With s1
    known, every published class is an inequality or two that are linear in (1 / s2, 1 / s3, g, s), so linear
    programming gives the exact bounds.
    """
    from scipy.optimize import linprog

    first = (edition.frame[FIRST] / edition.constants["sd"][FIRST]).to_numpy()
    rows = np.column_stack([edition.frame[SECOND], edition.frame[THIRD], -np.ones(len(first))])
    published = edition.classes["dynamics"].to_numpy()
    above, below = [], []
    for side, inside, outside in (
        (1.0, ("positive", "stable"), "negative"),
        (-1.0, ("stable", "negative"), "positive"),
    ):
        within, beyond = np.isin(published, inside), published == outside
        above += [np.column_stack([side * rows[within], -np.ones(within.sum())])]  # side * sum <= s
        above += [np.column_stack([-side * rows[beyond], np.ones(beyond.sum())])]  # side * sum >= s
        below += [-side * first[within], side * first[beyond]]
    limits, bounds = np.concatenate(below), [(0, None), (0, None), (None, None), (0, None)]
    found = []
    for place in range(4):
        ends = [
            linprog(sign * np.eye(4)[place], np.vstack(above), limits, bounds=bounds, method="highs").x[place]
            for sign in (1, -1)
        ]
        found.append(sorted(1 / end for end in ends) if place < 2 else ends)  # noqa: PLR2004 - the first two are 1 / sd
    names = [f"deviation of `{SECOND}`", f"deviation of `{THIRD}`", "mean of the sum", "deviation of the sum"]
    return pd.DataFrame(found, index=names, columns=["lowest", "highest"])
