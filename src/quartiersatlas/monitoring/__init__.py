"""What changed, and why? Changes between dates with chance in mind, breaks, lists of areas and their reasons."""
