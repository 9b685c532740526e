"""The page as a browser shows it: pictures load, nothing errs, nothing is fetched, it can be used at any width."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from scenarios import load
from scenarios.grasp import score
from scenarios.grasp.animation import animate
from scenarios.grasp.report import render
from sim.bullet import GRIPPER


@pytest.fixture(scope="module")
def html(tmp_path_factory) -> Path:
    """A page with every sort of picture on it: three trials, the second with readings of skin and camera."""
    from .conftest import Trial

    traces = [Trial(0).make(), Trial(1, loosen_row=2400, rich=True).make(), Trial(2, grip_ratio=0.9).make()]
    scenario = load.load("grasp", ("episodes=3",))
    scenario = replace(scenario, world=replace(scenario.world, camera=replace(scenario.world.camera, enabled=True)))
    verdicts = [score.judge(t) for t in traces]
    moving = animate(traces[1], GRIPPER, verdicts[1])
    others = {"fixed 8 N": ["held", "dropped", "crushed"], "oracle": ["held"] * 3}
    text = render(scenario, GRIPPER, score.aggregate(traces), traces, others, verdicts, 1, moving)
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_picture_loads_and_nothing_errs_and_nothing_is_fetched(page, html):
    page.open(html)
    page.evaluate("Promise.all([...document.images].map(i => i.decode()))")
    widths = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    inside = page.evaluate("document.querySelectorAll('svg image').length")
    assert len(widths) >= 3
    assert min(widths) > 0, widths
    assert inside == 3, "one raster of spikes for each trial"
    assert page.troubles == []
    assert page.requests == [html.as_uri()]


def test_a_page_that_is_broken_would_be_noticed(page, html, tmp_path):
    broken = tmp_path / "broken.html"
    text = html.read_text(encoding="utf-8").replace("</main>", '<img src="data:image/png;base64,AAAA"></main>')
    broken.write_text(text.replace('"use strict";', '"use strict"; nowhere();'), encoding="utf-8")
    page.open(broken)
    assert 0 in page.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert any("nowhere is not defined" in t for t in page.troubles)
    page.troubles.clear()
    page.requests.clear()


def test_a_click_on_a_row_shows_that_trial_and_hides_the_other(page, html):
    page.open(html)
    shown = "[...document.querySelectorAll('section.trial')].filter(s => !s.hidden).map(s => s.id)"
    assert page.evaluate(shown) == ["object-1"]
    page.evaluate("document.querySelector('tr[data-object=\"2\"]').click()")
    assert page.evaluate(shown) == ["object-2"]
    assert page.evaluate("document.querySelector('tr.shown').dataset.object") == "2"


def test_a_click_on_a_heading_sorts_the_trials(page, html):
    page.open(html)
    page.evaluate("document.querySelector('#trials th button').click()")
    order = "[...document.querySelectorAll('#trials tbody tr')].map(r => r.dataset.object).join()"
    assert page.evaluate(order) == "0,1,2"
    page.evaluate("document.querySelector('#trials th button').click()")
    assert page.evaluate(order) == "2,1,0"


@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_is_no_wider_than_the_screen_and_its_text_can_be_read(page, html, width):
    page.open(html, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = "[...document.querySelectorAll('p,figcaption,td,h1,h2')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    assert min(page.evaluate(sizes)) >= 12
    assert page.evaluate("Math.max(...[...document.images].map(i => i.getBoundingClientRect().right))") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground_by_day_and_by_night(page, html, scheme):
    page.open(html)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    colours = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.querySelector('.soft')).color,"
        " getComputedStyle(document.body).backgroundColor]"
    )
    ink, soft, ground = (_luminance(c) for c in colours)
    assert _contrast(ink, ground) >= 7
    assert _contrast(soft, ground) >= 4.5


def _luminance(css: str) -> float:
    """Relative luminance of `rgb(r, g, b)` (WCAG 2.1)."""
    parts = [int(v) / 255 for v in css[css.index("(") + 1 : -1].split(",")[:3]]
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(a: float, b: float) -> float:
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
