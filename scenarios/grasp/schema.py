"""What a recording of grasping holds."""

from __future__ import annotations

from controller.spec import PROBE
from scenarios.task import Schema
from sim.bullet import GRIPPER
from sim.spec import TRUTH, Episode

SCHEMA = Schema("grasp", GRIPPER, TRUTH, PROBE, Episode)
