"""What is no count of persons: ready-made shares, means, amounts, balances."""
