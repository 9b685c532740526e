"""Simpler grippers to measure the spiking one against: same body, trials, delays and lift; only the grip law differs.

They compute in float. Grip forces are of each finger, in N.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial

import numpy as np

from controller.network import GRIP_MAX, GRIP_SLEW, LIFT_MAX, LIFT_SLEW, OPEN_GRIP, Network
from controller.spec import PROBE, Reflex
from sensors.signals import GRIPPER_ANALOG, GRIPPER_EFFORT, GRIPPER_GOAL, Command, Sensed
from sim.bullet import BulletWorld
from sim.episode import GRAVITY_M_PER_S2, minimum_jerk

TICK_S = 1e-3
TOUCH_N, CONTACT_N, FLOOR_N = 0.4, 0.15, 0.4
CONTACT_TICKS, RAMP_TICKS = 60, 200
SPEED_M_PER_S, SLEW_M_PER_S2 = 0.25, 3.5
VISCOUS_N_S_PER_M, STIFFNESS_N_PER_M = 300.0, 3000.0
FOLLOW_PER_S = 1000.0 / 64


class LiftServo:
    """Float twin of `controller.servo` without its tug: the reference height follows the goal from the start."""

    def __init__(self) -> None:
        self.state = np.zeros(4)

    def reset(self) -> None:
        self.state[:] = 0.0

    def step(self, goal_m: float, height_m: float) -> float:
        """Advance 1 ms; return the lifting force in N."""
        reference, speed, last, goal_speed = self.state.tolist()
        goal_speed += ((goal_m - last) / TICK_S - goal_speed) / 8
        wanted = goal_speed + FOLLOW_PER_S * (goal_m - reference)
        wanted = min(max(wanted, -SPEED_M_PER_S), SPEED_M_PER_S)
        slew = SLEW_M_PER_S2 * TICK_S
        speed += min(max(wanted - speed, -slew), slew)
        reference += speed * TICK_S
        self.state[:] = reference, speed, goal_m, goal_speed
        return VISCOUS_N_S_PER_M * speed + STIFFNESS_N_PER_M * (reference - height_m)


class Baseline:
    """A brain that touches, grips by its `law` and lifts with the goal; subclasses are one law each.

    probe: PROBE (1,), of which `grip_target` is written, and `slip` by whoever listens for it.
    feels: whether it uses spikes; one that does not can be tried in a world without skin and camera.
    """

    feels = False

    def __init__(self, world: BulletWorld, spec: Reflex) -> None:
        self._world, self._spec = world, spec
        self.probe = np.zeros(1, PROBE)
        self._lift = LiftServo()
        self._touched = self._ramp = 0
        self._effort = np.zeros(2, np.int16)
        self._command = Command(np.zeros(2, np.int16))
        self.memory = np.zeros(2)

    def reset(self) -> None:
        """Return to the state before the first tick."""
        self._lift.reset()
        self._touched = self._ramp = 0
        self._effort[:] = 0
        self.memory[:] = 0.0
        self.probe[:] = 0

    def law(self, sensed: Sensed, /) -> float:
        """Return the grip force in N that is right now; called every tick."""
        raise NotImplementedError

    def step(self, sensed: Sensed) -> Command:
        """One tick of 1 ms; the returned command is overwritten by the next call."""
        height_m = float(sensed.analog[2]) * GRIPPER_ANALOG[2].lsb
        normal_n = float(sensed.analog[4]) * GRIPPER_ANALOG[4].lsb
        asked_n = self.law(sensed)
        if sensed.goal[0] == 0:
            self._touched = self._ramp = 0
            grip_n = OPEN_GRIP * GRIPPER_EFFORT[1].lsb
        else:
            if self._touched < CONTACT_TICKS:
                self._touched = self._touched + 1 if normal_n > CONTACT_N else 0
            elif self._ramp < RAMP_TICKS:
                self._ramp += 1
            grip_n = TOUCH_N + (asked_n - TOUCH_N) * minimum_jerk(self._ramp / RAMP_TICKS)
        lift_n = self._lift.step(float(sensed.goal[1]) * GRIPPER_GOAL[1].lsb, height_m)
        self.probe["grip_target"] = GRIPPER_EFFORT[1].to_int(grip_n)
        self._send(0, lift_n, -LIFT_MAX, LIFT_MAX, LIFT_SLEW)
        self._send(1, grip_n, OPEN_GRIP, GRIP_MAX, GRIP_SLEW)
        self._command.effort[:] = self._effort
        return self._command

    def _send(self, actuator: int, force_n: float, least: int, most: int, slew: int) -> None:
        """Ask for a force within the limits and the slew that `controller.guard` grants the spiking controller."""
        wanted = min(max(GRIPPER_EFFORT[actuator].to_int(force_n), least), most)
        before = int(self._effort[actuator])
        self._effort[actuator] = min(max(wanted, before - slew), before + slew)

    def state_hash(self) -> int:
        """CRC-32 of the whole state."""
        counts = np.array((self._touched, self._ramp), np.int64)
        return zlib.crc32(
            self._lift.state.tobytes() + counts.tobytes() + self._effort.tobytes() + self.memory.tobytes()
        )


class FixedGrip(Baseline):
    """Grips everything with one force."""

    def __init__(self, grip_n: float, world: BulletWorld, spec: Reflex) -> None:
        super().__init__(world, spec)
        self._grip_n = grip_n

    def law(self, _: Sensed, /) -> float:
        return self._grip_n


class FixedFriction(Baseline):
    """Grips in proportion to the load, as if every object had friction 0.5: 1.3 load / (2 * 0.5), at least 0.4 N.

    memory: load low-passed over 4 ms, in N; grip in N, which falls over 300 ms and rises at once.
    """

    MARGIN, FRICTION, FILTER_S, FALL_S = 1.3, 0.5, 0.004, 0.3

    def law(self, sensed: Sensed, /) -> float:
        load, grip = self.memory.tolist()
        load_n = float(sensed.analog[5]) * GRIPPER_ANALOG[5].lsb
        load += (load_n - load) * TICK_S / self.FILTER_S
        wanted = max(self.MARGIN * load / (2 * self.FRICTION), FLOOR_N)
        grip = wanted if wanted > grip else grip + (wanted - grip) * TICK_S / self.FALL_S
        self.memory[:] = load, grip
        return float(grip)


class SlipIntegrator(Baseline):
    """Raises its grip while the spiking slip detector reports slip under a load, and relaxes slowly otherwise.

    A slip without a load is that of an object which is pushed onto the table, where more grip only crushes it. The
    detector is the one of `controller.network`, fed the same senses; that network learns, as its detector's
    threshold depends on the friction it has learned, and commands nothing.
    memory: grip in N.
    """

    feels = True
    START_N, RISE, STEP_N, RELAX_S = 0.7, 0.012, 0.01, 10.0  # the best of nine tried on 80 objects of seeds 14 and 15
    LOADED_N = 0.1

    def __init__(self, world: BulletWorld, spec: Reflex) -> None:
        super().__init__(world, spec)
        settings = {name: getattr(spec, name) for name in spec.__struct_fields__}
        settings |= {"learning": True, "replicas": 1}
        self._detector = Network(Reflex(**settings), world.body)
        self.memory[0] = self.START_N

    def reset(self) -> None:
        super().reset()
        self._detector.reset()
        self.memory[0] = self.START_N

    def law(self, sensed: Sensed, /) -> float:
        self._detector.step(sensed)
        self.probe["slip"] = self._detector.probe["slip"]
        self.probe["started"] = self._detector.probe["started"]
        grip = float(self.memory[0])
        loaded = float(sensed.analog[5]) * GRIPPER_ANALOG[5].lsb > self.LOADED_N
        if self._ramp == RAMP_TICKS and loaded and self.probe["slip"][0]:
            grip += self.RISE * grip + self.STEP_N
        else:
            grip -= (grip - self.START_N) * TICK_S / self.RELAX_S
        self.memory[0] = min(grip, GRIP_MAX * GRIPPER_EFFORT[1].lsb)
        return float(self.memory[0])

    def state_hash(self) -> int:
        return zlib.crc32(self._detector.state_hash().to_bytes(4, "little"), super().state_hash())


class Oracle(Baseline):
    """Reads the simulator's truth, which no controller may: 1.2 times the grip needed now, at least 0.4 N.

    It shows how many of the objects undelayed knowledge of mass, friction and acceleration would hold. On the
    table it asks for what will carry the object at rest.
    """

    MARGIN = 1.2

    def law(self, _: Sensed, /) -> float:
        truth = self._world.truth
        at_rest_n = float(truth["mass_kg"]) * GRAVITY_M_PER_S2 / (2 * float(truth["friction"]))
        needed_n = max(float(truth["needed_n"]), at_rest_n) if truth["on_table"] else float(truth["needed_n"])
        return max(self.MARGIN * needed_n, FLOOR_N)


BASELINES: dict[str, Callable[[BulletWorld, Reflex], Baseline]] = {
    "fixed 2 N": partial(FixedGrip, 2.0),
    "fixed 8 N": partial(FixedGrip, 8.0),
    "fixed 20 N": partial(FixedGrip, 20.0),
    "fixed friction": FixedFriction,
    "slip integrator": SlipIntegrator,
    "oracle": Oracle,
}
"""Every baseline by the name that reports call it: made of its world and of the controller it is compared to."""
