"""Where is that? Water, green, rail and roads below the marks of a map, names above them, and what a search finds."""

from quartiersatlas.present.places.context import Context, FittedContext, context

__all__ = ["Context", "FittedContext", "context"]
