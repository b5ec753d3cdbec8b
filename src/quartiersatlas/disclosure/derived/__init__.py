"""Results that leave: computed again from what is released, or exact and tested against every feasible split."""
