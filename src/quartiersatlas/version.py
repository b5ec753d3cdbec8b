"""The version and the home of the project, each in one place."""

__version__ = "0.1.0"

HOME = "https://quartiersatlas.example"
"""A placeholder (RFC 2606) until the project has a public home; a test keeps every other place equal to it."""
