"""Regions of areas with a floor and a ceiling of residents; arrays and lists only."""
