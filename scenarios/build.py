"""What a scenario names, built: the one place that knows every kind of world and of brain."""

from __future__ import annotations

from controller.network import Network
from controller.spec import Reflex
from sensors.signals import Body
from sim.bullet import BulletWorld
from sim.spec import Bullet

from .spec import Scenario


def build_world(scenario: Scenario) -> BulletWorld:
    """Build the scenario's world; call its `reset` with an episode before use."""
    match scenario.world:
        case Bullet() as spec:
            return BulletWorld(spec)


def build_brain(scenario: Scenario, body: Body) -> Network:
    """Build the scenario's controller for `body`, as it is before it has learned anything."""
    match scenario.controller:
        case Reflex() as spec:
            return Network(spec, body)
