"""What a rule is: a tree of conditions, in Python, as text and as a file; the official rules."""
