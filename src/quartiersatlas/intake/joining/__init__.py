"""Joining: by key, completely, or with a report that says what does not fit."""
