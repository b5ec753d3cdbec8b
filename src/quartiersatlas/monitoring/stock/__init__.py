"""What is known so far: the guide's questions of stocktaking, its checklist, and the text of a tender."""
