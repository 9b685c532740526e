"""What `ganglion damage` tries: shares of neurons and of weight bits, each under every way of meeting it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from controller.damage import WEIGHT_BITS
from controller.image import AHEAD, FRICTION, SENSES
from controller.spec import Reflex
from scenarios import load
from scenarios.spec import Grasping
from scenarios.sweep import Case
from sensors.errors import UserError
from sim.episode import Script
from sim.spec import Bullet

SHARES = {"killed": (0.1, 0.2, 0.3, 0.4, 0.5), "flipped": (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)}
"""Of neurons that fall silent, and of weight bits that are inverted."""
SERIES = {
    "learning goes on": (),
    "learning ends with it": ("controller.damage.learning=false",),
    "three replicas vote": ("controller.replicas=3",),
}
ON, ENDS, VOTE = SERIES
NONE = ("controller.damage.killed=0", "controller.damage.flipped=0")
OURS = ("controller.damage.killed", "controller.damage.flipped", "controller.damage.learning", "controller.replicas")
STRUCK = {"killed": FRICTION + AHEAD + SENSES, "flipped": WEIGHT_BITS}
"""Of how many a share is taken, in one replica."""


@dataclass(frozen=True, slots=True)
class Point:
    """One run of the plan.

    series: of SERIES. kind: of SHARES, "" without damage. share: 0..1. case: what is run, of `scenario`. at_tick: the
    first with the damage. after_s: from then until the object is lowered.
    """

    series: str
    kind: str
    share: float
    case: Case
    scenario: Grasping
    at_tick: int
    after_s: float

    @property
    def what(self) -> str:
        """The damage in words, with how many that is in one replica on average."""
        if not self.kind:
            return "none"
        whose = f"{self.share:.0%} of neurons" if self.kind == "killed" else f"{self.share:.0e} of bits"
        return f"{whose} ({self.share * STRUCK[self.kind]:.3g})"


def plan(name: str, settings: Sequence[str], kinds: Sequence[str] = tuple(SHARES)) -> list[Point]:
    """The runs, each on the same objects; the first is the one without damage.

    Voting without damage is left out: replicas that are alike command what one does, and a test holds them to it.

    Raises:
        UserError: a setting is wrong or is one that the plan varies; the scenario is not a grasp under the reflex; or
            the damage comes when nothing is held up.
    """
    for setting in settings:
        if (key := setting.partition("=")[0].strip()) in OURS:
            raise UserError(f"--set {setting}: {key} is what this verb varies; leave it out, or use `ganglion run`")
    base = load.load(name, tuple(settings))
    if not isinstance(base.controller, Reflex) or not isinstance(base.world, Bullet):
        raise UserError(f"{name} is not a grasp under controller.kind reflex, which alone can be damaged; name grasp")
    script, tick_us, at_tick = Script(base.world.trial), base.world.tick_us, base.controller.damage.from_tick
    first, last = (int(s * 1e6 / tick_us) for s in (script.lift_to_s, script.lower_from_s))
    if not first <= at_tick < last:
        raise UserError(
            f"controller.damage.from_tick = {at_tick} is not while the object is up; expected {first} to {last - 1}"
        )

    def point(series: str, kind: str = "", share: float = 0.0) -> Point:
        struck = (f"controller.damage.{kind}={share:g}",) if kind else ()
        changes = (*settings, *NONE, *struck, *SERIES[series])
        scenario = load.load(name, changes)
        case = Case(f"{kind or 'whole'} {share:g} {series}", changes, scenario)
        return Point(series, kind, share, case, cast(Grasping, scenario), at_tick, (last - at_tick) * tick_us * 1e-6)

    damaged = [point(series, kind, share) for kind in kinds for share in SHARES[kind] for series in SERIES]
    return [point(ON), point(ENDS), *damaged]
