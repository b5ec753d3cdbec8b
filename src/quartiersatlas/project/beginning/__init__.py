"""A project to start from: an empty one, one out of two files, the sample city."""
