"""Outcomes, slips and alarms on hand-made trials whose right answer is known."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from scenarios.grasp.phases import in_hand, phases
from scenarios.grasp.score import aggregate, judge, outcome
from scenarios.grasp.slips import true_slips
from scenarios.trace import Trace

Build = Callable[..., Trace]
HOLD_ROW, SHAKE_ROW, LOAD_ROW = 2300, 3500, 600


def burst(trace: Trace, row: int, rows: int = 10) -> Trace:
    trace.probe["slip"][row : row + rows] = True
    trace.probe["started"][row] = True
    return trace


def quiet(trace: Trace) -> Trace:
    trace.truth["slip_m_per_s"] = 0
    trace.probe["slip"] = trace.probe["started"] = False
    return trace


def slide(trace: Trace, row: int, rows: int, m_per_s: float) -> Trace:
    trace.truth["slip_m_per_s"][row : row + rows] = m_per_s
    return trace


def test_phases_are_read_off_the_goals(trial: Build) -> None:
    p = phases(trial())
    assert (p.grasp, p.release, p.end) == (100, 5300, 5500)
    assert (p.lift, p.top, p.hold_end, p.lower) == pytest.approx((900, 1900, 2900, 4400), abs=10)


def test_phases_of_a_trial_without_a_lift_are_empty(trial: Build) -> None:
    trace = trial()
    trace.goal[:, 1] = 0
    p = phases(trace)
    assert p.lift == p.top == p.lower == p.release == 5300
    trace.goal[:] = 0
    assert phases(trace).grasp == len(trace.goal)


def test_a_firm_grip_holds(trial: Build) -> None:
    verdict = judge(trial())
    assert verdict.outcome == "held"
    assert verdict.slips == ()
    assert verdict.force_ratio == pytest.approx(1.4, rel=0.01)


def test_a_grip_that_never_lifts_drops_at_the_end_of_the_lift(trial: Build) -> None:
    result, reason, row = outcome(trial(grip_ratio=0.2))
    assert result == "dropped"
    assert "no pad" in reason
    assert row == pytest.approx(1900, abs=2)


def test_an_object_left_on_the_table_was_not_lifted(trial: Build) -> None:
    trace = trial()
    trace.truth["on_table"] = True
    trace.truth["object_m"] = 0
    result, reason, row = outcome(trace)
    assert (result, reason) == ("dropped", "was not lifted")
    assert row == pytest.approx(2899, abs=10)


def test_an_object_that_sinks_15_mm_is_dropped_then(trial: Build) -> None:
    trace = trial(loosen_row=2400, loosen_rows=2000)
    result, reason, row = outcome(trace)
    assert result == "dropped"
    assert "slid" in reason
    assert trace.truth["slip_m"][row] > 0.015 >= trace.truth["slip_m"][row - 1]


def test_a_tick_without_contact_is_not_yet_a_loss_but_20_ms_are(trial: Build) -> None:
    trace = trial()
    trace.truth["contacts"][2400:2419] = 0
    assert outcome(trace)[0] == "held"
    trace.truth["contacts"][2400:2420] = 0
    assert outcome(trace)[::2] == ("dropped", 2400)


def test_too_much_force_crushes_even_before_the_lift(trial: Build) -> None:
    trace = trial()
    trace.truth["grip_n"][700] = trace.truth["crush_limit_n"][700] + 0.01
    assert outcome(trace)[::2] == ("crushed", 700)


def test_what_comes_first_decides_between_crushed_and_dropped(trial: Build) -> None:
    for crush_row, expected in ((2450, "crushed"), (4000, "dropped")):
        trace = trial(loosen_row=2400, loosen_rows=2000)
        trace.truth["grip_n"][crush_row] = 1000
        assert outcome(trace)[0] == expected


def test_losing_the_object_while_lowering_is_no_drop(trial: Build) -> None:
    trace = trial()
    trace.truth["contacts"][4600:] = 0
    assert outcome(trace)[0] == "held"


@pytest.mark.parametrize("delay_us", [0, 5000, 20000])
def test_sensor_delay_is_taken_out_of_latency_and_distance(trial: Build, delay_us: int) -> None:
    trace = slide(quiet(trial(delay_us=delay_us)), HOLD_ROW, 50, 0.01)
    burst(trace, HOLD_ROW + 8 + delay_us // 1000)
    (slip,) = judge(trace).slips
    assert (slip.begin, slip.latency_us) == (HOLD_ROW, 8000)
    assert slip.report_m == pytest.approx(8e-5)
    assert slip.moved_m == pytest.approx(5e-4)


def test_a_burst_before_the_slip_is_early_with_nothing_slipped(trial: Build) -> None:
    trace = burst(slide(quiet(trial()), HOLD_ROW, 50, 0.01), HOLD_ROW - 10)
    (slip,) = judge(trace).slips
    assert (slip.latency_us, slip.report_m) == (-15_000, 0.0)
    assert aggregate([trace])["slip_early_share"] == 1.0


@pytest.mark.parametrize(("offset", "found"), [(-31, False), (-30, True), (50 + 20 + 40 + 5, True), (50 + 66, False)])
def test_a_slip_is_found_only_within_its_window(trial: Build, offset: int, found: bool) -> None:
    trace = burst(slide(quiet(trial()), HOLD_ROW, 50, 0.01), HOLD_ROW + offset, rows=1)
    (slip,) = judge(trace).slips
    assert (slip.report is not None) is found


def test_a_missed_slip_keeps_its_distance(trial: Build) -> None:
    figures = aggregate([slide(quiet(trial()), HOLD_ROW, 50, 0.004)])
    assert figures["slip_missed"] == {"count": 1, "of": 1, "max_mm": pytest.approx(0.2)}
    assert figures["slip_latency_ms"] == {"p50": None, "p99": None}


def test_slips_in_the_hand_are_told_apart_from_those_of_the_tug(trial: Build) -> None:
    trace = burst(slide(quiet(trial()), HOLD_ROW, 50, 0.01), HOLD_ROW + 15)
    slide(trace, 600, 50, 0.004)  # on the table, before the lift
    trace.truth["load_n"][600:650] = 0.2
    figures = aggregate([trace])
    assert figures["slip_missed"]["of"] == 2
    assert figures["slip_in_hand"] == {"latency_ms": {"p50": 10.0, "p99": 10.0}, "missed": 0, "of": 1}


def test_slips_under_a_twentieth_of_a_millimetre_need_not_be_found_and_excuse_a_report(trial: Build) -> None:
    verdict = judge(burst(slide(quiet(trial()), HOLD_ROW, 10, 0.004), HOLD_ROW + 12))
    assert verdict.slips == verdict.alarms_hold == verdict.alarms_load == ()


def test_two_bouts_within_20_ms_are_one_slip(trial: Build) -> None:
    trace = slide(slide(quiet(trial()), HOLD_ROW, 30, 0.01), HOLD_ROW + 49, 30, 0.01)
    assert len(judge(trace).slips) == 1
    trace = slide(slide(quiet(trial()), HOLD_ROW, 30, 0.01), HOLD_ROW + 50, 30, 0.01)
    assert len(judge(trace).slips) == 2


def test_sliding_on_the_table_counts_only_under_a_tug(trial: Build) -> None:
    trace = slide(quiet(trial()), LOAD_ROW, 50, 0.01)
    assert judge(trace).slips == ()
    trace.truth["load_n"][LOAD_ROW : LOAD_ROW + 50] = 0.5
    assert len(judge(trace).slips) == 1


def test_first_contact_and_release_are_not_judged(trial: Build) -> None:
    trace = quiet(trial())
    first = int(np.flatnonzero(trace.truth["contacts"] == 2)[0])
    for row in (first, 5310):
        trace.truth["load_n"][row : row + 90] = 0.5
        burst(slide(trace, row, 60, 0.01), row + 80, rows=1)
    held = in_hand(trace, phases(trace).release)
    assert np.flatnonzero(held)[[0, -1]].tolist() == [first + 100, 5299]
    assert true_slips(trace, phases(trace), held) == ()


def test_bursts_without_a_slip_are_false_alarms_of_their_phase(trial: Build) -> None:
    trace = quiet(trial())
    for row in (HOLD_ROW, SHAKE_ROW, LOAD_ROW):
        burst(trace, row)
    verdict = judge(trace)
    assert verdict.alarms_hold == (HOLD_ROW,)
    assert verdict.alarms_load == (LOAD_ROW, SHAKE_ROW)
    assert verdict.minutes_hold * 60 == pytest.approx(1.0, abs=0.01)
    assert verdict.minutes_load * 60 == pytest.approx(5.3 - 0.35 - 1.0, abs=0.01)
    assert aggregate([trace])["false_alarms_per_min"]["hold"] == pytest.approx(60, rel=0.01)  # type: ignore[index]


@pytest.mark.parametrize(("offset", "alarms"), [(-21, 1), (-20, 0), (74, 0), (75, 1)])
def test_a_slip_excuses_bursts_from_20_ms_before_to_60_ms_and_the_delay_after(
    trial: Build, offset: int, alarms: int
) -> None:
    trace = burst(slide(quiet(trial()), HOLD_ROW, 10, 0.01), HOLD_ROW + offset, rows=1)
    assert len(judge(trace).alarms_hold) == alarms


def test_creep_of_more_than_a_fiftieth_of_a_millimetre_excuses_a_burst(trial: Build) -> None:
    creeping = slide(quiet(trial()), HOLD_ROW - 60, 60, 0.0005)
    assert judge(burst(creeping, HOLD_ROW)).alarms_hold == ()
    slower = slide(quiet(trial()), HOLD_ROW - 60, 60, 0.0003)
    assert judge(burst(slower, HOLD_ROW)).alarms_hold == (HOLD_ROW,)


def test_nothing_after_the_drop_is_judged(trial: Build) -> None:
    trace = trial(loosen_row=2400, loosen_rows=2000)
    before = judge(trace)
    burst(trace, 4000)
    assert judge(trace) == before
    assert before.force_ratio is None


def test_a_run_without_slips_has_null_latency_and_valid_json(trial: Build) -> None:
    figures = aggregate([quiet(trial()), quiet(trial(index=1))])
    again = json.loads(json.dumps(figures, allow_nan=False))
    assert again["held"] == 2
    assert again["slip_latency_ms"] == {"p50": None, "p99": None}
    assert again["slip_missed"] == {"count": 0, "of": 0, "max_mm": None}
    assert again["force_ratio_median"] == pytest.approx(1.4, rel=0.01)
    assert [t["index"] for t in again["trials"]] == [0, 1]


def test_a_run_in_which_all_drop_has_no_force_ratio(trial: Build) -> None:
    figures = aggregate([trial(grip_ratio=0.2) for _ in range(2)])
    assert (figures["held"], figures["dropped"], figures["crushed"]) == (0, 2, 0)
    assert figures["force_ratio_median"] is None
    assert figures["minutes"]["hold"] == 0  # type: ignore[index]
    assert figures["false_alarms_per_min"]["hold"] is None  # type: ignore[index]
    json.dumps(figures, allow_nan=False)


def test_an_empty_run_is_all_null() -> None:
    figures = aggregate([])
    assert figures["episodes"] == 0
    assert figures["spikes_per_s"] is figures["state_hash"] is None


def test_the_command_checksum_sees_every_effort_and_their_order(trial: Build) -> None:
    a, b = trial(), trial(index=1, mass_kg=0.5)
    crc = aggregate([a, b])["commands_crc32"]
    assert crc == aggregate([trial(), trial(index=1, mass_kg=0.5)])["commands_crc32"]
    assert crc != aggregate([b, a])["commands_crc32"]
    b.effort[-1, 0] += 1
    assert crc != aggregate([a, b])["commands_crc32"]
