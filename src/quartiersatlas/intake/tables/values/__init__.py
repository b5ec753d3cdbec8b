"""What a cell says: numbers, marks, codes for missing values, limits."""
