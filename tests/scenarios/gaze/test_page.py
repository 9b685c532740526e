"""The page of a gaze run as a browser shows it, its moving picture, and every rival by name."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenarios import load
from scenarios.gaze.baselines import BASELINES
from scenarios.gaze.task import FROZEN, INTEGRATOR
from scenarios.publish import MOVING, PAGE
from scenarios.run import run
from sensors.signals import EVENT
from sensors.write import write_events

CHARTS = "[...document.querySelectorAll('svg')].filter(s => s.textContent.includes('time, s')).length"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A run of two short trials beside every rival."""
    out = tmp_path_factory.mktemp("gaze") / "run"
    run(load.load("gaze", ("episodes=2", "seed=3", "world.show.moves=1", "world.show.swing_s=0.3")), out)
    return out


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> Path:
    """A run on a recording of half a second, a ring that goes to the right."""
    place = tmp_path_factory.mktemp("film")
    rng = np.random.default_rng(3)
    events = np.zeros(10_000, EVENT)
    events["t"] = np.sort(rng.integers(0, 500_000, events.size))
    angle = rng.uniform(0, 2 * np.pi, events.size)
    events["x"], events["y"] = 40 + events["t"] // 20_000 + 12 * np.cos(angle), 60 + 12 * np.sin(angle)
    events["p"] = rng.random(events.size) < 0.5
    write_events(place / "ring.npz", [events], 128, 128)
    world = f"world={{kind='recording', file='{place / 'ring.npz'}', camera={{width=128, height=128}}}}"
    run(load.load("gaze", ("episodes=1", world)), place / "run")
    return place / "run"


def test_the_page_of_a_recording_shows_it_moving_and_claims_no_error(page, shown):
    page.open(shown / PAGE)
    page.evaluate("Promise.all([...document.images].map(i => i.decode()))")
    assert page.evaluate(CHARTS) == 2
    assert page.troubles == []
    assert "so there is no error to report" in page.evaluate("document.body.innerText")
    with Image.open(shown / MOVING) as moving:
        assert moving.n_frames == 12, "every 40 ms of half a second"
        moving.seek(10)
        assert {(255, 178, 72), (92, 176, 255)} <= {c for _, c in moving.convert("RGB").getcolors(1 << 20) or []}
    result = json.loads((shown / "result.json").read_text())
    assert result["sure_share"] > 0.5, "it follows the ring"


def test_every_rival_is_in_the_result_and_on_the_page(folder):
    result = json.loads((folder / "result.json").read_text())
    rivals = [*BASELINES, INTEGRATOR, FROZEN]
    assert sorted(result["baselines"]) == sorted(rivals)
    for name in rivals:
        assert len(result["baseline_trials"][name]) == 2
        assert f">{name}</td>" in (folder / PAGE).read_text(encoding="utf-8")
    error = {name: f["error_deg"]["mean"] for name, f in result["baselines"].items()}
    assert error["oracle"] < error["frames 120 fps"] < error["frames 30 fps"]
    assert result["error_deg"]["mean"] < error[FROZEN], "learning is worth something"


def test_the_moving_picture_shows_the_trial_at_its_own_speed(folder):
    with Image.open(folder / MOVING) as moving:
        assert moving.format == "GIF"
        shown_ms = 0
        for k in range(moving.n_frames):
            moving.seek(k)
            shown_ms += moving.info["duration"]
    result = json.loads((folder / "result.json").read_text())
    assert shown_ms / 1e3 == pytest.approx(result["simulated_s"] / 2, rel=0.3)
    assert (folder / MOVING).stat().st_size < 3_000_000


def test_frames_of_the_moving_picture_differ_and_show_object_events_and_addresses(folder):
    with Image.open(io.BytesIO((folder / MOVING).read_bytes())) as moving:
        moving.seek(moving.n_frames // 2)
        middle = moving.convert("RGB")
        moving.seek(moving.n_frames // 2 + 5)
        assert middle.tobytes() != moving.convert("RGB").tobytes()
        colours = {c for _, c in middle.getcolors(1 << 20)}
    assert {(255, 178, 72), (92, 176, 255)} <= colours, "on and off events"
    assert len(colours) > 16, "tones of the object and of the cells"


def test_every_picture_loads_nothing_errs_and_nothing_is_fetched(page, folder):
    page.requests.clear()
    page.open(folder / PAGE)
    page.evaluate("Promise.all([...document.images].map(i => i.decode()))")
    assert min(page.evaluate("[...document.images].map(i => i.naturalWidth)")) > 0
    assert page.evaluate(CHARTS) == 4
    assert page.troubles == []
    assert page.requests == [(folder / PAGE).as_uri()]


@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_is_no_wider_than_the_screen_and_its_text_can_be_read(page, folder, width):
    page.open(folder / PAGE, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = "[...document.querySelectorAll('p,figcaption,td,h1,h2')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    assert min(page.evaluate(sizes)) >= 12


def test_lines_of_the_charts_lie_within_their_frames(page, folder):
    page.open(folder / PAGE)
    outside = page.evaluate(
        "[...document.querySelectorAll('svg')].flatMap(s => { const f = s.getBoundingClientRect();"
        " const out = r => Math.max(f.left - r.left, r.right - f.right, f.top - r.top, r.bottom - f.bottom) > 2;"
        " return [...s.querySelectorAll('path,polyline,line')].filter(e => out(e.getBoundingClientRect())); }).length"
    )
    assert outside == 0


def test_the_words_above_the_table_say_who_is_closer(folder):
    text = (folder / PAGE).read_text(encoding="utf-8")
    result = json.loads((folder / "result.json").read_text())
    closer = [
        name
        for name, f in result["baselines"].items()
        if name.startswith("frames") and f["error_deg"]["mean"] < result["error_deg"]["mean"]
    ]
    said = re.search(r"Closer on average: ([^.]*)\.|None of the frame cameras came closer\.", text)
    assert said is not None
    assert (said.group(1) or "").split(", ") == (closer or [""])
