"""Which areas entered and left a list, and what made them: their own value, the city's, the rule, the boundaries."""
