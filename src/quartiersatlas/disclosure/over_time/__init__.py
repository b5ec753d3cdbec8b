"""What several releases tell together: earlier dates, other borders."""
