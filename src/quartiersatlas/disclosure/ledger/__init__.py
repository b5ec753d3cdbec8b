"""What was released before: the ledger, its entries, its lock; nothing in it was ever protected."""

from quartiersatlas.disclosure.ledger.book import (
    Ledger,
    listed_releases,
    locked_ledger,
    publishing,
    withdraw_release,
    write_ledger,
)
from quartiersatlas.disclosure.ledger.entry import ledger_entry
from quartiersatlas.disclosure.ledger.layers import layer_of
from quartiersatlas.disclosure.ledger.records import LedgerCandidate, LedgerColumn, LedgerEntry

__all__ = [
    "Ledger",
    "LedgerCandidate",
    "LedgerColumn",
    "LedgerEntry",
    "layer_of",
    "ledger_entry",
    "listed_releases",
    "locked_ledger",
    "publishing",
    "withdraw_release",
    "write_ledger",
]
