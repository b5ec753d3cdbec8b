"""What may be said of a selection: outcomes, limits, reasons and rules in words."""
