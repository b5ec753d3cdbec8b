"""Random towns of every make, released under every rule: the hostile reader of the tests finds nothing to help."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from fuzzing.verdict import BrokenPromiseError

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "disclosure" / "hostile"))


def run(seed: int, folder: Path) -> str:
    """Release a town and attack the file; return under which rules, or refuse the counts that could be helped."""
    from attack import LEAKS, attack
    from towns import any_town

    import quartiersatlas as qa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a release says about its data is not asked here
        one, protection = any_town(seed)
        release = one.release(protection=qa.Protection(**protection))
    found = attack(qa.export(release, folder / "a.csv"), one.known)
    bad = found[found["verdict"].isin(LEAKS)]
    if len(bad):
        raise BrokenPromiseError(f"{protection}, {len(one.data.areas)} areas:\n{bad.to_string()}")
    return ", ".join(f"{name}={value!r}" for name, value in protection.items()) or "as they are"
