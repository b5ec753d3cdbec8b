"""Registers that a town keeps itself: measures, money, aims, targets, participation, local knowledge."""
