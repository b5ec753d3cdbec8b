"""Damaged and rewritten files by the thousand: the damaged are refused in our words, the rewritten mean the same."""
