from __future__ import annotations

import tracemalloc

import msgspec
import numpy as np
import pytest

from sensors import chain as module
from sensors.chain import chain, parse
from sensors.errors import UserError
from sensors.explain import explain
from sensors.filter_spec import Background, Cropping, FilterSpec, Limit, Mirror, RefractoryPeriod

from .streams import in_packets, stream

EVENTS = stream(7, 5000, 40, 30)


def test_a_chain_is_its_filters_one_after_another():
    made = chain("background(1500), crop(5, 5, width=20, height=20), refractory(300), downsample(2)", 40, 30)
    assert made.out_size == (10, 10)
    passed = [e for at in range(0, 5000, 333) for e in made(EVENTS[at : at + 333]).tolist()]
    twin = chain("background(1500), crop(5, 5, width=20, height=20), refractory(300), downsample(2)", 40, 30)
    expected = EVENTS
    for each in twin.filters:
        expected = np.array(in_packets(each, expected), EVENTS.dtype)
    assert passed == expected.tolist()
    assert (made.seen, made.kept) == (5000, len(passed))
    assert 0 < len(passed) < 2500
    made.reset()
    assert made(EVENTS).tolist() == passed


def test_no_filter_is_no_change_and_the_callers_packet_stays_as_it_was():
    assert chain("", 40, 30)(EVENTS) is EVENTS
    before = EVENTS.copy()
    chain("flip(xy),polarity(invert)", 40, 30)(EVENTS)
    assert (before == EVENTS).all()


def test_the_command_line_says_what_a_file_says():
    document = [{"kind": "background", "window_us": 900}, {"kind": "crop", "x": 1, "y": 2, "width": 3, "height": 4}]
    read = msgspec.convert(document, tuple[FilterSpec, ...])
    assert read == parse("background(900), crop(1,2,3,4)") == (Background(900), Cropping(1, 2, 3, 4))
    assert parse("refractory|flip(axis=x) | rate(2e6, burst=10_000)") == (
        RefractoryPeriod(),
        Mirror("x"),
        Limit(2_000_000, 10_000),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("backgroud(3)", "backgroud is not a filter; did you mean background"),
        ("xyzzy", "there are background, refractory, hot_pixels"),
        ("refractory(perod_us=3)", "did you mean period_us"),
        ("background(0)", "window_us = 0 is out of range; expected 1 to 60000000"),
        ("background(1.5)", "expected a whole number"),
        ("flip(z)", "expected x or xy or y"),
        ("crop(1,2)", "width is missing"),
        ("crop(30,0,20,10)", "does not lie in 40 x 30"),
        ("background(1,2)", "more than 1 values: window_us"),
        ("background(1,window_us=2)", "gives window_us twice"),
        ("background(2000", "write it as in background(2000)"),
        ("background,", "write it as in"),
        ("anti_flicker(100,90)", "expected low_hz below high_hz"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_the_next_move(text, words):
    with pytest.raises(UserError) as error:
        chain(text, 40, 30)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_mistake_in_a_files_list_is_told_by_its_place():
    document = {"filters": [{"kind": "background"}, {"kind": "refractory", "period": 3}]}
    holder = msgspec.defstruct("Holder", [("filters", tuple[FilterSpec, ...])])
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert(document, holder)
    assert explain(str(error.value), document, holder) == (
        "filters[1].period",
        'filters[1].period is not a setting of kind "refractory"; did you mean period_us?',
    )
    document = {"filters": [{"kind": "backgroud"}]}
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert(document, holder)
    assert explain(str(error.value), document, holder)[1].endswith("did you mean background?")


def test_a_packet_costs_no_memory():
    made = chain("background,refractory,hot_pixels(1000),anti_flicker,coalesce,rate(1000)", 40, 30)
    for _ in range(3):
        made(EVENTS[:500])
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        for at in range(0, 4000, 10):
            made(EVENTS[at : at + 500])
        after = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    here = [tracemalloc.Filter(True, f"{module.__file__.rpartition('/')[0]}/*")]
    grown = after.filter_traces(here).compare_to(before.filter_traces(here), "filename")
    assert sum(g.size_diff for g in grown) < 2000


def test_a_larger_packet_than_any_before_is_taken_whole():
    large = stream(8, 20_000, 40, 30)
    assert chain("flip(x)", 40, 30)(large).size == 20_000
