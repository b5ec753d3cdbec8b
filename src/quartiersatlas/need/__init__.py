"""How much need? A spec, not code: scores, classes, contributions and what was excluded; stable or not."""

from quartiersatlas.need.index import NeedIndex, need_index
from quartiersatlas.need.robustness.audit import NeedAudit
from quartiersatlas.need.robustness.comparison import NeedComparison
from quartiersatlas.need.robustness.component import ComponentWeights
from quartiersatlas.need.robustness.sensitivity import Sensitivity
from quartiersatlas.need.robustness.stability import Stability
from quartiersatlas.need.spec.records import NeedAxis, NeedClass
from quartiersatlas.need.spec.spec import NeedSpec

__all__ = [
    "ComponentWeights",
    "NeedAudit",
    "NeedAxis",
    "NeedClass",
    "NeedComparison",
    "NeedIndex",
    "NeedSpec",
    "Sensitivity",
    "Stability",
    "need_index",
]
