"""Check the docstrings of all public names against numpydoc's rules; print what is wrong and exit with 1."""

from __future__ import annotations

import sys
from types import FunctionType

from numpydoc.validate import validate

import quartiersatlas

# what is asked of a public docstring: parameters and returns described, sections in order, no empty parts
ASKED = {"GL01", "GL03", "GL06", "GL07", "GL08", "SS03", "SS06", "PR01", "PR02", "PR03", "PR04", "PR07", "RT03", "YD01"}


def main() -> int:
    """Validate every name of the package."""
    found = []
    for name in quartiersatlas.__all__:
        value = getattr(quartiersatlas, name)
        if not isinstance(value, FunctionType | type):
            continue
        for code, message in validate(f"{value.__module__}.{value.__qualname__}")["errors"]:
            if code in ASKED:
                found.append(f"{name}: {code} {message}")
    print("\n".join(found) or f"{len(quartiersatlas.__all__)} public names: docstrings hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
