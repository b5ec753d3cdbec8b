"""What changed, why, and what is done about it? Dates, lists, measures and where there are none, local knowledge."""
