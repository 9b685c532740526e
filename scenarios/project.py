"""Are the project's packages the ones that Python finds? Their names are common ones."""

from __future__ import annotations

import importlib.util
from pathlib import Path

PACKAGES = ("controller", "sensors", "sim", "firmware_bridge", "scenarios")
ROOT = Path(__file__).resolve().parent.parent


def misplaced(root: Path = ROOT) -> str | None:
    """One sentence on the first package that Python would take from anywhere but `root`; None if all is well."""
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        places = [Path(p).resolve() for p in (spec.submodule_search_locations or [])] if spec is not None else []
        if places[:1] != [root / name]:
            found = f"found in {places[0]}" if places else "a module that is not ours" if spec else "not found"
            return (
                f"package {name} is {found}, expected in {root}; "
                "install ganglion in an environment of its own (`make run` does)"
            )
    return None
