"""The ledger: counted by hand, counted by NeuroBench, and turned into an estimate that says that it is one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from controller.declare import Code, Columns, Cuba, Declared, Events, Lif, Pes, Readout, Signal, Sparse
from controller.declared import DeclaredNetwork
from controller.ledger import FIELDS, SILICON, account
from sensors.signals import Body, Channel

INPUTS, HIDDEN, OUT, TICKS = 30, 40, 10, 60
LAYERS = Declared(
    populations={"hidden": Cuba(HIDDEN, threshold=1 << 13), "out": Cuba(OUT, threshold=1 << 14)},
    events={"pixels": Events(size=INPUTS)},
    connections={
        "first": Columns("pixels", "hidden", spread=100, density=0.7),
        "second": Sparse("hidden", "out", weight=30, spread=90, density=0.6),
    },
)
NOTHING = Body((), (), ())
NONE = np.zeros(0, np.int16)


def played() -> tuple[DeclaredNetwork, dict[str, NDArray[np.uint8]]]:
    """A network after TICKS of random events, and the spikes (TICKS, N) of all its layers."""
    network, rng = DeclaredNetwork(LAYERS, NOTHING), np.random.default_rng(3)
    spikes = {
        name: np.zeros((TICKS, n), np.uint8) for name, n in (("pixels", INPUTS), ("hidden", HIDDEN), ("out", OUT))
    }
    for tick in range(TICKS):
        events = np.flatnonzero(rng.random(INPUTS) < 0.2).astype(np.uint16)
        network.tick(events, len(events), NONE, NONE)
        for name, fired in spikes.items():
            fired[tick] = network.arrays[f"{name}.fired"]
    return network, spikes


def matrices(network: DeclaredNetwork) -> dict[str, NDArray[np.int64]]:
    """Both connections as matrices (targets, sources)."""
    a = network.arrays
    second = np.zeros((OUT, HIDDEN), np.int64)
    for source in range(HIDDEN):
        own = slice(a["second.start"][source], a["second.start"][source + 1])
        second[a["second.index"][own], source] = a["second.weight"][own]
    return {"first": a["first.weight"].T.astype(np.int64), "second": second}


def test_what_is_counted_is_what_was_done() -> None:
    network, spikes = played()
    weights = matrices(network)
    events = int((spikes["pixels"] @ (weights["first"].T != 0)).sum())
    events += int((spikes["hidden"] @ (weights["second"].T != 0)).sum())
    counted = dict(zip(FIELDS, network.ledger.tolist(), strict=True))
    assert counted["synaptic_events"] == events
    assert counted["neuron_updates"] == TICKS * (HIDDEN + OUT)
    assert counted["spikes"] == spikes["hidden"].sum() + spikes["out"].sum() > 100
    assert counted["learning_updates"] == counted["multiply_accumulates"] == 0
    assert counted["ticks"] == TICKS


def test_learning_and_products_are_counted_one_by_one() -> None:
    spec = Declared(
        populations={"coder": Lif(20)},
        signals={"x": Signal((("analog.x", 1),)), "lack": Signal((("x", 1), ("y", -1)))},
        connections={"code": Code(("x",), "coder")},
        readouts={"y": Readout("coder", learning=Pes("lack"))},
    )
    network = DeclaredNetwork(spec, Body((Channel("x", 1.0),), (), ()))
    trace, updates, products = network.arrays["coder.trace_5_512"], 0, 0
    encoders = int(np.count_nonzero(network.arrays["code.encoder"]))
    for tick in range(300):
        x = np.array([0 if tick % 7 == 0 else 9000], np.int16)
        network.tick(NONE.astype(np.uint16), 0, x, NONE)
        updates += int(np.count_nonzero(trace)) * (network.value("lack") != 0)
        products += 20 + (encoders if x[0] else 0)
    counted = dict(zip(FIELDS, network.ledger.tolist(), strict=True))
    assert counted["learning_updates"] == updates > 1000
    assert counted["multiply_accumulates"] == products


def test_bytes_grow_with_the_work_and_not_without() -> None:
    quiet, busy = DeclaredNetwork(LAYERS, NOTHING), DeclaredNetwork(LAYERS, NOTHING)
    quiet.tick(np.zeros(1, np.uint16), 0, NONE, NONE)
    busy.tick(np.arange(4, dtype=np.uint16), 4, NONE, NONE)
    at = FIELDS.index("bytes_touched")
    # Four events: their addresses, flags, places in the list, and a row of weights and its fan for each.
    hidden = int(busy.arrays["hidden.spikes"][0])
    out = int(busy.arrays["out.spikes"][0])
    per_spike = 12 * hidden + 9 * int((np.diff(busy.arrays["second.start"])[busy.arrays["hidden.fired"] == 1]).sum())
    assert busy.ledger[at] - quiet.ledger[at] == 4 * (2 + 5) + 4 * (HIDDEN + 8) + 4 * (hidden + out) + per_spike


def test_an_account_is_per_tick_and_per_decision_and_its_energy_says_what_it_is() -> None:
    whole: Any = account([1000, 500, 200, 50, 10, 9000, 100], 100, 5, "one object")
    assert whole["total"]["ticks"] == 100
    assert whole["per_tick"]["neuron_updates"] == 10
    assert whole["per_decision"]["synaptic_events"] == 100
    energy = whole["energy_estimate_uj_per_decision"]
    assert energy["Loihi"] == pytest.approx((100 * 23.6 + 40 * 120) * 1e-6, abs=1e-3)
    assert energy["ODIN"] == pytest.approx(100 * 12.7e-6, abs=1e-3)
    assert set(energy) == {s.name for s in SILICON}
    assert all(s.source for s in SILICON)
    short: Any = account([1000, 500, 200, 50], 100, 5, "one object")
    assert "bytes_touched" not in short["per_tick"]


def test_neurobench_counts_the_same() -> None:
    why = "NeuroBench is not installed: pip install torch==2.13.0 'ganglion[neurobench]'"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch = pytest.importorskip("torch", reason=why)
        pytest.importorskip("neurobench", reason=why)
        from neurobench.metrics.workload import ActivationSparsity, SynapticOperations
        from neurobench.models import NeuroBenchModel
    network, spikes = played()

    class Recorded(torch.nn.Module):  # type: ignore[misc,name-defined]
        """A layer of spikes: what ours fired in each tick, whatever comes in."""

        def __init__(self, fired: NDArray[np.uint8]) -> None:
            super().__init__()
            self.fired, self.tick = torch.tensor(fired, dtype=torch.float32), 0

        def forward(self, _x: Any) -> Any:
            self.tick += 1
            return self.fired[self.tick - 1 : self.tick]

    def linear(weight: NDArray[np.int64]) -> Any:
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        layer.weight.data = torch.tensor(weight, dtype=torch.float32)
        return layer

    weights = matrices(network)
    shadow = torch.nn.Sequential(
        linear(weights["first"]), Recorded(spikes["hidden"]), linear(weights["second"]), Recorded(spikes["out"])
    )

    class Shadow(NeuroBenchModel):  # type: ignore[misc]
        def __call__(self, batch: Any) -> Any:
            return [shadow(batch[t : t + 1]) for t in range(len(batch))]

        def __net__(self) -> Any:
            return shadow

    model = Shadow()
    model.add_activation_module(Recorded)
    model.register_hooks()
    events = torch.tensor(spikes["pixels"], dtype=torch.float32)
    with torch.no_grad():
        model(events)
    one_sample = (torch.zeros(1, 1), None)
    counted = dict(zip(FIELDS, network.ledger.tolist(), strict=True))
    operations = SynapticOperations()(model, None, one_sample)
    assert operations["Effective_ACs"] == counted["synaptic_events"]
    assert operations["Effective_MACs"] == 0
    sparsity = 1 - counted["spikes"] / counted["neuron_updates"]
    assert ActivationSparsity()(model, None, one_sample) == pytest.approx(sparsity, abs=1e-12)
