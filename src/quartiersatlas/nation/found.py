"""What a screening of all municipalities found: quarters, municipalities, totals with their bands, one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice, count_noun
from quartiersatlas.catalogue.texts import LANGUAGES, text
from quartiersatlas.errors import SpecError
from quartiersatlas.nation.leaving import SURE, messages, released_quarters
from quartiersatlas.nation.levels import land_of, size_classes_of
from quartiersatlas.nation.probe import versions
from quartiersatlas.nation.runs import BAND, TOTALS
from quartiersatlas.nation.starters import write_starters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from quartiersatlas.base.executors import Executor
    from quartiersatlas.catalogue import Indicator, Lang
    from quartiersatlas.disclosure import Protection, Release
    from quartiersatlas.nation.cells import GridCells
    from quartiersatlas.nation.task import PartitionTask, ScreenSpec

EUROPE = "EPSG:3035"


@dataclass(frozen=True, eq=False)
class NationScreening:
    """The quarters of all municipalities in which a rule holds; from :func:`screen_cells`.

    Parameters
    ----------
    summary : DataFrame
        Indexed ``quarters``, ``municipalities``, ``cells``, ``residents``, ``group``, ``share_of_residents``,
        ``share_of_group``: ``value``, and with runs ``low`` and ``high``, the 5th and 95th percentile over runs.
    quarters : GeoDataFrame
        On their names: ``ags``, ``municipality``, ``cells``, ``residents``, ``group``, with runs ``p_found`` (share of
        runs in which at least half of the residents live in some quarter) and ``expected_kept`` (mean share of them).
        A name holds the place of a single cell and is for work inside the house; see :meth:`public_quarters`.
    municipalities : DataFrame
        On their keys: ``name``, ``land``, ``size_class``, ``cells``, ``residents``, ``group``, ``screened``,
        ``cells_selected``, ``residents_selected``, ``quarters`` and the cells, residents and members in them; with runs
        the band of these residents and ``p_any``, the share of runs with a quarter.
    runs : DataFrame
        One row per run: totals. Empty without runs.
    manifest : dict
        Inputs with hashes, rule, options, versions, receipts.
    spec : ScreenSpec
        What was asked.
    notes : tuple of str
        What to know beside the numbers.
    grid : GridCells, optional
        The cells that were screened.
    """

    summary: pd.DataFrame
    quarters: gpd.GeoDataFrame
    municipalities: pd.DataFrame
    runs: pd.DataFrame
    manifest: dict[str, Any]
    spec: ScreenSpec
    notes: tuple[str, ...] = ()
    grid: GridCells | None = None

    def __repr__(self) -> str:
        value = self.summary["value"]
        first = (
            f"{count_noun(int(value['quarters']), 'quarter')} in "
            f"{count_noun(int(value['municipalities']), 'municipality', 'municipalities')}, "
            f"{int(value['residents']):,} residents: {self.spec.rule.rule}"
        )
        lines = [first]
        if len(self.runs):
            low, high = self.summary.loc["quarters", ["low", "high"]]
            sure = int((self.quarters["p_found"] >= SURE).sum())
            lines.append(
                f"  {len(self.runs)} runs: {low:,.0f} to {high:,.0f} quarters; {sure:,} found again in 9 of 10"
            )
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>{self.summary.to_html(float_format='{:.6g}'.format)}"

    def sentence(self, lang: Lang = "de", *, indicators: Iterable[Indicator] = ()) -> str:
        """Return what was found as the study of 2011 says it, with its interval.

        Parameters
        ----------
        lang : {"de", "en"}
            The language.
        indicators : iterable of Indicator
            What the rates of the rule mean, where the catalogue does not know them.

        Returns
        -------
        str
            Numbers of quarters, municipalities, residents and the group; with runs their bands, and what these are;
            by which characteristics the quarters were found.

        Raises
        ------
        SpecError
            The language is unknown.
        """
        choice(lang, LANGUAGES, "lang")
        value = {str(name): float(number) for name, number in self.summary["value"].items()}
        return " ".join(text(one.name, lang, **one.values) for one in messages(self, value, indicators))

    def release(
        self,
        *,
        indicators: Iterable[Indicator] = (),
        title: str = "",
        subtitle: str = "",
        source: str = "",
        as_of: str = "",
        comment: str = "",
        protection: Protection | None = None,
    ) -> Release:
        """Let the quarters out, as :func:`quartiersatlas.release` lets areas out.

        Parameters
        ----------
        indicators : iterable of Indicator
            What the rates of the rule mean, where the catalogue does not know them.
        title, subtitle, source, as_of, comment : str
            What a reader has to know; without them it is a draft.
        protection : Protection, optional
            Of counts of your own. Published counts that were changed for secrecy are not suppressed again.

        Returns
        -------
        Release
            Its areas are the quarters of :meth:`public_quarters` and, where municipalities have outlines, what is left
            of each of them; ``selected`` says which are quarters.

        Raises
        ------
        ReleaseError
            There is no quarter that may be named.
        """
        return released_quarters(
            self,
            indicators=indicators,
            title=title,
            subtitle=subtitle,
            source=source,
            as_of=as_of,
            comment=comment,
            protection=protection,
        )

    def starters(
        self,
        folder: str | Path,
        *,
        lang: Lang = "de",
        indicators: Iterable[Indicator] = (),
        source: str = "",
        as_of: str = "",
        executor: Executor = None,
    ) -> list[Path]:
        """Write for each municipality with quarters a project to start from: its cells, the rule, a map, a note.

        Parameters
        ----------
        folder : str or Path
            A folder; each municipality gets one in it, named by its key.
        lang : {"de", "en"}
            The language.
        indicators : iterable of Indicator
            What the rates of the rule mean, where the catalogue does not know them.
        source, as_of : str
            Where the counts come from, and their date.
        executor : int, executor or None
            As in :func:`screen_cells`.

        Returns
        -------
        list of Path
            The folders.

        Raises
        ------
        ReleaseError
            The counts are your own: they never leave as cells.
        """
        return write_starters(
            self, folder, lang=lang, indicators=indicators, source=source, as_of=as_of, executor=executor
        )

    def public_quarters(self) -> gpd.GeoDataFrame:
        """Return the quarters as they may be named outside: numbered within their municipality, none of a single cell.

        Returns
        -------
        GeoDataFrame
            On ``<municipality>-<number>``, from south to north. Quarters of one cell are left out, and no column says
            how many cells a quarter has.
        """
        kept = self.quarters[self.quarters["cells"] > 1]
        number = kept.groupby("ags").cumcount() + 1
        names = pd.Index([f"{ags}-{k}" for ags, k in zip(kept["ags"], number, strict=True)], name="quarter")
        return kept.drop(columns="cells").set_axis(names, axis=0)

    def public_municipalities(self) -> pd.DataFrame:
        """Return the municipalities with the quarters of :meth:`public_quarters` alone.

        Returns
        -------
        DataFrame
            On their keys: ``name``, ``land``, ``size_class``, ``residents``, ``group``, ``quarters``,
            ``quarter_residents``, ``quarter_group``; so that no difference of two tables shows a single cell.
        """
        public = self.public_quarters()
        by_town = public.groupby("ags")
        sums = by_town[["residents", "group"]].sum().assign(quarters=by_town.size())
        sums = sums.rename(columns={"residents": "quarter_residents", "group": "quarter_group"})
        sums = sums.reindex(self.municipalities.index).fillna(0).astype("int64")
        names = ["name", "land", "size_class", "residents", "group", "screened"]
        return self.municipalities[names].join(sums[["quarters", "quarter_residents", "quarter_group"]])


def gathered(
    cells: GridCells,
    spec: ScreenSpec,
    tasks: Sequence[PartitionTask],
    receipts: Sequence[dict[str, Any]],
    reference: Mapping[str, Any],
    notes: tuple[str, ...] = (),
) -> NationScreening:
    """Return the result from the files of all parts, in an order that does not depend on them."""
    municipalities = _municipalities(cells, _table("municipalities", tasks))
    quarters = _quarters(_table("quarters", tasks), municipalities)
    runs = _runs(tasks) if spec.runs else pd.DataFrame({name: np.empty(0, np.int64) for name in ("run", *TOTALS)})
    summary = _summary(municipalities, runs)
    clipped, hidden = (sum(int(receipt[name]) for receipt in receipts) for name in ("clipped", "hidden"))
    return NationScreening(
        summary=summary,
        quarters=quarters,
        municipalities=municipalities,
        runs=runs.set_index("run"),
        manifest={**_manifest(cells, spec, receipts), "levels": reference},
        spec=spec,
        notes=(*notes, *_notes(cells, spec, municipalities, (clipped, hidden))),
        grid=cells,
    )


def _table(kind: str, tasks: Sequence[PartitionTask]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [pq.ParquetFile(task.path(kind)).read(use_threads=False) for task in tasks]
    found: pd.DataFrame = pa.concat_tables(tables).to_pandas()
    return found


def _municipalities(cells: GridCells, table: pd.DataFrame) -> pd.DataFrame:
    table = table.set_index("ags").sort_index()
    again = table.index[table.index.duplicated()]
    if len(again):
        raise SpecError(
            f"The municipality {again[0]} stands in two files of cells: write them again with write_cells()."
        )
    known = cells.municipalities
    official = f"official_{cells.population}"
    sizes = known[official].reindex(table.index) if official in known else pd.Series(np.nan, table.index)
    sizes = sizes.fillna(table["residents"]).astype("int64")
    table.insert(0, "name", known["name"].reindex(table.index))
    table.insert(1, "land", list(map(land_of, table.index.tolist())))
    table.insert(2, "size_class", size_classes_of(sizes.to_numpy()))
    return table


def _quarters(table: pd.DataFrame, municipalities: pd.DataFrame) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import shapely

    table = table.set_index("quarter")  # files, municipalities and quarters are in order
    names = municipalities["name"].reindex(table["ags"]).to_numpy()
    table.insert(1, "municipality", names)
    shapes = shapely.from_wkb(table.pop("geometry").to_numpy(dtype=object))
    return gpd.GeoDataFrame(table, geometry=np.asarray(shapes, dtype=object), crs=EUROPE)


def _runs(tasks: Sequence[PartitionTask]) -> pd.DataFrame:
    """Return the totals of each run, added over parts: whole numbers, in any order the same."""
    import pyarrow.parquet as pq

    found: pd.DataFrame | None = None
    for task in tasks:
        part = pq.ParquetFile(task.path("runs")).read(use_threads=False).to_pandas().astype("int64")
        found = part if found is None else found.assign(**{name: found[name] + part[name] for name in TOTALS})
    if found is None:
        return pd.DataFrame({name: np.empty(0, np.int64) for name in ("run", *TOTALS)})
    return found


def _summary(municipalities: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    total = municipalities.sum(numeric_only=True)
    value = {
        "quarters": int(total["quarters"]),
        "municipalities": int((municipalities["quarters"] > 0).sum()),
        "cells": int(total["quarter_cells"]),
        "residents": int(total["quarter_residents"]),
        "group": int(total["quarter_group"]),
        "residents_all": int(total["residents"]),
        "group_all": int(total["group"]),
    }
    wholes = {"share_of_residents": ("residents", "residents_all"), "share_of_group": ("group", "group_all")}
    shares = {name: value[x] / value[n] if value[n] else np.nan for name, (x, n) in wholes.items()}
    found = pd.DataFrame({"value": pd.Series({**value, **shares}, dtype=float)})
    if len(runs):
        for end, q in zip(("low", "high"), BAND, strict=True):
            band = {name: float(np.quantile(runs[name], q)) for name in TOTALS}
            band |= {name: band[x] / value[n] if value[n] else np.nan for name, (x, n) in wholes.items()}
            found[end] = pd.Series(band, dtype=float).reindex(found.index)
    return found


def _manifest(cells: GridCells, spec: ScreenSpec, receipts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what repeats the run: no machine, no process, no time."""
    return {
        "cells": {
            "size": cells.size,
            "rows": cells.rows,
            "population": cells.population,
            "input_protection": cells.input_protection,
            "files": {receipt["file"]: receipt["input"] for receipt in receipts},
        },
        "spec": spec.record,
        "versions": versions(),
        "receipts": list(receipts),
    }


def _notes(
    cells: GridCells, spec: ScreenSpec, municipalities: pd.DataFrame, counts: tuple[int, int]
) -> tuple[str, ...]:
    clipped, hidden = counts
    found = []
    if not municipalities["screened"].any():
        found.append(f"no municipality has {spec.min_municipality:,} residents: nothing was screened")
    elif not municipalities["cells_selected"].any():
        found.append("the rule holds in no cell of the municipalities that are large enough")
    if hidden:
        found.append(f"{count_noun(hidden, 'cell')} of {cells.rows:,} have a count that is not known: not judged")
    if clipped:
        found.append(f"in {count_noun(clipped, 'cell')} a part was larger than its whole, and counts as the whole")
    if spec.runs and any(not rate.drawn for rate in spec.rule.rates.values()):
        found.append("means are not drawn again: runs keep them as published")
    if spec.runs and set(spec.rule.levels) - {"municipality"}:
        found.append("values of higher levels are not drawn again: runs keep them as published")
    if spec.runs and spec.rule.ranked:
        found.append("limits made of the order of cells are not drawn again: runs keep them as published")
    return tuple(found)
