"""Where a rule holds: evidence, exact comparisons, tests, reasons, many runs."""
