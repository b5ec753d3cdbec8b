"""What may leave? The one door out: named columns only, protected, with title, source, date and comment."""

from quartiersatlas.disclosure.certificate import Audit
from quartiersatlas.disclosure.known_counts import add_relations
from quartiersatlas.disclosure.ledger import Ledger
from quartiersatlas.disclosure.make import Release, release
from quartiersatlas.disclosure.protection import Protection
from quartiersatlas.disclosure.published_table import audit
from quartiersatlas.disclosure.release import ReleasedColumn, ReleasedStability
from quartiersatlas.disclosure.words import check_wording

__all__ = [
    "Audit",
    "Ledger",
    "Protection",
    "Release",
    "ReleasedColumn",
    "ReleasedStability",
    "add_relations",
    "audit",
    "check_wording",
    "release",
]
