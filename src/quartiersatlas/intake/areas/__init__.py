"""Areas: geometries with text keys, unique, projected, valid; and what was done to make them so."""
