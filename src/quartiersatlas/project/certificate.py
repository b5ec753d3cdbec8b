"""The certificate of a project: what its releases, the earlier dates among them, leave open of what they withhold."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.base.files import written_whole
from quartiersatlas.disclosure.certificate import COLUMNS
from quartiersatlas.present.files.export import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Audit, Release

OWNER_ALONE = 0o600


@dataclass(frozen=True, eq=False, repr=False)
class ProjectAudit:
    """The certificates of all releases of a project. For the house only.

    Parameters
    ----------
    labels : tuple of str
        Title and date of each release: that of the project, then the earlier dates.
    audits : tuple of Audit
        The certificate of each.
    """

    labels: tuple[str, ...]
    audits: tuple[Audit, ...]

    @classmethod
    def of(cls, releases: Iterable[Release]) -> ProjectAudit:
        """Return the certificates of releases."""
        made = tuple(releases)
        labels = tuple(", ".join(filter(None, (release.title, release.as_of))) for release in made)
        return cls(labels, tuple(release.audit() for release in made))

    @property
    def ok(self) -> bool:
        """Whether no withheld count of any release is known more closely than promised, where that can be helped."""
        return all(audit.ok for audit in self.audits)

    @property
    def table(self) -> pd.DataFrame:
        """The rows of all certificates, with the release in the first column."""
        tables = [
            audit.table.assign(release=label)[["release", *COLUMNS]]
            for label, audit in zip(self.labels, self.audits, strict=True)
            if len(audit.table)
        ]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["release", *COLUMNS])

    def __repr__(self) -> str:
        blocks = (
            f"{label or 'Release'}\n{audit!r}{_loss_line(audit)}"
            for label, audit in zip(self.labels, self.audits, strict=True)
        )
        return "\n\n".join(blocks)


def _loss_line(audit: Audit) -> str:
    """Return what protection costs, as a line."""
    loss = {name: int(number) for name, number in audit.loss.items()}
    if not loss.get("cells"):
        return ""
    residents = count_noun(loss["persons"], "resident lives", "residents live")
    return (
        f"\n  loss: {count_noun(loss['cells'], 'count')}, of which {count_noun(loss['partners'], 'partner')}; "
        f"{residents} in areas that lose partners only"
    )


def write_certificate(audit: ProjectAudit, path: Path, lang: Lang) -> Path:
    """Write the rows of the certificates, whole or not at all, for the owner of the file alone."""
    with written_whole(path) as unfinished:
        unfinished.touch(mode=OWNER_ALONE)
        if os.name == "posix":
            unfinished.chmod(OWNER_ALONE)
        unfinished.write_bytes(csv_bytes(audit.table, lang))
    return path
