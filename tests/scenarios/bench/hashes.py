"""State hashes of the workloads as computed here, and the widest registers used: `hashes.py SMALL|FULL TICKS`.

FULL: also of the grip controller, with one and with three replicas, damaged half-way.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numba
import numpy as np

from controller.network import Network
from controller.spec import Damage, Reflex
from controller.voting import VotingNetwork
from scenarios.bench import w1
from scenarios.bench.exact import FULL, SMALL, state_hash
from sim.bullet import GRIPPER

SENSES = runpy.run_path(str(Path(__file__).parents[2] / "controller" / "twin.py"))["senses"]


def widest() -> str:
    """Of W1's machine code; `none` if it is not compiled."""
    if numba.config.DISABLE_JIT:
        return "none"
    code = "".join(w1.tick.inspect_asm().values())
    return next((name for name in ("zmm", "ymm", "xmm") if f"%{name}" in code), "?")


def grips(ticks: int) -> list[str]:
    """Hashes of the grip controller, learning on, after a grasp that never was."""
    damage = Damage(killed=0.2, flipped=1e-3, from_tick=ticks // 2)
    networks = Network(Reflex(damage=damage), GRIPPER), VotingNetwork(Reflex(replicas=3, damage=damage), GRIPPER)
    for sensed in SENSES(5, ticks):
        for network in networks:
            network.step(sensed)
    return [f"{network.state_hash():08x}" for network in networks]


if __name__ == "__main__":
    sizes, ticks = {"SMALL": SMALL, "FULL": FULL}[sys.argv[1]], int(sys.argv[2])
    with np.errstate(over="ignore"):  # unsigned arithmetic modulo 2^32 is meant
        hashes = [f"{state_hash(work, size, ticks):08x}" for work, size in sizes.items()]
        print(*hashes, *(grips(ticks) if sizes is FULL else ()), widest())
