"""The address map: every event to its address, once per tick where that is asked, and no loss uncounted."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sensors.address import NOWHERE, AddressMap
from sensors.signals import EVENT, MAX_SPIKES, Sensed

WIDTH, HEIGHT, ONCE = 16, 8, 500


def events(rng: np.random.Generator, count: int) -> NDArray[np.void]:
    made = np.zeros(count, EVENT)
    made["x"], made["y"] = rng.integers(WIDTH, size=count), rng.integers(HEIGHT, size=count)
    made["on"] = rng.random(count) < 0.5
    return made


def identity() -> NDArray[np.uint16]:
    return np.arange(2 * HEIGHT * WIDTH, dtype=np.uint16).reshape(2, HEIGHT, WIDTH)


@pytest.fixture
def sensed() -> Sensed:
    return Sensed(0, np.zeros(MAX_SPIKES, np.uint16), 0, 0, np.zeros(1, np.int16), np.zeros(1, np.int16))


def test_an_event_goes_to_the_address_of_its_polarity_row_and_column(sensed: Sensed) -> None:
    table, made = identity(), events(np.random.default_rng(1), 30)
    AddressMap(table).route(made, 30, sensed)
    assert sensed.spikes[: sensed.count].tolist() == [int(table[int(e["on"]), e["y"], e["x"]]) for e in made]
    assert sensed.overflow == 0


def test_only_the_events_of_this_tick_are_routed(sensed: Sensed) -> None:
    AddressMap(identity()).route(events(np.random.default_rng(1), 30), 4, sensed)
    assert sensed.count == 4


def test_events_to_nowhere_vanish_without_being_counted_as_lost(sensed: Sensed) -> None:
    table = identity()
    table[0] = NOWHERE
    made = events(np.random.default_rng(2), 40)
    AddressMap(table).route(made, 40, sensed)
    assert sensed.count == made["on"].sum()
    assert sensed.overflow == 0


def test_what_does_not_fit_is_counted_and_the_first_come_are_kept(sensed: Sensed) -> None:
    table, made = identity(), events(np.random.default_rng(3), 130)
    route = AddressMap(table)
    route.route(made, 130, sensed)
    assert (sensed.count, sensed.overflow) == (MAX_SPIKES, 130 - MAX_SPIKES)
    assert sensed.spikes.tolist() == [int(table[int(e["on"]), e["y"], e["x"]]) for e in made[:MAX_SPIKES]]
    route.route(made, 7, sensed)
    assert (sensed.count, sensed.overflow) == (MAX_SPIKES, 137 - MAX_SPIKES)


def test_two_sensors_share_one_tick(sensed: Sensed) -> None:
    skin, eye = AddressMap(identity()), AddressMap(identity() + np.uint16(300))
    made = events(np.random.default_rng(4), 10)
    skin.route(made, 10, sensed)
    eye.route(made, 10, sensed)
    assert sensed.count == 20
    assert (sensed.spikes[10:20] == sensed.spikes[:10] + 300).all()


def test_a_pooled_address_speaks_once_per_tick_and_again_in_the_next(sensed: Sensed) -> None:
    table = identity()
    table[1] = ONCE
    made = events(np.random.default_rng(5), 40)
    route = AddressMap(table, once=(ONCE,))
    for _ in range(3):
        sensed.count = 0
        route.route(made, 40, sensed)
        spoken = sensed.spikes[: sensed.count].tolist()
        assert spoken.count(ONCE) == 1
        assert len(spoken) == 1 + int((~made["on"]).sum())
    route.reset()
    sensed.count = 0
    route.route(made, 40, sensed)
    assert sensed.spikes[: sensed.count].tolist().count(ONCE) == 1


def test_a_pooled_address_that_does_not_fit_is_lost_once(sensed: Sensed) -> None:
    table = np.full((2, HEIGHT, WIDTH), ONCE, np.uint16)
    sensed.count = MAX_SPIKES
    AddressMap(table, once=(ONCE,)).route(events(np.random.default_rng(6), 50), 50, sensed)
    assert sensed.overflow == 1


def test_an_address_that_may_repeat_does_repeat(sensed: Sensed) -> None:
    made = np.zeros(5, EVENT)
    AddressMap(identity()).route(made, 5, sensed)
    assert sensed.count == 5
