"""One TOML file in, the whole run out; and the manifest that lets anyone repeat it."""

from quartiersatlas.project.run import ProjectResult, check_project, run_project

__all__ = ["ProjectResult", "check_project", "run_project"]
