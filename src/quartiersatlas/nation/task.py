"""What a part of a run is told, and whether it is done: plain data that travels to any process."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from quartiersatlas.nation.store import hash_of_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from quartiersatlas.nation.cells import GridCells
    from quartiersatlas.nation.noise import CellKeyNoise
    from quartiersatlas.screening.evaluation.whole_numbers import WholeRule
    from quartiersatlas.space.cell_keys import Contiguity


@dataclass(frozen=True)
class ScreenSpec:
    """What is asked of every part; it is the same for all.

    Parameters
    ----------
    rule : WholeRule
        The rule in whole numbers.
    population, group : str
        The columns of residents and of the group whose members are counted.
    size : int
        Side of a cell in metres.
    min_population, min_municipality : int
        Residents of a quarter and of a municipality.
    contiguity : {"queen", "rook"}
        What touches.
    runs, seed : int
        How often counts are drawn again.
    noise : str or CellKeyNoise
        How.
    """

    rule: WholeRule
    population: str
    group: str
    size: int
    min_population: int
    min_municipality: int
    contiguity: Contiguity
    runs: int
    seed: int
    noise: str | CellKeyNoise

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of counts that are read."""
        return tuple(dict.fromkeys([self.population, *([self.group] if self.group else []), *self.rule.columns]))

    @property
    def record(self) -> dict[str, Any]:
        """The same as JSON can hold it: what the receipts are about."""
        return {
            "rule": str(self.rule.rule),
            "rates": {name: [r.numerator, r.denominator, str(r.per)] for name, r in self.rule.rates.items()},
            "population": self.population,
            "group": self.group,
            "size": self.size,
            "min_population": self.min_population,
            "min_municipality": self.min_municipality,
            "contiguity": self.contiguity,
            "runs": self.runs,
            "seed": self.seed if self.runs else None,
            "noise": str(self.noise) if self.runs else None,
        }


@dataclass(frozen=True)
class PartitionTask:
    """One part of a run.

    Parameters
    ----------
    number : int
        Its number, from 0.
    file : str
        The file of cells.
    rows : int
        Cells in it.
    first, last : str
        Its first and its last municipality.
    spec : ScreenSpec
        What is asked.
    reference : mapping
        Level -> group -> name of a rate -> numerator and denominator of its value: see
        :mod:`quartiersatlas.nation.levels`.
    sizes : mapping of str to int
        Municipality -> official residents, where known.
    fingerprint : mapping of str to str
        The hashes that a receipt has to bear: spec, input, reference, version.
    out : str
        Folder of the run.
    memory : int
        Bytes for the runs.
    timeout : float
        Seconds; 0 for none.
    stop : str
        A file: as soon as it is there, the part stops.
    attempt : int
        0 for the first: a cluster gives the answer of a call that it had before, also where that was a death.
    """

    number: int
    file: str
    rows: int
    first: str
    last: str
    spec: ScreenSpec
    reference: Mapping[str, Mapping[str, Mapping[str, tuple[int, int]]]] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    out: str = ""
    memory: int = 200_000_000
    timeout: float = 0.0
    stop: str = ""
    attempt: int = 0

    @property
    def name(self) -> str:
        """How messages call it: folder and name of its file."""
        return "/".join(Path(self.file).parts[-2:])

    def path(self, kind: str) -> Path:
        """Return the file of one kind of result."""
        ending = "json" if kind == "receipt" else "parquet"
        return Path(self.out) / f"{kind}-{self.number:04}.{ending}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of results it writes."""
        return ("quarters", "municipalities", *(["runs"] if self.spec.runs else []))


def finished(task: PartitionTask) -> dict[str, Any] | None:
    """Return the receipt of a part that is done: for the same data, rule, reference and version, its files whole."""
    try:
        receipt: dict[str, Any] = json.loads(task.path("receipt").read_text(encoding="utf-8"))
        same = all(receipt[name] == value for name, value in task.fingerprint.items())
        outputs = receipt["outputs"]
        same = same and set(outputs) == set(task.kinds) and receipt["file"] == task.name
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return receipt if same and all(hash_of_file(task.path(k)) == v for k, v in outputs.items()) else None


class Screened(Protocol):
    """What leaving and starters need of a result, which offers both as methods."""

    @property
    def summary(self) -> pd.DataFrame:
        """Totals."""

    @property
    def municipalities(self) -> pd.DataFrame:
        """One row per municipality."""

    @property
    def runs(self) -> pd.DataFrame:
        """One row per run."""

    @property
    def manifest(self) -> dict[str, Any]:
        """What it was made of."""

    @property
    def spec(self) -> ScreenSpec:
        """What was asked."""

    @property
    def grid(self) -> GridCells | None:
        """The cells."""

    def public_quarters(self) -> gpd.GeoDataFrame:
        """Return the quarters as they may be named outside."""

    def public_municipalities(self) -> pd.DataFrame:
        """Return the municipalities with the quarters that may be named."""
