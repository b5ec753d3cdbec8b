"""stub"""


def told_by_other_borders(ledger, entries, pending):
    return [], []
