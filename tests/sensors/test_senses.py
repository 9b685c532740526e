from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from sensors.address import AddressMap
from sensors.chain import chain
from sensors.errors import UserError
from sensors.events import open_events
from sensors.senses import Sense
from sensors.signals import MAX_SPIKES, Sensed
from sensors.skins.device import PRESETS
from sensors.skins.simulator import PtySkin
from sensors.stream import NO_TRIGGERS, Damage, Origin, Stream

from .streams import stream as random_events

W, H = 6, 5
TABLE = np.arange(2 * W * H, dtype=np.uint16).reshape(2, H, W)


def fresh() -> Sensed:
    return Sensed(0, np.zeros(MAX_SPIKES, np.uint16), 0, 0, np.zeros(0, np.int16), np.zeros(0, np.int16))


def source(packets: list[np.ndarray], damage: bool = False) -> Stream:
    def run() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for packet in packets:
            yield packet, NO_TRIGGERS
        if damage:
            raise Damage("nonsense", 17)

    return Stream("a test", Origin("test", run()), W, H, "asked")


def settled(sense: Sense) -> Sense:
    sense._thread.join(timeout=20)
    return sense


def test_what_came_between_two_ticks_is_filtered_and_routed_at_once() -> None:
    events = random_events(1, 40, W, H)
    sense = settled(Sense(source([events[:15], events[15:]]), chain("polarity(on)", W, H), AddressMap(TABLE)))
    sensed = fresh()
    sense.into(sensed)
    assert sensed.spikes[: sensed.count].tolist() == [int(TABLE[1, e["y"], e["x"]]) for e in events if e["p"]]
    later = fresh()
    sense.into(later)
    assert later.count == 0


def test_a_slow_tick_drops_the_oldest_and_counts_them() -> None:
    events = random_events(2, 90, W, H)
    packets = [events[at : at + 10] for at in range(0, 90, 10)]
    sense = settled(Sense(source(packets), None, AddressMap(TABLE), room=30))
    sensed = fresh()
    sense.into(sensed)
    assert sense.dropped == 60
    assert sensed.spikes[: sensed.count].tolist() == [int(TABLE[int(e["p"]), e["y"], e["x"]]) for e in events[-30:]]


def test_a_source_that_fails_is_told_after_what_came_before() -> None:
    sense = settled(Sense(source([random_events(3, 5, W, H)], damage=True), None, AddressMap(TABLE)))
    sensed = fresh()
    sense.into(sensed)
    assert sensed.count == 5
    with pytest.raises(UserError, match="nonsense at byte 17"):
        sense.into(sensed)


def test_filters_of_another_geometry_are_refused() -> None:
    with pytest.raises(UserError, match="6 x 5 pixels, its filters were made for 5 x 6"):
        Sense(source([]), chain("flip(x)", 5, 6), AddressMap(TABLE))


def test_a_skin_that_is_pressed_becomes_spikes() -> None:
    device = PRESETS["anyskin"]

    def scene(frame: int) -> np.ndarray:
        return np.full((5, 3), 500.0 + 2000.0 * (frame > 800 and frame % 400 < 200), np.float32)

    skin = PtySkin(device, scene, 1000).start()
    opened = open_events(f"anyskin:{skin.path}")
    table = np.arange(2 * 9 * 3, dtype=np.uint16).reshape(2, 9, 3)
    sense = Sense(opened, None, AddressMap(table))
    seen: set[int] = set()
    end = time.monotonic() + 30
    while len(seen) < 5 and time.monotonic() < end:
        sensed = fresh()
        sense.into(sensed)
        seen |= set(sensed.spikes[: sensed.count].tolist())
        sense._thread.join(timeout=0.002)
    sense.close()
    skin.stop()
    assert len(seen) >= 5
