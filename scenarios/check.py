"""The verb check: is everything here that a run needs, and do the scenario files say what can be run."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from sensors.errors import UserError

from . import load

NEEDED = ("numpy", "numba", "pybullet", "gymnasium", "msgspec", "matplotlib", "pillow", "pyserial", "tqdm")


def check() -> int:
    """Print a line for each thing looked at; returns 0 when all is well, 1 otherwise."""
    bad = 0
    print(
        f"python       {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    )
    for name in NEEDED:
        try:
            print(f"{name:12} {version(name)}")
        except PackageNotFoundError:
            bad += 1
            print(f"{name:12} missing; pip install {name}")
    for name in load.names():
        try:
            scenario = load.load(name)
            same = load.parse(load.dump(scenario), name) == scenario
            bad += not same
            print(f"scenario     {name}: {'sound' if same else 'does not survive being written and read'}")
        except UserError as error:
            bad += 1
            print(f"scenario     {error}")
    print("all is well" if not bad else f"{bad} to mend")
    return 1 if bad else 0
