"""Recovery is judged against the undamaged run with the same object: never out, back, out, or lost."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import pytest

from scenarios.damage.recovery import BAND, SETTLED_US, found, recovery
from scenarios.grasp import score
from scenarios.trace import Trace
from tests.scenarios.grasp.conftest import LOWER, TICK_US, Trial

FROM = 3000
WHOLE = Trial().make()


def hurt(*errors: tuple[int, float], index: int = 0) -> Trace:
    """The whole run, its estimate off by a share from so many ticks after the damage on; each until the next."""
    trace = copy.deepcopy(WHOLE)
    trace.episode = Trial(index=index).make().episode
    compliance = trace.probe["compliance"].astype(float)
    for after, share in errors:
        compliance[FROM - 1 + after :] = WHOLE.probe["compliance"][FROM - 1 + after :] * (1.0 + share)
    trace.probe["compliance"] = np.rint(compliance)
    return trace


def lost(index: int = 0) -> Trace:
    trace = Trial(index=index, loosen_row=FROM + 100, loosen_to=0.3, loosen_rows=2000).make()
    assert score.outcome(trace)[0] == "dropped"
    return trace


@pytest.mark.parametrize(
    ("errors", "fate", "time_s"),
    [
        ((), "unhurt", 0.0),
        (((0, 0.9 * BAND),), "unhurt", 0.0),
        (((0, -0.3), (400, 0.0)), "recovered", 0.4),
        (((0, 0.5), (250, 0.05)), "recovered", 0.25),
        (((0, -0.3), (100, 0.0), (700, -0.2), (900, 0.0)), "recovered", 0.9),
        (((0, -0.3),), "held", float("inf")),
        (((0, -0.3), (LOWER - FROM - SETTLED_US // TICK_US + 20, 0.0)), "held", float("inf")),
    ],
)
def test_an_estimate_is_back_when_it_stays_within_its_band(
    errors: Sequence[tuple[int, float]], fate: str, time_s: float
) -> None:
    judged = recovery(WHOLE, hurt(*errors), FROM)
    assert judged.fate == fate
    assert judged.time_s == pytest.approx(time_s)


def test_what_was_wrong_before_the_damage_is_not_judged() -> None:
    early = hurt((-500, 0.8), (-1, 0.0))
    assert recovery(WHOLE, early, FROM).fate == "unhurt"


def test_an_object_that_is_lost_has_not_recovered_however_well_its_friction_is_known() -> None:
    assert recovery(WHOLE, lost(), FROM).time_s == float("inf")
    assert recovery(WHOLE, lost(), FROM).fate == "lost"


def test_times_count_all_objects_that_the_undamaged_run_holds_and_no_others() -> None:
    whole = [copy.deepcopy(WHOLE) for _ in range(4)] + [lost()]
    runs = [hurt(), hurt((0, -0.3), (300, 0.0), index=1), hurt((0, -0.3), index=2), lost(3), hurt(index=4)]
    what = found(whole, runs, FROM)
    assert (what.objects, what.held, what.dropped, what.crushed) == (5, 4, 1, 0)
    assert (what.compared, what.unhurt, what.recovered, what.out_of_band, what.lost) == (4, 1, 1, 1, 1)
    assert (what.half_s, what.most_s) == (0.3, None)
    assert what.fates == ((0, "unhurt", 0.0), (1, "recovered", 0.3), (2, "held", None), (3, "lost", None))


def test_a_run_that_holds_nothing_to_compare_with_has_no_times() -> None:
    what = found([lost()], [lost()], FROM)
    assert (what.compared, what.half_s, what.most_s) == (0, None, None)
