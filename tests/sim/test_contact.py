"""The soft skin: forces are kept, friction is obeyed bristle by bristle, and the rim knows it before anything moves."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sensors.spec import Skin
from sensors.taxel import KINDS, VIBRATION, Afferents
from sim.contact import SoftSkin
from sim.spec import Contact

QUIET = Skin(lag_ms=0.0, noise_n=0.0, noise_ratio=0.0)
PAD_HALF_M = 0.012
DT_S = 1e-3


def touch(normal_n: float, friction: float = 0.5, shear_n: float = 0.0, slide_m_per_s: float = 0.0) -> Contact:
    """A flat object under four points a pad; each pad is loaded by `shear_n`, downward."""
    contact = Contact.empty(PAD_HALF_M)
    contact.friction = friction
    if normal_n > 0:
        contact.count[:] = 4
        contact.point_m[:, :4] = 0.006 * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
        contact.normal_n[:, :4] = normal_n / 4
    contact.shear_n[:, 1] = -shear_n
    contact.slide_m_per_s[:, 1] = -slide_m_per_s
    return contact


def skin(spec: Skin = QUIET, seed: int = 1) -> SoftSkin:
    made = SoftSkin(spec)
    made.reset(np.random.default_rng(seed), 1.5e-4)
    return made


def settle(pads: SoftSkin, contact: Contact, ticks: int = 300) -> NDArray[np.int16]:
    for _ in range(ticks):
        readings = pads.read(contact, DT_S)
    return readings


def still_texture(pads: SoftSkin) -> SoftSkin:
    """Take the texture's ripple out, so that pressures can be compared with forces to a rounding error."""
    pads._phase[:] = 0.0
    return pads


@pytest.mark.parametrize("taxels", [4, 5, 6, 7, 8])
@settings(max_examples=15, deadline=None)
@given(st.integers(1, 8), st.floats(0.05, 20), st.integers(0, 2**32 - 1))
def test_pressure_sums_to_the_normal_force_wherever_it_acts(
    taxels: int, points: int, force_n: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    contact = touch(0.0)
    contact.count[:] = points, max(points - 1, 1)
    contact.point_m[:] = rng.uniform(-PAD_HALF_M, PAD_HALF_M, contact.point_m.shape)
    contact.normal_n[:] = rng.uniform(0, force_n, contact.normal_n.shape)
    readings = still_texture(skin(Skin(taxels=taxels, lag_ms=0.0, noise_n=0.0, noise_ratio=0.0))).read(contact, DT_S)
    for pad in range(2):
        wanted_mn = 1e3 * contact.normal_n[pad, : contact.count[pad]].sum()
        assert readings[pad, ..., 0].sum() == pytest.approx(wanted_mn, abs=0.5 * taxels**2 + 1e-3)
        assert readings[pad, ..., 0].min() >= 0


def test_texture_only_ripples_the_pressure() -> None:
    for seed in range(5):
        readings = skin(seed=seed).read(touch(3.0), DT_S)
        assert readings[..., 0].sum((1, 2)) == pytest.approx([3000, 3000], rel=0.03)


def test_a_contact_is_felt_where_it_is() -> None:
    contact = touch(0.0)
    contact.count[:], contact.normal_n[:, 0] = 1, 1.0
    contact.point_m[0, 0], contact.point_m[1, 0] = (0.005, -0.003), (-0.005, 0.003)
    readings = still_texture(skin()).read(contact, DT_S)[..., 0]
    centre_m = (np.arange(8) + 0.5) * 0.003 - PAD_HALF_M
    for pad in range(2):
        u_m = (readings[pad].sum(0) * centre_m).sum() / readings[pad].sum()
        v_m = (readings[pad].sum(1) * centre_m).sum() / readings[pad].sum()
        assert (u_m, v_m) == pytest.approx(tuple(contact.point_m[pad, 0]), abs=2e-4)


def test_when_contact_points_leap_the_patch_flows_after_them_and_the_force_is_not_delayed() -> None:
    contact, pads = touch(0.0), still_texture(skin())
    contact.count[:] = 1
    centre_m = (np.arange(8) + 0.5) * 0.003 - PAD_HALF_M
    where_m = []
    for tick in range(400):
        contact.point_m[:, 0, 0] = 0.004 if tick >= 20 else -0.004
        contact.normal_n[:, 0] = 2.0 if tick >= 20 else 1.0
        pressure = pads.read(contact, DT_S)[0, ..., 0].astype(float)
        assert pressure.sum() == pytest.approx(2000 if tick >= 20 else 1000, abs=35)
        where_m.append(float((pressure.sum(0) * centre_m).sum() / pressure.sum()))
    assert where_m[19] == pytest.approx(-0.004, abs=2e-4)
    assert np.diff(where_m[19:]).min() > -1e-5
    assert where_m[25] < 0.0
    assert where_m[-1] == pytest.approx(0.004, abs=2e-4)


@pytest.mark.parametrize("friction", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("share", [-0.6, 0.0, 0.3, 0.8, 0.95])
def test_below_the_coulomb_limit_the_skin_carries_the_whole_shear(friction: float, share: float) -> None:
    wanted_n = share * friction * 2.0
    readings = settle(skin(), touch(2.0, friction, wanted_n))
    assert readings[..., 2].sum((1, 2)) == pytest.approx([-1e3 * wanted_n] * 2, abs=2e-3 * 2000 + 40)
    assert abs(readings[..., 1]).max() == 0


@pytest.mark.parametrize("friction", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("share", [1.1, 1.5, 4.0])
def test_above_the_coulomb_limit_it_carries_friction_times_normal_and_no_more(friction: float, share: float) -> None:
    readings = settle(skin(), touch(2.0, friction, share * friction * 2.0))
    assert readings[..., 2].sum((1, 2)) == pytest.approx([-2000 * friction] * 2, rel=0.01, abs=32)


def test_a_sliding_object_drags_by_friction_times_normal_against_its_motion() -> None:
    readings = settle(skin(), touch(2.0, 0.4, 0.8, slide_m_per_s=0.02))
    assert readings[..., 2].sum((1, 2)) == pytest.approx([-800, -800], rel=0.01, abs=32)
    readings = settle(skin(), touch(2.0, 0.4, -0.8, slide_m_per_s=-0.02))
    assert readings[..., 2].sum((1, 2)) == pytest.approx([800, 800], rel=0.01, abs=32)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_taxel_ever_carries_more_than_friction_allows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pads = skin()
    for _ in range(20):
        friction = rng.uniform(0.1, 1.0)
        contact = touch(rng.uniform(0, 6), friction)
        contact.shear_n[:] = rng.normal(0, 2, (2, 2))
        contact.slide_m_per_s[:] = rng.normal(0, 0.02, (2, 2))
        readings = pads.read(contact, DT_S).astype(int)
        carried = np.hypot(readings[..., 1], readings[..., 2])
        # Texture takes up to a tenth off the pressure that is read.
        assert (carried <= friction * (readings[..., 0] + 0.5) / 0.9 + 1.0).all()


def test_only_the_sum_of_both_pads_vertical_shear_has_a_meaning() -> None:
    uneven = touch(2.0)
    uneven.shear_n[:] = [[0.1, -0.9], [-0.2, 0.1]]
    even = touch(2.0)
    even.shear_n[:] = [[0.1, -0.4], [-0.2, -0.4]]
    np.testing.assert_array_equal(settle(skin(), uneven), settle(skin(), even))


def test_horizontal_shear_is_each_pads_own() -> None:
    contact = touch(2.0, 0.5, 0.3)
    contact.shear_n[:, 0] = 0.2, -0.4
    readings = settle(skin(), contact)
    assert readings[..., 1].sum((1, 2)) == pytest.approx([200, -400], abs=40)
    assert readings[..., 2].sum((1, 2)) == pytest.approx([-300, -300], abs=40)


def rim_ratio(friction: float, share: float, seed: int = 1) -> float:
    """Shear over normal force of the lightly pressed taxels, after the load has grown to `share` of the limit."""
    pads, afferents = skin(Skin(), seed), Afferents(8)
    ratios = []
    for tick in range(500):
        shear_n = share * friction * 2.0 * min(tick / 300, 1.0)
        afferents.sense(pads.read(touch(2.0, friction, shear_n), DT_S), 1000 * tick)
        ratios.append(afferents.rim[1] / max(afferents.rim[0], 1))
    return float(np.mean(ratios[400:]))


@pytest.mark.parametrize("friction", [0.2, 0.5, 1.0])
def test_the_rim_knows_friction_before_the_object_moves(friction: float) -> None:
    light, half, heavy, most = (rim_ratio(friction, share) / friction for share in (0.3, 0.5, 0.8, 0.95))
    assert light < 0.8
    assert light < half < heavy
    assert heavy == pytest.approx(1.0, abs=0.08)
    assert most == pytest.approx(1.0, abs=0.08)


def test_the_rim_lets_go_first_and_the_core_last() -> None:
    pads = still_texture(skin())
    for tick in range(300):
        readings = pads.read(touch(2.0, 0.5, 0.5 * tick / 300), DT_S)
    normal, shear = readings[0, ..., 0].astype(float), -readings[0, ..., 2].astype(float)
    pressed = normal > 4
    ratio = np.where(pressed, shear / np.maximum(normal, 1), np.nan)
    core, rim = normal > 0.7 * normal.max(), pressed & (normal < 0.3 * normal.max())
    assert np.nanmean(ratio[core]) < 0.8 * np.nanmean(ratio[rim])


def test_after_a_contact_the_skin_is_as_before_it() -> None:
    pads = skin()
    settle(pads, touch(3.0, 0.6, 1.5))
    assert not settle(pads, touch(0.0), 2).any()
    assert (settle(pads, touch(2.0, 0.6, 0.0))[..., 2] == 0).all()


def test_shear_relaxes_when_the_load_is_taken_away() -> None:
    pads = skin()
    loaded = settle(pads, touch(2.0, 0.6, 0.8))[..., 2].sum((1, 2)).copy()
    relaxed = settle(pads, touch(2.0, 0.6, 0.0))[..., 2].sum((1, 2))
    assert (loaded < -750).all()
    assert abs(relaxed).max() < 50


def test_the_same_generator_gives_the_same_readings_and_another_gives_others() -> None:
    def history(seed: int, pads: SoftSkin) -> NDArray[np.int16]:
        pads.reset(np.random.default_rng(seed), 1.5e-4)
        contacts = (touch(2.0, 0.5, 0.005 * tick, 0.01 * (tick > 100)) for tick in range(200))
        return np.array([pads.read(contact, DT_S).copy() for contact in contacts])

    pads = SoftSkin(Skin())
    first = history(7, pads)
    np.testing.assert_array_equal(first, history(7, SoftSkin(Skin())))
    np.testing.assert_array_equal(first, history(7, pads))
    assert (first != history(8, pads)).any()


@pytest.mark.parametrize("lag_ms", [2.0, 5.0])
def test_the_pad_lags_by_its_time_constant(lag_ms: float) -> None:
    pads = still_texture(skin(Skin(lag_ms=lag_ms, noise_n=0.0, noise_ratio=0.0)))
    sums = [pads.read(touch(4.0), DT_S)[0, ..., 0].sum() for _ in range(40)]
    for ms in (1, 3, 10):
        assert sums[ms - 1] == pytest.approx(4000 * (1 - np.exp(-ms / lag_ms)), abs=35)
    assert sums[-1] == pytest.approx(4000, abs=35)


def test_noise_is_as_strong_as_the_scenario_says() -> None:
    pads = skin(Skin(lag_ms=0.0, noise_n=0.02, noise_ratio=0.0))
    idle = np.array([pads.read(touch(0.0), DT_S).copy() for _ in range(300)])
    assert idle.std() == pytest.approx(20, rel=0.05)
    assert abs(idle.mean()) < 1
    pads = skin(Skin(lag_ms=0.0, noise_n=0.0, noise_ratio=0.05))
    pressed = np.array([pads.read(touch(8.0), DT_S)[..., 0].copy() for _ in range(300)]).astype(float)
    strong = pressed.mean(0) > 100
    assert (pressed.std(0)[strong] / pressed.mean(0)[strong]).mean() == pytest.approx(0.05, rel=0.1)


def test_noise_of_neighbouring_taxels_has_nothing_in_common() -> None:
    pads = skin(Skin(lag_ms=0.0, noise_n=0.02, noise_ratio=0.0))
    idle = np.array([pads.read(touch(0.0), DT_S).ravel().copy() for _ in range(1000)]).astype(float)
    correlation = np.corrcoef(idle.T) - np.eye(idle.shape[1])
    assert abs(correlation).max() < 0.2  # 6 standard errors of 1000 samples
    alike = [np.corrcoef(idle[:-lag].ravel(), idle[lag:].ravel())[0, 1] for lag in (1, 2, 3)]
    assert abs(np.array(alike)).max() < 0.02


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_surface_that_slides_flutters_five_times_more_than_one_that_sticks(seed: int) -> None:
    def rate(slide_m_per_s: float, share: float) -> int:
        pads, afferents, spikes = skin(Skin(), seed), Afferents(8), 0
        for tick in range(800):
            sliding = slide_m_per_s if tick >= 300 else 0.0
            afferents.sense(pads.read(touch(2.0, 0.5, share, sliding), DT_S), 1000 * tick)
            kinds = afferents.events["y"][: afferents.count] // 8
            spikes += int((kinds == VIBRATION).sum()) if tick >= 300 else 0
        return spikes

    sticking, sliding = rate(0.0, 0.5), rate(0.01, 1.0)
    assert sliding >= 5 * max(sticking, 20), (sticking, sliding)


def test_the_events_of_a_slide_lie_in_the_frame_of_the_sensor() -> None:
    for taxels in (4, 5, 6, 7, 8):
        pads, afferents = skin(Skin(taxels=taxels)), Afferents(taxels)
        for tick in range(1, 400):
            events = afferents.events[: afferents.sense(pads.read(touch(2.0, 0.5, 1.0, 0.02), DT_S), 1000 * tick)]
            assert (events["x"] < 2 * taxels).all()
            assert (events["y"] < KINDS * taxels).all()
            assert (events["t"] == 1000 * tick).all()
        assert afferents.count > 0


def test_reading_keeps_no_memory() -> None:
    pads, contact = skin(Skin()), touch(2.0, 0.5, 0.6)
    pads.read(contact, DT_S)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(1000):
        pads.read(contact, DT_S)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 2000, grown


def test_readings_saturate_instead_of_wrapping() -> None:
    contact = touch(0.0)
    contact.count[:], contact.normal_n[:, 0] = 1, 5000.0
    readings = skin().read(contact, DT_S)
    assert readings[..., 0].max() == 32767
    assert readings[..., 0].min() >= 0
