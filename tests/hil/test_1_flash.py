"""What is flashed is what this program would flash, and it says so."""

from __future__ import annotations

import pytest

from controller import image
from controller.network import Network
from controller.spec import Reflex
from firmware_bridge.deployed import DeployedNetwork, build_of, target_name
from firmware_bridge.remote import RemoteBrain
from sensors.errors import UserError
from sensors.signals import MAX_SPIKES, Body
from sim.bullet import GRIPPER

from .conftest import Target


def test_the_target_is_of_this_build_and_fits_the_gripper(target: Target) -> None:
    _, there = target.deployed()
    said = there.remote.welcome
    there.close()
    assert said["build"] == build_of(target_name(said))
    assert (said["layout"], said["size"]) == (image.LAYOUT, image.IMAGE.itemsize)
    assert (said["neurons"], said["addresses"], said["spikes"]) == (512, GRIPPER.addresses, MAX_SPIKES)


def test_another_body_is_refused(target: Target) -> None:
    with pytest.raises(UserError, match="this body has"):
        RemoteBrain(target.url, Body(GRIPPER.analog[:3], GRIPPER.goal, GRIPPER.effort))


def test_firmware_of_another_build_is_refused_with_both_ids(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_bridge.deployed.build_of", lambda _name: 0x12345678)
    with pytest.raises(UserError, match=r"runs build [0-9a-f]{8}, this program's is 12345678; "):
        DeployedNetwork(Network(Reflex(), GRIPPER), target.url, GRIPPER)
