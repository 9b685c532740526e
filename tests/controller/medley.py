"""A small declared network in which every law, connection and rule is at work: `medley.py TICKS` prints its hashes.

Run with NUMBA_DISABLE_JIT=1 the same lines are plain Python.
"""

from __future__ import annotations

import sys

import numpy as np

from controller.declare import (
    Adaptive,
    Code,
    Columns,
    Conv,
    Cuba,
    Declared,
    Dense,
    Effort,
    Events,
    Homeostasis,
    Izhikevich,
    Lif,
    Pes,
    Plastic,
    Readout,
    Signal,
    Sparse,
    Stdp,
)
from controller.declared import DeclaredNetwork
from sensors.signals import Body, Channel, Region

BODY = Body(
    (Channel("angle_rad", 1e-3), Channel("speed_rad_per_s", 1e-2)),
    (Channel("angle_rad", 1e-3),),
    (Channel("torque_n_m", 1e-2),),
    (Region("skin", 2, (2, 3, 3)),),
)
MEDLEY = Declared(
    populations={
        "coder": Lif(7),
        "bumpy": Adaptive(6, bump=200),
        "patchy": Cuba(8, keep_current=3000, keep_voltage=4000, threshold=9000, bias=40),
        "wild": Izhikevich(5, bias=900),
        "steady": Lif(5, threshold=9000, homeostasis=Homeostasis(30.0, rate_shift=6)),
        "paid": Lif(4, threshold=9000),
    },
    events={"skin": Events(region="skin")},
    signals={
        "lag": Signal((("goal.angle_rad", 1), ("analog.angle_rad", -1))),
        "speed": Signal((("analog.speed_rad_per_s", 3), ("effort.torque_n_m", 1)), shift=1, constant=-5),
        "lack": Signal((("lag", 1), ("push", -1)), low=-9000, high=9000),
        "torque": Signal((("push", 300), ("line", 200)), shift=8),
    },
    connections={
        "code": Code(("lag", "speed"), "coder"),
        "touch": Columns("skin", "bumpy", weight=20, spread=30, exponent=6),
        "patch": Conv("skin", "patchy", (2, 3, 3), 2, kernel=2, weight=20, spread=60),
        "again": Sparse("patchy", "patchy", spread=90, density=0.5),
        "later": Sparse("coder", "patchy", spread=60, density=0.7, exponent=1, delay_ticks=3),
        "drive": Dense(("lag", "speed", "lag"), "wild", spread=90, shift=9),
        "pairs": Plastic("skin", "steady", Stdp(), weight=3000 << 16, spread=900 << 16, high=9000 << 16),
        "reward": Plastic("wild", "paid", Stdp(reward="lack"), weight=4000 << 16, low=-9000 << 16, high=9000 << 16),
    },
    readouts={
        "push": Readout("coder", learning=Pes("lack", rate_shift=5)),
        "line": Readout(signals=("lag", "speed"), learning=Pes("lack", rate_shift=12)),
        "mean": Readout("patchy", membrane=3),
    },
    efforts={"torque_n_m": Effort("torque", -9000, 9000, slew=500)},
    seed=3,
)


def drive(network: DeclaredNetwork, seed: int, ticks: int, out: list[int] | None = None) -> DeclaredNetwork:
    """Advance a network of BODY by random senses; `out` gets the state hash of every tick."""
    rng = np.random.default_rng(seed)
    for _ in range(ticks):
        addresses = rng.integers(0, 24, 9).astype(np.uint16)
        analog, goal = rng.integers(-9000, 9000, 2).astype(np.int16), rng.integers(-9000, 9000, 1).astype(np.int16)
        network.tick(addresses, int(rng.integers(0, 10)), analog, goal)
        if out is not None:
            out.append(network.state_hash())
    return network


def main(ticks: int) -> None:
    network = DeclaredNetwork(MEDLEY, BODY)
    network._flat[3] = network._flat[3].view(np.recarray)  # read by attribute, as machine code does
    hashes: list[int] = []
    with np.errstate(over="ignore"):  # arithmetic modulo 2^32 is meant
        drive(network, 5, ticks, hashes)
    print(*hashes)


if __name__ == "__main__":
    main(int(sys.argv[1]))
