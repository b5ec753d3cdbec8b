"""A file that is named must be there."""

from __future__ import annotations

from pathlib import Path

from quartiersatlas.errors import InputError, list_some


def existing_file(path: str | Path, what: str) -> Path:
    """Return the path of an existing file, or say which files of the folder have a similar name."""
    path = Path(path)
    if path.is_file():
        return path
    if not path.parent.is_dir():
        raise InputError(f"The {what} file {str(path)!r} is missing: there is no folder {str(path.parent)!r}.")
    from rapidfuzz.process import extract

    names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    close = [name for name, score, _ in extract(path.name, names, limit=3) if score > 60]  # noqa: PLR2004 - percent alike
    hint = f" Did you mean {list_some(close)}?" if close else ""
    raise InputError(f"The {what} file {str(path)!r} is missing.{hint}")
