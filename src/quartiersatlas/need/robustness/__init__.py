"""Is the index what it says, and does the shortlist hold?"""
