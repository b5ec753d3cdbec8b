"""One TOML file in, the whole run out; and the manifest that lets anyone repeat it."""

from quartiersatlas.project.calls import check_project, run_project
from quartiersatlas.project.certificate import ProjectAudit
from quartiersatlas.project.run import ProjectResult, audit_project
from quartiersatlas.project.several import ProjectRuns, run_projects

__all__ = [
    "ProjectAudit",
    "ProjectResult",
    "ProjectRuns",
    "audit_project",
    "check_project",
    "run_project",
    "run_projects",
]
