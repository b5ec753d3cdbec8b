"""What changed, and what is done about it? Measures and where there are none, local knowledge, what is known so far."""
