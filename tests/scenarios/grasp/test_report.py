"""What the page says and draws is what happened."""

from __future__ import annotations

import dataclasses
import io
import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image, ImageSequence

from scenarios import load
from scenarios.grasp import figures, score
from scenarios.grasp.animation import animate
from scenarios.grasp.picture import front_view, opening_m, raster
from scenarios.grasp.report import choose, render
from scenarios.grasp.trial_page import section
from scenarios.reporting.pixels import events_image
from scenarios.reporting.svg import LEFT, RIGHT, thin, ticks
from sensors.signals import EVENT, GRIPPER_ANALOG
from sim.bullet import GRIPPER

WIDTH = 760 - LEFT - RIGHT
SVG = "{http://www.w3.org/2000/svg}"


def shown(traces, scenario=None, chosen=None, baselines=None, result=None) -> str:
    verdicts = [score.judge(t) for t in traces]
    chosen = choose(traces, verdicts) if chosen is None else chosen
    return render(
        scenario or load.load("grasp"), GRIPPER, result or score.aggregate(traces), traces, baselines or {}, verdicts,
        chosen, animate(traces[chosen], GRIPPER, verdicts[chosen]),
    )  # fmt: skip


def drawing(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def marked(svg: str, tag: str, css: str) -> list[ElementTree.Element]:
    return [e for e in drawing(svg).iter(SVG + tag) if e.get("class") == css]


def seconds(x: float, trace) -> float:
    return (x - LEFT) / WIDTH * len(trace.truth) * trace.tick_us * 1e-6


def test_each_slip_and_each_report_of_one_has_its_mark_where_it_happened(trial):
    trace = trial(loosen_row=2400)
    for row in (2300, 3500):  # once held still, once shaken; nothing moves in the hand
        trace.probe["started"][row] = trace.probe["slip"][row] = True
    verdict = score.judge(trace)
    assert len(verdict.slips) >= 1
    assert (verdict.alarms_hold, verdict.alarms_load) == ((2300,), (3500,))
    svg = figures.force_chart(trace, verdict)
    spans = marked(svg, "rect", "slip")
    assert len(spans) == len(verdict.slips)
    begins = sorted(seconds(float(s.get("x", 0)), trace) for s in spans)
    assert begins == pytest.approx([s.begin * 1e-3 for s in verdict.slips], abs=2e-3)
    false = marked(svg, "path", "mark false")
    times = [seconds(float(re.match(r"M([\d.]+)", e.get("d", ""))[1]), trace) for e in false]
    assert times == pytest.approx([2.301, 3.501], abs=2e-3)
    assert len(marked(svg, "path", "mark")) == trace.probe["started"].sum() - 2 >= 1


def test_the_line_of_the_grip_force_rises_to_the_strongest_grip_and_no_higher(trial):
    trace = trial()
    svg = figures.force_chart(trace, score.judge(trace))
    (line,) = marked(svg, "path", "line grip")
    heights = [float(y) for y in re.findall(r"[ML][\d.-]+ ([\d.-]+)", line.get("d", ""))]
    axis = {float(e.text): float(e.get("y")) - 4 for e in drawing(svg).iter(SVG + "text") if e.get("class") == "end"}
    (low, y_low), (high, y_high) = min(axis.items()), max(axis.items())
    strongest = low + (min(heights) - y_low) / (y_high - y_low) * (high - low)
    assert strongest == pytest.approx(float(trace.truth["grip_n"].max()), rel=0.02)


def test_what_happens_after_an_object_was_lost_does_not_set_the_scale(trial):
    trace = trial(grip_ratio=0.8)
    verdict = score.judge(trace)
    assert verdict.outcome == "dropped"
    before = figures.most_force(trace, figures.decided(trace, verdict))
    trace.truth["grip_n"][-50:] = 500.0
    assert figures.most_force(trace, figures.decided(trace, verdict)) == before < 50


def test_learned_friction_is_drawn_as_the_controller_holds_it(trial):
    trace = trial(friction=0.4)
    trace.probe["compliance"] = 2048 * 2  # friction 0.5
    lines = {
        css: marked(figures.friction_chart(trace), "path", f"line {css}")[0] for css in ("learned", "true-friction")
    }
    learned, true = (float(re.match(r"M[\d.]+ ([\d.]+)", e.get("d", ""))[1]) for e in lines.values())
    bottom = 230 - 38
    assert (bottom - learned) / (bottom - true) == pytest.approx(0.5 / 0.4, rel=0.01)


def test_the_table_has_a_row_for_each_trial_beside_what_others_did_with_that_object(trial):
    traces = [trial(index=4), trial(index=5, grip_ratio=0.8), trial(index=6, crush_ratio=1.1)]
    others = {"fixed 8 N": ["dropped", "held", "crushed"]}
    html = shown(traces, baselines=others)
    rows = re.findall(r'<tr data-object="(\d+)".*?</tr>', html)
    assert rows == ["4", "5", "6"]
    outcomes = [re.findall(r'class="o (\w+)"', row) for row in re.findall(r"<tr data-object.*?</tr>", html)]
    assert outcomes == [["held", "dropped"], ["dropped", "held"], ["crushed", "crushed"]]
    assert "Held 1 of 3 objects" in html
    assert "The best of the simpler controllers (fixed 8 N) held 1." in html


def test_the_same_run_gives_the_same_bytes(trial):
    one, two = ([trial(index=0), trial(index=1, loosen_row=2400, rich=True)] for _ in range(2))
    assert shown(one) == shown(two)


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "$headline & </title>"]
)
def test_words_of_a_scenario_stay_words(trial, evil):
    traces = [trial()]
    scenario = replace(load.load("grasp"), title=evil)
    result = {**score.aggregate(traces), "versions": {evil: evil}}
    html = shown(traces, scenario, result=result, baselines={evil: ["held"]})
    assert evil not in html
    assert html.count("<script>") == 1
    assert not re.findall(r"<img[^>]*onerror", html)


def test_nothing_on_the_page_is_fetched_from_elsewhere(trial):
    html = shown([trial(rich=True)])
    sources = re.findall(r"""(?:src|href|srcset|action)\s*=\s*["']([^"']*)""", html)
    assert len(sources) >= 4
    assert {s[:5] for s in sources} == {"data:"}
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_every_drawing_is_sound_and_says_what_it_shows(trial):
    trace = trial(loosen_row=2400, rich=True)
    trace.spikes %= GRIPPER.addresses
    verdict = score.judge(trace)
    maps, _, _ = figures.taxel_maps(trace.rich, [("now", 2000)], 1000)
    drawings = [
        figures.force_chart(trace, verdict), figures.load_chart(trace), figures.friction_chart(trace),
        figures.raster_chart(trace, GRIPPER), figures.outcome_chart({"a<b": ["held"]}),
        figures.latency_chart([verdict]), figures.ratio_chart([trace], [verdict]), maps[0][1],
    ]  # fmt: skip
    assert all(drawing(svg).get("aria-label") for svg in drawings)


def test_a_taxel_map_is_darkest_where_the_pad_is_pressed_hardest_and_its_arrows_point_down(trial):
    rich = trial(rich=True).rich
    rich.taxels[:] = 0
    rich.taxels[50, 1, 7, 2] = (900, 0, -300)  # right pad, top row, third column
    ((title, svg),), most, longest = figures.taxel_maps(rich, [("now", 51 * 40 - 1)], 1000)
    (pressed,) = marked(svg, "rect", "taxel")
    assert (float(pressed.get("x")), float(pressed.get("y"))) == (96 + 2 * 11, 0)
    (arrow,) = marked(svg, "path", "shear")
    assert float(re.search(r"l[\d.-]+ ([\d.-]+)", arrow.get("d"))[1]) > 0
    assert (most, longest, title) == (900, 300, "now, 2.04 s")


def test_a_camera_that_was_off_is_told_with_how_to_switch_it_on(trial):
    trace = trial(rich=True)
    off = load.load("grasp", ("world.camera.enabled=false",))
    on = load.load("grasp", ("world.camera.enabled=true",))
    verdict = score.judge(trace)
    assert "--set world.camera.enabled=true" in section(trace, verdict, off, GRIPPER, b"gif")
    page = section(trace, verdict, on, GRIPPER, b"gif")
    assert "What the camera saw" in page
    assert "--set world.camera.enabled=true" not in page


def test_readings_that_could_not_be_made_again_are_told(trial):
    trace = trial()
    page = section(trace, score.judge(trace), load.load("grasp"), GRIPPER, b"gif")
    assert "does not repeat it bit for bit" in page


def test_the_trial_that_is_shown_first_is_held_and_has_a_slip_that_was_found(trial):
    traces = [
        trial(index=0),
        trial(index=1, grip_ratio=0.8),
        trial(index=2, loosen_row=2400),
        trial(index=3, loosen_row=2400),
    ]
    assert score.judge(traces[2]).slips[0].report is not None
    assert choose(traces) == 2


def test_the_moving_picture_runs_at_the_trials_own_speed_and_shows_the_lift(trial):
    trace = trial(rich=True)
    data = animate(trace, GRIPPER, score.judge(trace))
    with Image.open(io.BytesIO(data)) as gif:
        frames = [(np.asarray(f.convert("RGB")), f.info["duration"]) for f in ImageSequence.Iterator(gif)]
    assert len(data) <= 3_000_000
    assert sum(ms for _, ms in frames) == pytest.approx(len(trace.truth) * trace.tick_us / 1e3, rel=0.05)
    robot = [picture[22:258, 8:244].astype(int) for picture, _ in frames]
    middle = [np.argwhere(abs(r - [24, 24, 24]).max(2) > 40)[:, 0] for r in robot]
    start, top = len(frames) // 20, len(frames) // 2
    assert abs(robot[start] - robot[top]).max() > 60
    assert all(m.size for m in middle)
    assert all(a.shape == b.shape for (a, _), (b, _) in pairwise(frames))


def test_the_robot_is_drawn_where_it_is(trial):
    trace = trial()
    trace.analog[:, 0] = GRIPPER_ANALOG[0].to_int(0.04)
    opening = opening_m(trace)
    low, high = (front_view(trace, row, opening, 200) for row in (500, 2400))
    rows = [np.flatnonzero((picture == 4).any(1)).mean() for picture in (low, high)]
    assert rows[0] - rows[1] == pytest.approx(0.1 / 0.26 * 200, abs=2)
    columns = np.flatnonzero((high == 4).any(0))
    assert len(columns) * 0.26 / 200 == pytest.approx(2 * trace.episode.half_m[0], abs=0.003)


def test_an_event_image_counts_brighter_up_and_darker_down_within_its_time():
    events = np.zeros(4, EVENT)
    events["t"], events["x"], events["on"] = [0, 10, 20, 30], [1, 1, 2, 1], [True, True, False, True]
    picture = events_image(events, (4, 3), 5, 30)
    assert picture.shape == (3, 4)
    assert picture[0].tolist() == [0, 1, -1, 0]


def test_every_spike_is_in_the_raster(trial):
    trace = trial()
    trace.spikes %= GRIPPER.addresses
    trace.counts[:] = 0
    trace.counts[:250], trace.spikes = 1, trace.spikes[:250]
    cells, bands = raster(trace, GRIPPER, 5500, 1)
    assert cells.sum() == 250
    assert [r.name for r, _, _ in bands] == [r.name for r in GRIPPER.regions]


def test_thinning_a_line_keeps_its_extremes():
    x = np.arange(10_000.0)
    y = np.sin(x / 50)
    y[4321], y[7777] = 9.0, -9.0
    _, few = thin(x, y, 100)
    assert len(few) <= 100
    assert (few.max(), few.min()) == (9.0, -9.0)


def test_numbers_on_an_axis_are_round_and_within_it():
    assert ticks(0.0, 1.0) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert ticks(-3.1, 7.2, 4) == [0, 5]
    assert ticks(2.0, 2.0) == [2.0]


def test_figures_that_are_missing_are_left_out(trial):
    traces = [dataclasses.replace(trial(), probe=np.zeros_like(trial().probe))]
    html = shown(traces, result={"episodes": 1})
    assert "None" not in html
    assert "nan" not in re.sub(r'"data:[^"]*"', "", html)
