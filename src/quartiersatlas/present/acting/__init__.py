"""What is done and what changed: changes, gaps between groups and measures, as documents say them."""
