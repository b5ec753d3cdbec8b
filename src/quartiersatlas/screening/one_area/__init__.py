"""One area whose counts change: what a rule then says of it."""
