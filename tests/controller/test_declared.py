"""Networks declared part by part: what they compute and refuse, that they repeat, remember and allocate nothing."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from controller.declare import (
    Code,
    Columns,
    Conv,
    Cuba,
    Declared,
    Dense,
    Effort,
    Events,
    Izhikevich,
    Lif,
    Plastic,
    Readout,
    Signal,
    Sparse,
    Stdp,
)
from controller.declared import DeclaredNetwork
from controller.wiring import add_patches
from sensors.errors import UserError

from .memory import assert_nothing_is_allocated

MEDLEY_FILE = Path(__file__).with_name("medley.py")
_MEDLEY = runpy.run_path(str(MEDLEY_FILE))
BODY, MEDLEY, drive = _MEDLEY["BODY"], _MEDLEY["MEDLEY"], _MEDLEY["drive"]
NONE = np.zeros(0, np.int16)


@pytest.fixture
def network() -> DeclaredNetwork:
    return DeclaredNetwork(MEDLEY, BODY)


def test_machine_code_and_plain_python_go_through_the_same_states() -> None:
    said = [
        subprocess.run(
            [sys.executable, MEDLEY_FILE, "120"], capture_output=True, text=True, check=True,
            env=os.environ | {"NUMBA_DISABLE_JIT": off},
        ).stdout.split()
        for off in ("0", "1")
    ]  # fmt: skip
    assert said[0] == said[1]
    assert len(set(said[0])) == 120


def test_every_part_of_the_medley_is_at_work(network: DeclaredNetwork) -> None:
    before = {name: array.copy() for name, array in network.arrays.items()}
    spikes = dict.fromkeys(MEDLEY.populations, 0)
    for tick in range(600):
        drive(network, tick, 1)
        for name in spikes:
            spikes[name] += int(network.arrays[f"{name}.spikes"][0])
            assert network.arrays[f"{name}.spikes"][0] == network.arrays[f"{name}.fired"].sum()
    assert all(spikes.values()), spikes
    for name in (*network.learned, "later.ring", "reward.credit", "bumpy.adaptation", "wild.u", "patchy.u"):
        assert (network.arrays[name] != before[name]).any(), name


def test_the_same_senses_give_the_same_states_and_a_reset_begins_again(network: DeclaredNetwork) -> None:
    first: list[int] = []
    drive(network, 7, 100, first)
    again: list[int] = []
    drive(DeclaredNetwork(MEDLEY, BODY), 7, 100, again)
    assert first == again
    network.reset()
    again.clear()
    drive(network, 7, 100, again)
    assert first == again
    assert DeclaredNetwork(replace(MEDLEY, seed=4), BODY).state_hash() != DeclaredNetwork(MEDLEY, BODY).state_hash()


def test_what_was_learned_is_saved_rolled_back_and_frozen(network: DeclaredNetwork, tmp_path: Path) -> None:
    before = network.snapshot()
    drive(network, 7, 200)
    taught = {name: network.arrays[name].copy() for name in network.learned}
    network.save(tmp_path / "net.img")
    assert [p.name for p in tmp_path.iterdir()] == ["net.img"]
    other = DeclaredNetwork(MEDLEY, BODY)
    other.load(tmp_path / "net.img")
    for name, array in taught.items():
        np.testing.assert_array_equal(other.arrays[name], array)
    assert other.ledger.sum() == 0
    other.learning = False
    drive(other, 8, 100)
    for name, array in taught.items():
        np.testing.assert_array_equal(other.arrays[name], array)
    assert other.ledger[2] == 0
    network.roll_back(before)
    assert network.state_hash() == DeclaredNetwork(MEDLEY, BODY).state_hash()


@pytest.mark.parametrize("harm", ["missing", "empty", "foreign", "cut", "newer", "layout", "flipped", "other network"])
def test_a_bad_image_is_refused_and_changes_nothing(harm: str, network: DeclaredNetwork, tmp_path: Path) -> None:
    file = tmp_path / "net.img"
    network.save(file)
    data = bytearray(file.read_bytes())
    match harm:
        case "missing":
            file.unlink()
        case "empty" | "foreign" | "cut":
            file.write_bytes({"empty": b"", "foreign": b"PNG" + data, "cut": data[:900]}[harm])
        case "other network":
            DeclaredNetwork(replace(MEDLEY, events={}, connections={}), BODY).save(file)
        case _:
            data[{"newer": 8, "layout": 12, "flipped": 1000}[harm]] ^= 4
            file.write_bytes(data)
    drive(network, 3, 20)
    before = network.state_hash()
    with pytest.raises(UserError) as caught:
        network.load(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)
    assert network.state_hash() == before


def test_nothing_is_allocated_per_tick(network: DeclaredNetwork) -> None:
    sensed = BODY.empty_sensed()
    rng = np.random.default_rng(1)
    steps = [
        (rng.integers(0, 24, 48).astype(np.uint16), rng.integers(-9000, 9000, 2).astype(np.int16)) for _ in range(1000)
    ]
    sensed.count = 9

    def run() -> None:
        for sensed.spikes, sensed.analog in steps:
            network.step(sensed)

    assert_nothing_is_allocated(run)


def currents(
    connection: Columns | Sparse | Conv, sources: int, targets: int, spikes: list[int], **arrays: Any
) -> list[int]:
    """What one tick of spikes adds to a population's currents."""
    spec = Declared(
        populations={"there": Lif(targets)}, connections={"wire": connection}, events={"here": Events(size=sources)}
    )
    network = DeclaredNetwork(spec, BODY, {f"wire.{k}": v for k, v in arrays.items()})
    for _ in range(connection.delay_ticks + 1):
        network.tick(np.array(spikes, np.uint16), len(spikes), NONE, NONE)
    return network.arrays["there.current"].tolist()


def test_columns_and_sparse_synapses_carry_the_same_weights() -> None:
    rng = np.random.default_rng(2)
    weight = rng.integers(-127, 128, (40, 13)) * (rng.random((40, 13)) < 0.3)
    spikes = rng.choice(40, 11, replace=False).tolist()
    start, (_, index) = np.concatenate([[0], np.cumsum((weight != 0).sum(1))]), np.nonzero(weight)
    expected = (weight[spikes].sum(0) << 3).tolist()
    assert currents(Columns("here", "there", exponent=3), 40, 13, spikes, weight=weight) == expected
    sparse = {"start": start, "index": index, "weight": weight[weight != 0]}
    assert currents(Sparse("here", "there", exponent=3), 40, 13, spikes, **sparse) == expected
    assert currents(Sparse("here", "there", exponent=3, delay_ticks=4), 40, 13, spikes, **sparse) == expected


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (5, 2, 2), (2, 2, 0), (4, 3, 3)])
def test_convolution_on_events_is_convolution(kernel: int, stride: int, padding: int) -> None:
    rng = np.random.default_rng(kernel)
    weight = rng.integers(-127, 128, (4, 2, kernel, kernel))
    image = rng.random((2, 9, 7)) < 0.2
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding))).astype(int)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), (1, 2))[:, ::stride, ::stride]
    expected = np.einsum("fcij,cyxij->fyx", weight, windows)
    conv = Conv("here", "there", (2, 9, 7), 4, kernel, stride, padding)
    spikes = np.flatnonzero(image).tolist()
    assert currents(conv, image.size, expected.size, spikes, weight=weight) == expected.ravel().tolist()
    # Synaptic events are the products that are not zero.
    by_source = np.ascontiguousarray(weight.transpose(1, 2, 3, 0)).astype(np.int8)
    fan = (by_source != 0).sum(3).astype(np.int32)
    events = add_patches(
        by_source, 9, 7, stride, padding, np.array(spikes), len(spikes), 0, fan, np.zeros(expected.size, np.int32)
    )
    assert events == np.einsum("fcij,cyxij->", (weight != 0).astype(int), windows)


def test_a_delay_is_as_long_as_it_says() -> None:
    spec = Declared(
        populations={"there": Lif(1)},
        events={"here": Events(size=1)},
        connections={"wire": Columns("here", "there", weight=9, delay_ticks=5)},
    )
    network, seen = DeclaredNetwork(spec, BODY), []
    for tick in range(10):
        network.tick(np.zeros(1, np.uint16), int(tick == 2), NONE, NONE)
        seen.append(int(network.arrays["there.current"][0]))
    assert seen == [0] * 7 + [9, 0, 0]


def test_spikes_go_on_in_this_tick_to_what_is_declared_later_and_in_the_next_to_what_is_earlier() -> None:
    spec = Declared(
        populations={"first": Lif(1, threshold=1), "second": Lif(1, threshold=1), "third": Lif(1, threshold=1)},
        events={"here": Events(size=1)},
        connections={
            "start": Columns("here", "second", weight=1),
            "down": Columns("second", "third", weight=1),
            "up": Columns("second", "first", weight=1),
        },
    )
    network, fired = DeclaredNetwork(spec, BODY), []
    for tick in range(3):
        network.tick(np.zeros(1, np.uint16), int(tick == 0), NONE, NONE)
        fired.append([int(network.arrays[f"{n}.fired"][0]) for n in ("first", "second", "third")])
    assert fired == [[0, 1, 1], [1, 0, 0], [0, 0, 0]]


def test_the_body_s_channels_reach_the_effort_within_its_guard() -> None:
    spec = Declared(
        signals={"lag": Signal((("goal.angle_rad", 3), ("analog.angle_rad", -3)), shift=1, constant=7, high=2000)},
        efforts={"torque_n_m": Effort("lag", -500, 900, slew=300)},
    )
    network, sensed = DeclaredNetwork(spec, BODY), BODY.empty_sensed()
    sensed.goal[0], sensed.analog[0] = 1000, 1
    asked = [int(network.step(sensed).effort[0]) for _ in range(5)]
    assert network.value("lag") == (3 * 999 >> 1) + 7
    assert asked == [300, 600, 900, 900, 900]


def test_the_dead_are_silent_from_the_tick_that_is_asked() -> None:
    network = DeclaredNetwork(replace(MEDLEY, dead=0.5, dead_from_ms=50), BODY)
    drive(network, 1, 50)
    assert all((network.arrays[f"{n}.alive"] == 1).all() for n in MEDLEY.populations)
    drive(network, 1, 1)
    dead = {n: network.arrays[f"{n}.alive"] == 0 for n in MEDLEY.populations}
    assert sum(int(d.sum()) for d in dead.values()) > 5
    for tick in range(200):
        drive(network, tick, 1)
        assert not any(network.arrays[f"{n}.fired"][d].any() for n, d in dead.items())


def wire(connection: Any, **parts: Any) -> Declared:
    return Declared(populations={"p": Lif(3)}, events={"e": Events(size=5)}, connections={"c": connection}, **parts)


WRONG = {
    "ends in 'q'; there are p": wire(Columns("e", "q")),
    "comes from 'ev'; did you mean e": wire(Columns("ev", "p")),
    "names 'lagg'; did you mean lag": wire(Code(("lagg",), "p"), signals={"lag": Signal()}),
    "names 'goal.angl'; did you mean goal.angle_rad": Declared(signals={"s": Signal((("goal.angl", 1),))}),
    "in a circle: a -> b -> a": Declared(signals={"a": Signal((("b", 1),)), "b": Signal((("a", 1),))}),
    "in populations and in signals": Declared(populations={"p": Lif(3)}, signals={"p": Signal()}),
    "no effort 'torque'; did you mean torque_n_m": Declared(signals={"s": Signal()}, efforts={"torque": Effort("s")}),
    "region 'skn'; did you mean skin": Declared(events={"e": Events(region="skn")}),
    "of no address": Declared(events={"e": Events()}),
    "either a source or signals": Declared(readouts={"r": Readout()}),
    "lif population; p is another": replace(
        wire(Code(("s",), "p"), signals={"s": Signal()}), populations={"p": Cuba(3)}
    ),
    "has 18 places, e 5": wire(Conv("e", "p", (2, 3, 3), 1, 2)),
    "low 2 is above high 1": wire(Plastic("e", "p", Stdp(), low=2, high=1)),
    "may receive 20807680 in one tick": wire(Columns("e", "p", weight=127, exponent=15)),
    "a cuba neuron takes 131072": replace(wire(Columns("e", "p", weight=127, exponent=9)), populations={"p": Cuba(3)}),
    "600 inputs may sum to 2496921600, its accumulator holds 2147483647": wire(
        Dense(("s",) * 600, "p", weight=127), signals={"s": Signal()}
    ),
    'target "f406" is not known': replace(MEDLEY, target="f406"),
    "target ice40-up5k has 15360": Declared(populations={"p": Izhikevich(2000)}, target="ice40-up5k"),
}  # fmt: skip


@pytest.mark.parametrize("said", WRONG)
def test_a_declaration_that_cannot_be_built_is_refused_in_one_line(said: str) -> None:
    with pytest.raises(UserError) as caught:
        DeclaredNetwork(WRONG[said], BODY)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"c.weight": np.zeros((3, 5), int)}, r"array c.weight is int64 \(3, 5\); expected integers \(5, 3\)"),
        ({"c.weight": np.zeros((5, 3))}, "is float64"),
        ({"c.weight": np.full((5, 3), 128)}, "holds 128; expected -127 to 127"),
        ({"c.wieght": np.zeros((5, 3), int)}, "c.wieght is of no part; did you mean c.weight"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        DeclaredNetwork(wire(Columns("e", "p")), BODY, arrays)


def test_arrays_come_from_a_file_too(tmp_path: Path) -> None:
    weight = np.arange(15).reshape(5, 3)
    np.savez(tmp_path / "net.npz", **{"c.weight": weight})
    spec = replace(wire(Columns("e", "p")), arrays=str(tmp_path / "net.npz"))
    np.testing.assert_array_equal(DeclaredNetwork(spec, BODY).arrays["c.weight"], weight)
    (tmp_path / "net.npz").write_bytes((tmp_path / "net.npz").read_bytes()[:100])
    for bad in (spec, replace(spec, arrays=str(tmp_path / "none.npz"))):
        with pytest.raises(UserError, match=r"n\w+\.npz"):
            DeclaredNetwork(bad, BODY)
