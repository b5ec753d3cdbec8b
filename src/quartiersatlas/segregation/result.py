"""What a segregation study found: the table, local values, tests, profiles and explanations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from quartiersatlas.catalogue import Message, check_lang, text
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.registry import registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.segregation.inference.significance import Null, Resample
    from quartiersatlas.segregation.prepared import Study, StudySpec

SHOWN_DIGITS = 4


@dataclass(frozen=True)
class SegregationResult:
    """Segregation of groups.

    Parameters
    ----------
    table : DataFrame
        One row per number: by, group, reference, index, value, adjusted, expected, lower, upper, n_areas, n_dropped,
        note; with radii also radius. ``expected`` is the value without segregation: of D and G with a binomial number
        of members in each area (Winship 1977), of the others with persons shuffled (groups and areas keep their
        size); with a handful of areas the first is somewhat above the second. ``adjusted`` is the value freed from it
        (Carrington and Troske 1997: 0 as by chance, 1 complete, below 0 more even than by chance),
        ``lower`` and ``upper`` the 95 % interval that was asked for. ``note`` says why a number is missing and which
        areas do not count.
    notes : tuple of Message
        What the reader has to know about the whole study.
    study : Study
        The checked counts and options everything was computed from.
    """

    table: pd.DataFrame
    notes: tuple[Message, ...]
    study: Study

    @cached_property
    def local(self) -> pd.DataFrame:
        """Local values on the caller's index, with the geometry where there is one.

        For each group ``<group>_lq`` location quotient, ``<group>_d_part`` contribution to D,
        ``<group>_isolation_part`` and ``<group>_share_<radius>m``; for all
        groups ``local_segregation``, ``entropy`` and ``simpson``.
        """
        from quartiersatlas.segregation.indices.local import local_values

        return local_values(self.study)

    @property
    def spec(self) -> StudySpec:
        """The options that made this result."""
        return self.study.spec

    def test(
        self,
        null: Null = "person_permutation",
        n: int = 999,
        seed: int | np.random.Generator | None = None,
        *,
        alternative: Literal["segregated", "two-sided"] = "segregated",
        progress: bool = False,
    ) -> pd.DataFrame:
        """Ask whether the numbers of the table could be chance.

        Parameters
        ----------
        null : str, default "person_permutation"
            What chance is. ``person_permutation`` shuffles all persons over all places (areas and groups keep their
            size); ``evenness`` draws each area's members with the city's share (binomial, areas keep their size; the
            group's share then varies as well, which makes the test of isolation and interaction weak);
            ``systematic`` draws the area of each person with the areas' shares of all (multinomial);
            ``area_permutation`` shuffles whole areas over the map (for indices with geometry); ``analytic`` takes the
            mean and spread of D under evenness from a formula, without draws, from 10 areas on. With a named
            reference, chance moves the two populations and leaves everybody else where they are.
        n : int, default 999
            Draws. At least 1.
        seed : int or Generator, optional
            Makes the test repeatable.
        alternative : {"segregated", "two-sided"}, default "segregated"
            Whether only more segregation than by chance counts, or less as well.
        progress : bool, default False
            Show a progress bar (needs ``pip install "quartiersatlas[progress]"``).

        Returns
        -------
        DataFrame
            One row per row of the table: by, group, reference, index, value, null, null_mean, null_sd, null_lower,
            null_upper (95 % of the draws), p_value, n (draws that gave a value), note.
            ``p = (b + 1) / (n + 1)`` with b draws at least as extreme as the value, so it is never 0; the analytic
            one is that of the normal law, with n = 0.

        Raises
        ------
        SpecError
            An option is not known.
        CountError
            Counts are not whole persons.

        Notes
        -----
        The p-value counts the observed table as one of the draws [1]_.

        References
        ----------
        .. [1] Davison, A. C. & Hinkley, D. V. (1997). Bootstrap Methods and their Application. Cambridge, chapter 4.
        """
        from quartiersatlas.segregation.inference.significance import against_chance

        return against_chance(self, null, n=n, seed=seed, alternative=alternative, progress=progress)

    def bootstrap(
        self,
        resample: Resample = "persons",
        n: int = 999,
        seed: int | np.random.Generator | None = None,
        *,
        progress: bool = False,
    ) -> pd.DataFrame:
        """Measure how far each number would move with other persons or other areas.

        Parameters
        ----------
        resample : {"persons", "areas"}, default "persons"
            Draw the persons of each area anew (multinomial), from the shares that the areas may truly have: those
            found, less spread by what chance adds. Or draw the areas of a place anew from its areas.
        n : int, default 999
            Resamples. At least 1.
        seed : int or Generator, optional
            Makes the intervals repeatable.
        progress : bool, default False
            Show a progress bar.

        Returns
        -------
        DataFrame
            One row per row of the table: by, group, reference, index, value, bias (mean of the draws less the true
            value of their population), sd, corrected (value less bias), lower, upper (95 %, basic bootstrap, cut at
            the range of the index), n, note. With small areas the interval need not hold the value, which chance
            alone has raised.

        Raises
        ------
        SpecError
            An option is not known.
        CountError
            Counts are not whole persons.

        Notes
        -----
        In simulations the 95 % intervals of persons hold the true H, isolation and eta squared in 87 to 98 of 100
        cases, from areas of 50 persons on; those of D and G in about 90 where segregation is clear, in 72 to 87 where
        it is mild and areas are small, in 60 where there is none.
        """
        from quartiersatlas.segregation.inference.significance import bootstrapped

        return bootstrapped(self, resample, n=n, seed=seed, progress=progress)

    def profile(self, radii: Iterable[float], kernel: str | None = None) -> pd.DataFrame:
        """Compute the spatial indices at many radii from one sweep.

        Parameters
        ----------
        radii : list of float
            Radii in metres. Above 0.
        kernel : {"uniform", "triangular", "gaussian", "exponential"}, optional
            How the weight of others falls with distance; that of the study, if not given.

        Returns
        -------
        DataFrame
            Tidy: by, group, reference, index, radius, value, n_areas, n_dropped, note.

        Raises
        ------
        SpecError
            The study has no geometry, or a radius is not above 0.
        """
        from quartiersatlas.segregation.table import profile

        return profile(self.study, radii, kernel)

    def explain(self, index: str, lang: Lang = "en") -> str:
        """Explain an index in words: what it tells, its range, formula and source, and the values found.

        Parameters
        ----------
        index : str
            Id of the index.
        lang : {"de", "en"}, default "en"
            Language.

        Returns
        -------
        str
            Plain text of a few lines.

        Raises
        ------
        SpecError
            The index or language is not known.
        """
        from quartiersatlas.segregation.explain import explained

        check_lang(lang)
        if index not in registry():
            raise SpecError(f"There is no index {index!r}; there are: {', '.join(registry())}.")
        return explained(self.table, registry()[index], lang)

    def __repr__(self) -> str:
        lines = ["SegregationResult", _shown(self.table).to_string(index=False)]
        return "\n".join([*lines, *(str(note) for note in self.notes)])

    def _repr_html_(self) -> str:
        from html import escape

        notes = "".join(f"<p>{escape(text(note.name, 'en', **note.values))}</p>" for note in self.notes)
        return _shown(self.table).to_html(index=False, escape=True, na_rep="–") + notes


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table without columns that hold nothing, rounded for the eye."""
    empty = [c for c in ("adjusted", "expected", "lower", "upper") if c in table and table[c].isna().all()]
    alone = ["by"] if "by" in table and table["by"].astype(str).eq("all").all() else []
    return table.drop(columns=[*empty, *alone]).round(SHOWN_DIGITS)
