"""What happens in one trial: the object and its disturbances, drawn from a seed, and the script the body follows."""

from __future__ import annotations

import math

import numpy as np

from .spec import BOX, CYLINDER, SPHERE, Episode, Range, Trial

GRAVITY_M_PER_S2 = 9.81
RELEASE_S = 0.3
CRUSH_FLOOR_N = 0.5
MOST_SQUASH = 0.2
"""An object gives way by at most this share of its half width before it is crushed, however soft it was drawn."""
YAW_RAD = 0.03
WAVELENGTH_M: Range = (1e-4, 2e-4)
ALBEDO: Range = (0.3, 0.9)
RAMP_S = 0.25
"""The shake swells and dies away within this time, or within half of the shake if that is shorter."""


def draw_episode(trial: Trial, seed: int, index: int) -> Episode:
    """Draw object `index` of `seed` (both >= 0): a pure function of its arguments.

    Mass, stiffness and crush ratio are log-uniform, the rest uniform in their ranges. The crush limit is the force
    per pad that just carries the object's weight, times the drawn ratio, plus 0.5 N. Payload and friction change
    between the end of the lift and the end of the shake. A draw too soft to bear its own crush limit without being
    squeezed flat is stiffened (see MOST_SQUASH).
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, index])))

    def uniform(span: Range) -> float:
        return float(rng.uniform(*span))

    def log_uniform(span: Range) -> float:
        return math.exp(rng.uniform(math.log(span[0]), math.log(span[1])))

    script = Script(trial)
    shape = (BOX, CYLINDER, SPHERE)[int(rng.integers(3))]
    a, b, c = (uniform(trial.half_size_m) for _ in range(3))
    half = {BOX: (a, b, c), CYLINDER: (a, a, c), SPHERE: (a, a, a)}[shape]
    mass = log_uniform(trial.mass_kg)
    friction = uniform(trial.friction)
    crush = mass * GRAVITY_M_PER_S2 / (2 * friction) * log_uniform(trial.crush_ratio) + CRUSH_FLOOR_N
    stiffness = max(log_uniform(trial.stiffness_n_per_m), crush / (MOST_SQUASH * a))
    change = (script.lift_to_s, script.shake_to_s)
    return Episode(
        seed=seed,
        index=index,
        shape=shape,
        half_m=half,
        mass_kg=mass,
        friction=friction,
        stiffness_n_per_m=stiffness,
        crush_limit_n=crush,
        payload_ratio=uniform(trial.payload_ratio),
        payload_s=uniform(change),
        friction_ratio=uniform(trial.friction_ratio),
        friction_s=uniform(change),
        wavelength_m=uniform(WAVELENGTH_M),
        albedo=uniform(ALBEDO),
        yaw_rad=uniform((-YAW_RAD, YAW_RAD)),
    )


def minimum_jerk(x: float) -> float:
    """Rise from 0 to 1 as x does, at rest at both ends: 10 x^3 - 15 x^4 + 6 x^5 (Flash and Hogan 1985)."""
    x = min(max(x, 0.0), 1.0)
    return x * x * x * (10.0 + x * (6.0 * x - 15.0))


class Script:
    """What is asked of the body, from the trial alone: settle, lift, hold, shake, hold, lower, release.

    Attributes, in seconds since the episode began: lift_from_s, lift_to_s, shake_from_s, shake_to_s, lower_from_s,
    lower_to_s (when the release begins), duration_s.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.lift_from_s = trial.settle_s
        self.lift_to_s = self.lift_from_s + trial.lift_s
        self.shake_from_s = self.lift_to_s + trial.hold_s
        self.shake_to_s = self.shake_from_s + trial.shake_s
        self.lower_from_s = self.shake_to_s + trial.hold_s
        self.lower_to_s = self.lower_from_s + trial.lower_s
        self.duration_s = self.lower_to_s + RELEASE_S

    def goal(self, t_s: float) -> tuple[bool, float]:
        """Return (hold, height_m) at time t_s: whether to grasp, and where above its start the gripper should be."""
        trial = self.trial
        if t_s < self.lower_from_s:
            height = trial.lift_height_m * minimum_jerk((t_s - self.lift_from_s) / trial.lift_s)
        else:
            height = trial.lift_height_m * minimum_jerk((self.lower_to_s - t_s) / trial.lower_s)
        if self.shake_from_s < t_s < self.shake_to_s:
            ramp = min(RAMP_S, trial.shake_s / 2)
            envelope = minimum_jerk((t_s - self.shake_from_s) / ramp) * minimum_jerk((self.shake_to_s - t_s) / ramp)
            phase = 2 * math.pi * trial.shake_hz * (t_s - self.shake_from_s)
            height += trial.shake_amplitude_m * envelope * math.sin(phase)
        return t_s < self.lower_to_s, height
