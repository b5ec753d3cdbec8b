"""Charts of a need index and of what was asked about it."""
