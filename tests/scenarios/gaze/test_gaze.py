"""A head follows a moving object by events alone, is scored as defined, and replays bit for bit."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from scenarios import load
from scenarios.gaze.schema import SCHEMA
from scenarios.gaze.score import judge
from scenarios.recording import NAME, Recording
from scenarios.replay import replay
from scenarios.run import run
from scenarios.trace import Trace
from sensors.errors import UserError
from sim.gaze_spec import EFFORT, Head, Lens, cell_angles, enough
from sim.target import direction, draw_sight, onsets_s

SHORT = ("episodes=1", "seed=3", "world.show.moves=1", "world.show.swing_s=0.3")


def test_an_episode_is_drawn_from_seed_and_index_alone():
    head = Head()
    assert draw_sight(head, 5, 2) == draw_sight(head, 5, 2)
    assert draw_sight(head, 5, 2) != draw_sight(head, 5, 3)


@pytest.mark.parametrize("index", range(5))
def test_an_object_rests_until_its_first_move_and_never_jumps(index):
    head = Head()
    sight = draw_sight(head, 7, index)
    first = onsets_s(sight)[0]
    assert direction(sight, first) == sight.start_rad
    fastest = math.radians(head.show.speed_deg_per_s[1])
    way = [direction(sight, k * 1e-3) for k in range(round(sight.duration_s * 1e3))]
    assert max(math.dist(a, b) for a, b in pairwise(way)) < 1.6 * fastest * 1e-3, "pan and tilt at once"


def test_cells_look_left_of_the_axis_on_the_left_and_above_it_on_top():
    columns, rows = cell_angles(Lens())
    assert (np.diff(columns) < 0).all()
    assert (np.diff(rows) < 0).all()
    assert columns[0] == -columns[-1] == rows[0] > 0
    assert np.degrees(columns[0] * 1e-4) == pytest.approx(20.0, abs=1.5), "half the field, less half a cell"


def trace(answer_ms: int | None, unrest_nm: float = 0.0) -> Trace:
    """An episode whose head lags 2 degrees behind and whose effort, if at all, answers the first move after a while."""
    sight = draw_sight(Head(), 1, 0)
    ticks = round(sight.duration_s * 1e3)
    truth, zeros = np.zeros(ticks, SCHEMA.truth), np.zeros(ticks, np.uint16)
    way = np.array([direction(sight, (k + 1) * 1e-3) for k in range(ticks)])
    truth["target_pan_rad"], truth["target_tilt_rad"] = way.T
    truth["error_rad"], truth["visible"] = math.radians(2.0), True
    effort = np.zeros((ticks, 2), np.int16)
    if answer_ms is not None:
        row = round(sight.legs[0][0] * 1e3) + answer_ms
        along = np.array(sight.legs[0][2:]) - np.array(sight.start_rad)
        effort[row:] = np.rint(0.01 / EFFORT[0].lsb * along / np.linalg.norm(along))
    shaking = np.random.default_rng(3).normal(0, unrest_nm / EFFORT[0].lsb, (ticks, 2))
    effort += np.rint(shaking).astype(np.int16)
    return Trace(
        sight, 1000, 2000, np.zeros((ticks, 4), np.int16), np.zeros((ticks, 1), np.int16), effort, zeros, zeros,
        np.zeros(0, np.uint16), truth, np.zeros(ticks, SCHEMA.probe),
    )  # fmt: skip


def test_error_and_answer_are_what_they_are_defined_to_be():
    verdict = judge(trace(17))
    assert verdict.mean_deg == pytest.approx(2.0, abs=1e-4)
    assert verdict.p95_deg == pytest.approx(2.0, abs=1e-4)
    assert verdict.answers_ms[0] == 17.0
    assert verdict.seen == 1.0


def test_the_answer_of_a_restless_command_must_stand_out_of_its_own_unrest():
    calm, shaken = judge(trace(17, 1e-4)), judge(trace(17, 6e-3))
    assert calm.answers_ms[0] == 17.0
    assert shaken.noise_nm == pytest.approx(6e-3, rel=0.1)
    assert shaken.answers_ms[0] is None, "10 mN m do not stand out of five times 6"
    assert calm.false_answers == shaken.false_answers == 0


def test_a_command_that_has_not_come_to_rest_is_told_by_its_false_answers():
    restless = trace(None)
    row = round(onsets_s(restless.episode)[0] * 1e3)
    along = np.array(restless.episode.legs[0][2:]) - np.array(restless.episode.start_rad)
    restless.effort[row - 60 : row - 58] = np.rint(0.02 / EFFORT[0].lsb * along / np.linalg.norm(along))
    assert judge(restless).false_answers == 1


def test_a_move_that_nobody_answers_has_no_latency():
    assert judge(trace(None)).answers_ms[0] is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            ("controller={kind='reflex'}",),
            'controller.kind = "reflex" cannot drive world.kind = "pan_tilt"; expected gaze',
        ),
        (("world.show.size_deg=[5,3]",), "world.show.size_deg = [5.0, 3.0] is not a range"),
        (("world.camera.cells=9",), "expected 8 or 16 or 32"),
        (("world.filters=1",), "world.filters is not a setting"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(settings, said):
    with pytest.raises(UserError) as caught:
        load.load("gaze", settings)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_head_turns_to_a_target_in_a_glance_and_does_not_swing_past_it(tmp_path):
    run(load.load("gaze", ("episodes=4", "seed=3")), tmp_path / "glance", compare=False, report=False)
    for trace in Recording(tmp_path / "glance" / NAME).traces:
        error_deg = np.degrees(trace.truth["error_rad"])
        assert error_deg[:20].max() > 3.0, "the target appears away from the axis"
        assert error_deg[120:700].max() < 1.2


@pytest.mark.parametrize(
    ("width", "fov_deg", "events"), [(64, 40.0, 1), (128, 40.0, 1), (240, 40.0, 3), (346, 40.0, 4), (128, 20.0, 3)]
)
def test_cells_of_finer_pixels_need_more_events_unless_told(width, fov_deg, events):
    assert enough(Lens(width=width, fov_deg=fov_deg)) == events
    assert enough(Lens(width=width, fov_deg=fov_deg, threshold=2)) == 2


@pytest.mark.parametrize(
    "setting",
    ["world.camera.width=346", "controller.most_nm=0.3", "world.show.payload_ratio=[3.0,3.0]"],
)
def test_other_heads_are_calm_at_rest(tmp_path, setting):
    more = ("world.motors.torque_nm=0.3",) if "most_nm" in setting else ()
    scenario = load.load("gaze", ("episodes=2", "seed=12", setting, *more))
    result = run(scenario, tmp_path / "r", compare=False, report=False)
    assert result["noise_mnm"] < 5.0
    assert result["error_deg"]["mean"] < 0.4


@pytest.mark.parametrize(("cells", "most_deg"), [(8, 4.0), (16, 1.5), (32, 0.6)])
def test_coarse_cells_lose_precision_but_not_the_object(tmp_path, cells, most_deg):
    scenario = load.load("gaze", ("episodes=1", "seed=3", f"world.camera.cells={cells}"))
    result = run(scenario, tmp_path / "coarse", compare=False, report=False)
    assert result["seen_share"] == 1.0
    assert result["error_deg"]["mean"] < most_deg


@pytest.mark.parametrize(("delay_ms", "most_deg"), [(0, 0.4), (10, 0.6), (20, 1.2)])
def test_a_head_whose_senses_are_late_follows_and_does_not_shake(tmp_path, delay_ms, most_deg):
    scenario = load.load("gaze", ("episodes=1", "seed=3", f"world.delay_ms={delay_ms}"))
    result = run(scenario, tmp_path / "late", compare=False, report=False)
    assert result["error_deg"]["mean"] < most_deg
    assert result["noise_mnm"] < 6.0, "of 120, at rest"


def test_a_run_keeps_its_object_in_the_picture_and_replays_bit_for_bit(tmp_path):
    result = run(load.load("gaze", SHORT), tmp_path / "r", compare=False, report=False)
    assert result["seen_share"] == 1.0
    assert 0.0 < result["error_deg"]["mean"] < 0.6
    assert result["moves"] == {"answered": 1, "of": 1, "false": 0}
    assert replay(tmp_path / "r").identical
