"""The formulas: array functions, one chapter a dimension of segregation."""
