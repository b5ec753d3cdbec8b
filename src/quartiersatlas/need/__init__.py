"""How much need? A spec, not code: scores, classes, contributions and what was excluded; stable or not."""

from quartiersatlas.need.audit import NeedAudit
from quartiersatlas.need.index import need_index
from quartiersatlas.need.result import NeedIndex
from quartiersatlas.need.sensitivity import Sensitivity
from quartiersatlas.need.spec import NeedAxis, NeedClass, NeedSpec
from quartiersatlas.need.stability import Stability

__all__ = ["NeedAudit", "NeedAxis", "NeedClass", "NeedIndex", "NeedSpec", "Sensitivity", "Stability", "need_index"]
