"""What may leave? The one door out: named columns only, protected, with title, source, date and comment."""

from quartiersatlas.release.columns import ReleasedColumn
from quartiersatlas.release.ledger import Ledger
from quartiersatlas.release.protection import Protection
from quartiersatlas.release.release import Release, release
from quartiersatlas.release.wording import check_wording
from quartiersatlas.rooms import make_callable

__all__ = ["Ledger", "Protection", "Release", "ReleasedColumn", "check_wording", "release"]

make_callable(__name__, release)
