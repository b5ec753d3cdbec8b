"""Everything a reader can see as one system of equations over whole numbers, and what it leaves open."""
