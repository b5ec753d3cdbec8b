"""How sure is an index: what chance gives, intervals, tests, decomposition and change."""
