"""What is wrong with a project: all of it at once, in the words of who wrote it."""
