"""The one door to pybullet: a physics server of our own in this process, set up for honest contact forces."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from types import ModuleType
from typing import Any

from .episode import GRAVITY_M_PER_S2

SOLVER_ITERATIONS = 50


def _import_quietly() -> ModuleType:
    """Import pybullet without the banner that its C code writes to the process's standard error."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import pybullet as module
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
    return module  # type: ignore[no-any-return]


pybullet = _import_quietly()


def data_folder() -> str:
    """Where pybullet keeps the robots that it brings along."""
    import pybullet_data

    return str(pybullet_data.getDataPath())


class Client:
    """pybullet's functions and constants, bound to one DIRECT server."""

    def __init__(self) -> None:
        self.server = pybullet.connect(pybullet.DIRECT)

    def __getattr__(self, name: str) -> Any:
        value = getattr(pybullet, name)
        if inspect.isbuiltin(value):
            value = functools.partial(value, physicsClientId=self.server)
        setattr(self, name, value)
        return value

    def configure(self, step_us: int) -> None:
        """Set gravity and a solver that reports true contact forces (substeps falsify them) and repeats bit for bit."""
        self.setGravity(0, 0, -GRAVITY_M_PER_S2)
        self.setPhysicsEngineParameter(
            fixedTimeStep=step_us * 1e-6,
            numSubSteps=0,
            numSolverIterations=SOLVER_ITERATIONS,
            deterministicOverlappingPairs=1,
        )

    def close(self) -> None:
        if self.server >= 0:
            pybullet.disconnect(physicsClientId=self.server)
            self.server = -1
