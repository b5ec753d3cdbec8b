"""How much need? A spec, not code: scores, classes, contributions and what was excluded."""

from quartiersatlas.need.index import NeedIndex, need_index
from quartiersatlas.need.spec import NeedAxis, NeedClass, NeedSpec

__all__ = ["NeedAxis", "NeedClass", "NeedIndex", "NeedSpec", "need_index"]
