"""What may leave? The one door out: named columns only, protected, with title, source, date and comment."""

from quartiersatlas.disclosure.ledger import Ledger
from quartiersatlas.disclosure.make import Release, release
from quartiersatlas.disclosure.release import ReleasedColumn, ReleasedStability
from quartiersatlas.disclosure.protection import Protection
from quartiersatlas.disclosure.words import check_wording

__all__ = ["Ledger", "Protection", "Release", "ReleasedColumn", "ReleasedStability", "check_wording", "release"]
