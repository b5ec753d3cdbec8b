"""Charts of segregation: indices, curves, profiles, local values, changes."""
