"""What changed between dates: points and counts, against the city, class by class, and where a series breaks."""
