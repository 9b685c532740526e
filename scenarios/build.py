"""What a scenario names, built: the one place that knows every kind of world and of brain."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from controller.declare import Declared
from controller.declared import DeclaredNetwork
from controller.gaze import GazeNetwork
from controller.network import Network
from controller.spec import Gaze, Reflex
from controller.voting import VotingNetwork
from firmware_bridge import targets
from firmware_bridge.deployed import DeployedNetwork
from firmware_bridge.free import FreeNetwork
from firmware_bridge.window import Window
from sensors.errors import UserError
from sensors.signals import Body
from sim.bullet import GRIPPER, BulletWorld
from sim.film import FilmWorld
from sim.gaze import HeadWorld
from sim.gaze_spec import Film, Head, cell_angles, head_body
from sim.spec import Bullet

from .spec import Scenario


def build_world(scenario: Scenario) -> Any:
    """Build the scenario's world, a TaskWorld; call its `reset` with an episode before use."""
    match scenario.world:
        case Bullet() as spec:
            return BulletWorld(spec)
        case Head() as spec:
            return HeadWorld(spec)
        case Film() as spec:
            return FilmWorld(spec)


def body_of(scenario: Scenario) -> Body:
    """The body of the scenario's world, without building that."""
    match scenario.world:
        case Bullet():
            return GRIPPER
        case Head() | Film() as spec:
            return head_body(spec)


def build_brain(scenario: Scenario, body: Body) -> Network | DeclaredNetwork | GazeNetwork:
    """Build the scenario's controller for `body`, as it is before it has learned anything."""
    match scenario.controller, scenario.world:
        case Reflex() as spec, _:
            return Network(spec, body) if spec.replicas == 1 else VotingNetwork(spec, body)
        case Declared() as declared, _:
            return DeclaredNetwork(declared, body)
        case Gaze() as gaze, (Head() | Film()) as world:
            return GazeNetwork(gaze, body, *cell_angles(world.camera))
    raise ValueError(f"{scenario.controller} has no place in {scenario.world}")


BUDGET = 0.7
"""Of a tick, that a brain which is not waited for may take; the world needs the rest."""


def deploy(brain: object, where: str, body: Body, stack: ExitStack, free_us: int = 0) -> DeployedNetwork:
    """The same controller computing on the target that `where` names, until `stack` is closed.

    free_us: length of a tick if time passes by itself, 0 for lockstep.

    Raises:
        UserError: the controller has no firmware; the target cannot be built, started or reached, or is another.
    """
    if not isinstance(brain, Network) or brain.replicas > 1:
        raise UserError(
            f"only a single grip controller has firmware, this scenario's brain is a {type(brain).__name__}; "
            f"leave out --brain"
        )
    if free_us and not brain.damage.harmless:
        raise UserError("controller.damage takes the link longer than a tick; leave out --free")
    url = stack.enter_context(targets.serve(where))
    deployed = (
        FreeNetwork(brain, url, body, free_us, BUDGET * free_us * 1e-6)
        if free_us
        else DeployedNetwork(brain, url, body)
    )
    stack.callback(deployed.close)
    deployed.window = stack.enter_context(Window(url, where, deployed.link))
    return deployed
