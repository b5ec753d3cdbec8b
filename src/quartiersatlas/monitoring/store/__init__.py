"""The years of a city in one folder: periods, findings, targets, forecasts, and what is due."""
