"""What a run cost: operations counted exactly where they happen, and the energy they might take on named silicon.

Counts are part of the state, so that two brains that agree in their hash agree in their work. Energy is an estimate: a
published figure per operation times a count. The figures' definitions and voltages differ; compare no two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FIELDS = (
    "neuron_updates",
    "synaptic_events",
    "learning_updates",
    "spikes",
    "multiply_accumulates",
    "bytes_touched",
    "ticks",
)
"""What a ledger counts, in the order of its array.

neuron_updates: neurons advanced by one tick. synaptic_events: weights that are not zero whose source spiked, the
accumulates that NeuroBench calls Effective_ACs. learning_updates: weights, credits and thresholds that a rule moved or
would have moved but for rounding. spikes: of neurons, not of the body's events. multiply_accumulates: weights on analog
inputs that are not zero, and on traces at read-outs. bytes_touched: width of every array element that an operation
reads or writes, counted once per operation. ticks: steps of the whole network.
"""
SHORT = 4
"""A ledger of the grip controller's record holds the first four only."""


@dataclass(frozen=True, slots=True)
class Silicon:
    """Published energy of one sort of hardware, in pJ; None where its source gives none."""

    name: str
    synaptic_pj: float
    learning_pj: float | None
    other_pj: float | None
    source: str


SENECA = "table 3 of Tang et al. 2023, SENECA (PMC10326429)"
CYCLE_PJ = 785.0
SILICON = (
    Silicon("Loihi", 23.6, 120.0, None, f"Davies et al. 2018, IEEE Micro 38:82, table 2; {SENECA}"),
    Silicon("TrueNorth", 21.7, None, None, f"46 GSOPS/W in real time, Cassidy et al. 2014, SC14; {SENECA}"),
    Silicon("SpiNNaker 2", 10.0, None, None, f"Hoeppner et al. 2021, arXiv 2103.08392; {SENECA}"),
    Silicon("ODIN", 12.7, None, None, "title of Frenkel et al. 2019, IEEE TBioCAS 13:145"),
    Silicon("ReckOn", 5.3, None, None, f"Frenkel and Indiveri 2022, ISSCC; {SENECA}"),
    Silicon(
        "Cortex-M4",
        10.9 * CYCLE_PJ,
        10.9 * CYCLE_PJ,
        10.9 * CYCLE_PJ,
        "STM32F405, 3.3 V x 238 uA/MHz = 785 pJ a cycle: 'as low as', from flash at 168 MHz, on ST's product page of "
        "the STM32F407/417, the same chip with more interfaces; 10.9 cycles an operation: 256 LIF, 24 inputs, 4 "
        "outputs, learning took 58 600 instructions, about 92 400 cycles, for 8448 operations",
    ),
)
"""What is known per operation. other_pj: of neuron updates and multiply-accumulates, which only the Cortex-M counts."""


def account(counts: Sequence[int], ticks: int, decisions: int, decision: str) -> dict[str, object]:
    """The ledger of a run, ready for JSON: totals, per tick, per decision, and the estimated energy of a decision.

    Args:
        counts: in the order of FIELDS, all of them or the first SHORT.
        decision: what one is, in words.
    """
    total = {name: int(count) for name, count in zip(FIELDS, counts, strict=False) if name != "ticks"}
    share = {k: v / max(decisions, 1) for k, v in total.items()}
    return {
        "total": total | {"ticks": ticks},
        "per_tick": {k: round(v / max(ticks, 1), 3) for k, v in total.items()},
        "per_decision": {k: round(v, 1) for k, v in share.items()},
        "decision": decision,
        "energy_estimate_uj_per_decision": {s.name: round(_energy_pj(s, share) * 1e-6, 3) for s in SILICON},
        "energy_estimate_says": (
            "published energy of an operation times its count; idle power and input/output are left out, neuron "
            "updates except on Cortex-M4, learning where the source has no figure"
        ),
    }


def _energy_pj(silicon: Silicon, counts: dict[str, float]) -> float:
    other = counts["neuron_updates"] + counts.get("multiply_accumulates", 0.0)
    return (
        silicon.synaptic_pj * counts["synaptic_events"]
        + (silicon.learning_pj or 0.0) * counts["learning_updates"]
        + (silicon.other_pj or 0.0) * other
    )
