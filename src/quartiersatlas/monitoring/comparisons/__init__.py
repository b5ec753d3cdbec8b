"""Which areas are like which, and how did funded areas develop beside the others?"""
