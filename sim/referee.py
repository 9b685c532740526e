"""What a tick of a trial was worth, and how the trial ends: judged from the simulator's truth, as it happens."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from .episode import GRAVITY_M_PER_S2, Script

Outcome = Literal["open", "held", "dropped", "crushed"]

LOST_M = 0.015
LOST_S = 0.020
END_REWARD = -10.0
FOLLOW_M = 0.01
"""An error of this height of the gripper or the object leaves 1/e of what following the goal is worth."""
LIFTED_M = 0.001
FREE_RATIO = 1.5
"""Grip over needed grip that is not charged."""
MOST_RATIO = 5.5
MOST_SLIP_M_PER_S = 0.5
TERMS = ("touch", "follow", "carry", "slip", "force", "release", "end")
"""Names of the reward's terms, in the order of `Referee.terms`; `GraspEnv` says what each is."""


class Referee:
    """Judges one trial tick by tick. Call `reset`, then `judge` after each tick.

    Attributes:
        terms: float64 (7,), what TERMS were worth since the last `clear`; their sum is the reward.
        outcome: "open" until the trial is decided; "held" when lowering begins with the object in hand. A held object
            can still be crushed. What came first decides, by the rules of `scenarios.grasp.score.outcome`.
        needed_n: force per pad that holds the object now, at least what its weight at rest needs.
    """

    def __init__(self, script: Script, tick_s: float) -> None:
        self._script = script
        self._tick_s = tick_s
        self.terms = np.zeros(len(TERMS))
        self.outcome: Outcome = "open"
        self.needed_n = 0.0
        self._lost_s = 0.0
        self._lifted = False

    def reset(self) -> None:
        """Begin a trial."""
        self.terms[:] = 0.0
        self.outcome = "open"
        self.needed_n = self._lost_s = 0.0
        self._lifted = False

    def clear(self) -> None:
        """Begin a step: what was earned before is forgotten."""
        self.terms[:] = 0.0

    @property
    def over(self) -> bool:
        """Whether the object is lost."""
        return self.outcome in ("dropped", "crushed")

    def judge(self, t_s: float, truth: np.ndarray) -> None:
        """Judge the tick that ended at `t_s`, of which TRUTH () `truth` tells; nothing is earned once it is over."""
        if self.over:
            return
        height, up, grip, needed, limit, _, speed, slip, friction, mass, contacts, on_table = truth.item()
        self.needed_n = max(needed, mass * GRAVITY_M_PER_S2 / (2.0 * friction))
        hold, goal = self._script.goal(t_s)
        terms, dt = self.terms, self._tick_s
        if hold:
            terms[0] += 0.5 * contacts * dt
            terms[1] += 2.0 * math.exp(-abs(height - goal) / FOLLOW_M) * dt
            if contacts == 2 and goal > LIFTED_M and not on_table:
                terms[2] += 4.0 * math.exp(-abs(up - goal) / FOLLOW_M) * dt
            terms[3] -= 50.0 * min(speed, MOST_SLIP_M_PER_S) * dt
            terms[4] -= min(max(grip / self.needed_n - FREE_RATIO, 0.0), MOST_RATIO - FREE_RATIO) * dt
        elif contacts == 0 and on_table:
            terms[5] += 4.0 * dt
        self._decide(t_s, grip > limit, contacts == 0, slip > LOST_M, on_table or abs(up - height) > LOST_M)
        if self.over:
            terms[6] += END_REWARD

    def _decide(self, t_s: float, crushed: bool, loose: bool, slid: bool, left: bool) -> None:
        script = self._script
        if crushed:
            self.outcome = "crushed"
        elif self.outcome == "open" and t_s >= script.lift_to_s:
            if t_s >= script.lower_from_s:
                self.outcome = "held"
                return
            self._lost_s = self._lost_s + self._tick_s if loose else 0.0
            not_lifted = not self._lifted and t_s >= script.shake_from_s and left
            self._lifted = self._lifted or t_s >= script.shake_from_s
            if slid or self._lost_s >= LOST_S or not_lifted:
                self.outcome = "dropped"
