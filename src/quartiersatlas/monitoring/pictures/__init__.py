"""Charts of changes as plain data."""
