from __future__ import annotations

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.representations import EventImage, TimeSurface, VoxelGrid

from .streams import stream

W, H = 16, 12
EVENTS = stream(6, 3000, W, H)


def test_a_time_surface_decays_from_the_last_event_of_each_polarity():
    surface = TimeSurface(W, H)
    surface.add(EVENTS[:1000], 1000)
    surface.add(EVENTS[1000:], 2000)
    expected = np.zeros((2, H, W), np.float64)
    now = int(EVENTS["t"].max()) + 100
    for t, x, y, p in EVENTS.tolist():
        expected[int(p), y, x] = np.exp(-(now - t) / 5000)
    image = np.zeros((2, H, W), np.float32)
    surface.show(now, 5000, image)
    assert np.allclose(image, expected, atol=1e-6)
    surface.reset()
    surface.show(now, 5000, image)
    assert not image.any()


def test_a_voxel_grid_shares_each_event_between_two_planes_and_loses_no_charge():
    first, span, bins = int(EVENTS["t"][500]), 20_000, 5
    voxels = VoxelGrid(W, H, bins)
    voxels.start(first, span)
    lost = voxels.add(EVENTS[:1500], 1500) + voxels.add(EVENTS[1500:], 1500)
    expected = np.zeros((bins, H, W))
    inside = 0
    for t, x, y, p in EVENTS.tolist():
        if first <= t < first + span:
            inside += 1
            place = (bins - 1) * (t - first) / span
            for b in range(bins):
                expected[b, y, x] += (1 if p else -1) * max(0.0, 1 - abs(b - place))
    assert lost == EVENTS.size - inside
    assert np.allclose(voxels.grid, expected, atol=1e-4)


def test_an_event_image_counts_and_shows_grey_where_nothing_happened():
    image = EventImage(W, H)
    image.add(EVENTS, EVENTS.size)
    expected = np.zeros((2, H, W), np.int32)
    np.add.at(expected, (EVENTS["p"].astype(int), EVENTS["y"], EVENTS["x"]), 1)
    assert (image.counts == expected).all()
    picture = np.zeros((H, W), np.uint8)
    image.show(4, picture)
    net = expected[1] - expected[0]
    assert (picture == np.clip(128 + np.floor_divide(127 * net, 4), 0, 255)).all()


def test_events_outside_the_sensor_are_refused():
    voxels = VoxelGrid(W - 1, H, 3)
    voxels.start(0, 10**9)
    for each in (TimeSurface(W - 1, H), voxels, EventImage(W - 1, H)):
        with pytest.raises(UserError, match="outside 15 x 12"):
            each.add(EVENTS, EVENTS.size)
