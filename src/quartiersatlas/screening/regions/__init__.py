"""Regions of areas with a floor and a ceiling of residents: the search on lists, and what is told of its result."""
