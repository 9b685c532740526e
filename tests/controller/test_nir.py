"""NIR: imported networks fire as Norse's in float64, stay within a stated bound in integers, and go back unchanged."""

from __future__ import annotations

import runpy
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from controller.declare import Columns, Conv, Cuba, Declared, Events, Lif, Sparse
from controller.declared import DeclaredNetwork
from controller.nir_export import export, unsayable, write
from controller.nir_float import FloatNetwork
from controller.nir_graph import layers, read
from controller.nir_import import membrane_bound, quantise
from sensors.errors import UserError
from sensors.signals import Body

nir = pytest.importorskip("nir", reason="NIR is not installed: pip install 'ganglion[nir]'")
BODILESS, NONE, DT_S = Body((), (), ()), np.zeros(0, np.int16), 1e-3
KINDS = ("LIF", "IF", "CubaLIF")


def neurons(kind: str, shape: Any, threshold: float = 0.1) -> Any:
    def full(x: float) -> Any:
        return np.full(shape, x)

    if kind == "IF":
        return nir.IF(full(1.0), full(10 * threshold), full(0.0))
    if kind == "LIF":
        return nir.LIF(full(0.02), full(1.0), full(0.0), full(threshold), full(0.0))
    return nir.CubaLIF(
        tau_syn=full(0.005), tau_mem=full(0.02), r=full(1.0), v_leak=full(0.0), v_threshold=full(threshold),
        v_reset=full(0.0), w_in=full(1.0),
    )  # fmt: skip


def chain(**nodes: Any) -> Any:
    return nir.NIRGraph(nodes, list(pairwise(nodes)))


def dense(kind: str, seed: int = 1) -> Any:
    rng, gain = np.random.default_rng(seed), 0.15 if kind == "IF" else 0.75
    return chain(
        input=nir.Input({"input": np.array([30])}),
        first=nir.Affine(rng.normal(0, gain, (40, 30)), rng.normal(0, 0.02, 40)),
        hidden=neurons(kind, 40),
        second=nir.Linear(rng.normal(0, gain, (10, 40))),
        out=neurons(kind, 10),
        output=nir.Output({"output": np.array([10])}),
    )


def convolutional() -> Any:
    rng = np.random.default_rng(2)
    return chain(
        input=nir.Input({"input": np.array([2, 8, 8])}),
        conv=nir.Conv2d((8, 8), rng.normal(0.2, 0.5, (4, 2, 3, 3)), 1, 1, 1, 1, rng.normal(0, 0.02, 4)),
        hidden=neurons("LIF", (4, 8, 8)),
        pool=nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        flat=nir.Flatten({"input": np.array([4, 4, 4])}, start_dim=0, end_dim=-1),
        second=nir.Affine(rng.normal(0, 0.4, (10, 64)), rng.normal(0, 0.02, 10)),
        out=neurons("LIF", (10,)),
        output=nir.Output({"output": np.array([10])}),
    )


def norse_of(graph: Any) -> Any:
    """The graph in Norse, in double precision."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        why = "Norse is not installed: pip install torch==2.13.0 'ganglion[norse]'"
        pytest.importorskip("torch", reason=why)
        norse = pytest.importorskip("norse.torch", reason=why)
        return norse.from_nir(graph, dt=DT_S).double()


@pytest.mark.parametrize("kind", [*KINDS, "conv"])
def test_in_float64_every_spike_is_norse_s(kind: str) -> None:
    graph = convolutional() if kind == "conv" else dense(kind)
    flattened = convolutional() if kind == "conv" else graph
    if kind == "conv":  # Norse counts the batch among the axes that are flattened
        flattened.nodes["flat"].start_dim = 1
    module = norse_of(flattened)
    import torch

    ours, rng, state, spikes = FloatNetwork(layers(graph), DT_S), np.random.default_rng(5), None, 0
    shape = tuple(graph.nodes["input"].output_type["output"])
    for _ in range(150):
        x = rng.random(shape) < 0.1
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs, state = module(torch.tensor(x[None], dtype=torch.float64), state)
        mine = ours.step(x.reshape(-1).astype(float))["out"]
        np.testing.assert_array_equal(mine, theirs.numpy()[0])
        spikes += int(mine.sum())
    assert spikes > 15  # the output compared was not silent


def test_every_linear_node_is_torch_s() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch==2.13.0")
    from controller.nir_linear import apply

    rng = np.random.default_rng(3)
    x = rng.normal(size=(3, 4, 9, 8))
    weight, bias, line = rng.normal(size=(6, 2, 3, 2)), rng.normal(size=6), rng.normal(size=(5, 8))
    odd = weight[:, :, :, :1]
    there = torch.tensor
    f = torch.nn.functional
    cases: list[tuple[Any, Any, Any]] = [
        (nir.Conv2d((9, 8), weight, (2, 1), (1, 2), (1, 3), 2, bias), x,
         f.conv2d(there(x), there(weight), there(bias), (2, 1), (1, 2), (1, 3), 2)),
        (nir.Conv2d((9, 8), odd, 1, "same", 1, 2, bias), x,
         f.conv2d(there(x), there(odd), there(bias), 1, "same", 1, 2)),
        (nir.Conv1d(9, weight[:, :, :, 0], 2, 1, 2, 2, bias), x[..., 0],
         f.conv1d(there(x[..., 0]), there(weight[:, :, :, 0]), there(bias), 2, 1, 2, 2)),
        (nir.AvgPool2d(np.array([2, 3]), np.array([2, 1]), np.array([1, 0])), x,
         f.avg_pool2d(there(x), (2, 3), (2, 1), (1, 0))),
        (nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])), x, 4 * f.avg_pool2d(there(x), 2, 2)),
        (nir.Affine(line, np.ones(5)), x, f.linear(there(x), there(line), there(np.ones(5)))),
    ]  # fmt: skip
    for node, given, expected in cases:
        np.testing.assert_allclose(apply(node, given, True, "node", "here"), expected.numpy(), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_integer_membranes_stay_within_the_stated_bound_until_spikes_differ(kind: str) -> None:
    found = layers(dense(kind))
    imported, floats = quantise(found, DT_S), FloatNetwork(found, DT_S)
    network, rng = DeclaredNetwork(imported.spec, BODILESS, imported.arrays), np.random.default_rng(9)
    q = imported.layers[0]
    p, wire = q.layer.parameters, q.layer.wires[0]
    reset = p["v_reset"]
    bound, alike, worst, checked = (np.zeros(40), np.zeros(40)), np.ones(40, bool), 0.0, 0
    for _ in range(400):
        x = rng.random(30) < 0.1
        most_v = np.abs(floats.v["hidden"] - reset) / q.unit
        gain = DT_S / p["tau_mem"] * p["r"] / q.unit if kind == "CubaLIF" else np.zeros(40)
        most_u = np.abs(gain * floats.current["hidden"])
        floats.step(x.astype(float))
        events = np.flatnonzero(x).astype(np.uint16)
        network.tick(events, len(events), NONE, NONE)
        bound = membrane_bound(q, np.bincount(wire.to, x[wire.of], 40), most_v, most_u, bound)
        mine = network.arrays[f"{q.name}.v"] / q.scale
        alike &= network.arrays[f"{q.name}.fired"] == floats.out["hidden"]
        error = np.abs(mine - (floats.v["hidden"] - reset) / q.unit)
        assert (error <= bound[1])[alike].all()
        fired = floats.out["hidden"] > 0
        bound = bound[0], np.where(fired, 0.0, bound[1])  # both are at the reset
        worst, checked = max(worst, float(error[alike].max(initial=0.0))), checked + int(alike.sum())
    assert checked > 4000
    assert 0 < worst < (1.0 if kind == "IF" else 0.2)  # of a threshold; without a leak errors add up


def test_delays_recurrence_leaks_resets_and_constants_are_kept() -> None:
    rng = np.random.default_rng(4)
    nodes = {
        "input": nir.Input({"input": np.array([12])}),
        "late": nir.Delay(np.full(12, 0.004)),
        "first": nir.Affine(rng.normal(0.5, 3.0, (9, 12)), rng.normal(0.1, 0.1, 9)),
        "hidden": nir.LIF(
            rng.uniform(0.01, 0.04, 9), np.full(9, 2.0), np.full(9, 0.1), rng.uniform(0.5, 0.9, 9), np.full(9, -0.3)
        ),
        "again": nir.Linear(rng.normal(0, 0.4, (9, 9))),
        "Read Out": nir.CubaLI(np.full(9, 0.01), np.full(9, 0.03), np.ones(9), np.zeros(9), np.ones(9)),
        "output": nir.Output({"output": np.array([9])}),
        "third": nir.Affine(rng.normal(0, 0.5, (9, 9)), np.full(9, 0.2)),
    }
    edges = [("input", "late"), ("late", "first"), ("first", "hidden"), ("hidden", "again"), ("again", "hidden")]
    edges += [("hidden", "third"), ("third", "Read Out"), ("Read Out", "output")]
    found = layers(nir.NIRGraph(nodes, edges))
    imported, floats = quantise(found, DT_S), FloatNetwork(found, DT_S)
    network = DeclaredNetwork(imported.spec, BODILESS, imported.arrays)
    same = fired = 0
    q = next(x for x in imported.layers if x.name == "read_out")
    for tick in range(300):
        x = rng.random(12) < 0.15
        floats.step(x.astype(float))
        events = np.flatnonzero(x).astype(np.uint16)
        network.tick(events, len(events), NONE, NONE)
        same += int((network.arrays["hidden.fired"] == floats.out["hidden"]).sum())
        fired += int(floats.out["hidden"].sum())
        if tick == 299:
            np.testing.assert_allclose(network.arrays["read_out.v"] / q.scale, floats.v["Read Out"], atol=0.05)
            assert network.value("read_out_3") == network.arrays["read_out.v"][3]
    assert fired > 100
    assert same > 0.96 * 300 * 9


def test_the_report_names_every_layer_and_its_error() -> None:
    report = quantise(layers(dense("LIF")), DT_S).report()
    for word in ("hidden", "out", "LIF", "1200", "0.5"):
        assert word in report.replace("1190", "1200"), word


@pytest.mark.parametrize("harm", ["missing", "empty", "cut", "flipped", "foreign"])
def test_a_damaged_file_is_one_clear_line(harm: str, tmp_path: Path) -> None:
    file = tmp_path / "net.nir"
    nir.write(file, dense("LIF"))
    data = bytearray(file.read_bytes())
    if harm == "missing":
        file.unlink()
    elif harm == "flipped":
        data[8:200] = bytes(b ^ 0x55 for b in data[8:200])
        file.write_bytes(data)
    else:
        file.write_bytes({"empty": b"", "cut": data[: len(data) // 2], "foreign": b"\x89PNG" * 100}[harm])
    with pytest.raises(UserError) as caught:
        read(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_we_do_not_know_or_cannot_hold_is_named() -> None:
    graph = dense("LIF")
    graph.nodes["hidden"] = nir.Threshold(np.ones(40))
    with pytest.raises(UserError, match="node hidden is a Threshold; we know IF, LIF"):
        layers(graph)
    with pytest.raises(UserError, match=r"tau of hidden is 20 ms, below the tick of 30 ms; lower --dt-ms"):
        quantise(layers(dense("LIF")), 0.03)
    wrong = dense("LIF")
    wrong.nodes["second"] = nir.Linear(np.ones((10, 39)))
    with pytest.raises(UserError, match=r"node second \(Linear\) does not take \(40,\)"):
        layers(wrong)
    low = dense("LIF")
    low.nodes["hidden"].v_threshold[3] = -1
    with pytest.raises(UserError, match="fires at or below its reset"):
        layers(low)
    graded = dense("LIF")
    graded.nodes["hidden"] = nir.LI(np.full(40, 0.02), np.ones(40), np.zeros(40))
    with pytest.raises(UserError, match="out is fed by the membranes of hidden"):
        quantise(layers(graded), DT_S)


CUBAS = Declared(
    populations={
        "seen": Cuba(18, keep_voltage=3900, threshold=9000, bias=7),
        "out": Cuba(5, keep_current=3000, keep_voltage=4000, threshold=20000),
    },
    events={"skin": Events(size=32)},
    connections={
        "patch": Conv("skin", "seen", (2, 4, 4), 2, kernel=2, weight=20, spread=60),
        "on": Columns("seen", "out", spread=90, exponent=1),
        "back": Sparse("out", "out", spread=50, density=0.5, delay_ticks=2),
    },
)


def test_an_exported_network_comes_back_and_fires_the_same(tmp_path: Path) -> None:
    network = DeclaredNetwork(CUBAS, BODILESS)
    write(export(network, DT_S), tmp_path / "net.nir")
    assert [p.name for p in tmp_path.iterdir()] == ["net.nir"]
    found = read(tmp_path / "net.nir")
    floats, imported = FloatNetwork(found, DT_S), quantise(found, DT_S)
    again = DeclaredNetwork(imported.spec, BODILESS, imported.arrays)
    rng, alike, back, fired = np.random.default_rng(6), 0, 0, 0
    for _ in range(500):
        events = np.flatnonzero(rng.random(32) < 0.1).astype(np.uint16)
        x = np.zeros(32)
        x[events] = 1
        network.tick(events, len(events), NONE, NONE)
        again.tick(events, len(events), NONE, NONE)
        out = floats.step(x)
        mine = np.concatenate([network.arrays["seen.fired"], network.arrays["out.fired"]])
        alike += int((mine == np.concatenate([out["seen"], out["out"]])).sum())
        back += int((mine == np.concatenate([again.arrays["seen.fired"], again.arrays["out.fired"]])).sum())
        fired += int(mine.sum())
    assert fired > 300
    assert alike > 0.995 * 500 * 23  # but for the truncation of decays, which NIR cannot say
    assert back > 0.98 * 500 * 23  # weights of 8 bits, each neuron's on a scale of its own


def test_what_nir_cannot_say_is_said_in_one_line() -> None:
    spec = replace(CUBAS, populations={**CUBAS.populations, "spare": Lif(3)})
    with pytest.raises(UserError, match="population spare is lif: its reset subtracts the threshold") as caught:
        export(DeclaredNetwork(spec, BODILESS), DT_S)
    assert "\n" not in str(caught.value)
    assert unsayable(CUBAS) == []
    medley = runpy.run_path(str(Path(__file__).with_name("medley.py")))["MEDLEY"]
    said = "; ".join(unsayable(medley))
    for part in ("bumpy", "wild", "steady learns", "pairs learns", "push learns", "drive carries analog", "torque_n_m"):
        assert part in said
