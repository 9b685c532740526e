"""Verbs for targets: the same run on them, their firmware built and compared, their state and how they do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller import image
from controller.network import Network
from controller.spec import Reflex
from firmware_bridge import boards, flash, targets
from firmware_bridge.deployed import DeployedNetwork
from firmware_bridge.fpga import synthesis
from firmware_bridge.sitl import Sitl
from firmware_bridge.toolchain import build_sitl
from scenarios import firmware, load
from scenarios.cli import main
from sensors.errors import UserError
from sim.bullet import GRIPPER

SHORT = ("--episodes", "1", "--seed", "7", "--no-baselines", "--no-report", "--workers", "1", "--json")
SAME = ("commands_crc32", "state_hash", "held", "spikes_per_s", "learning_updates_per_s")


@pytest.fixture
def url() -> Iterator[str]:
    needs("sitl")
    with Sitl(build_sitl()) as running:
        yield running.url


def needs(target: str) -> None:
    if lacking := targets.missing(target):
        pytest.skip(lacking)


def needs_board_tools() -> None:
    needs("qemu:mps2-an386")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("ganglion: ")
    assert "\n" not in said
    return said


DAMAGE = ("--set", "controller.damage.killed=0.2", "--set", "controller.damage.flipped=1e-3")
BAD_LINK = "lossy:drop=0.002,duplicate=0.01,flip=1e-3,stall=0.001,unplug=0.001,seed=3:"


@pytest.mark.parametrize(
    ("settings", "link"), [((), ""), (DAMAGE, ""), ((), BAD_LINK)], ids=["whole", "damaged", "over a bad link"]
)
def test_a_run_on_a_target_leaves_the_recording_of_one_here(
    settings: tuple[str, ...], link: str, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = []
    for out, where in (("here", "here"), ("there", link + url)):
        assert main(["run", "grasp", *SHORT, *settings, "--out", str(tmp_path / out), "--brain", where]) == 0
        results.append(json.loads(capsys.readouterr().out))
    assert [results[0][key] for key in SAME] == [results[1][key] for key in SAME]
    for name in ("recording.gang", "state.bin"):
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes(), name
    assert results[1]["brain"]["target"] == "sitl"
    assert (results[1]["brain"]["reconnected"] > 0) == bool(link)
    assert "brain" not in results[0]


def test_what_a_target_cannot_do_is_told_in_a_line(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is a VotingNetwork" in told(
        capsys, "run", "grasp", *SHORT, "--brain", url, "--set", "controller.replicas=3"
    )
    assert "is for `ganglion run`" in told(capsys, "deploy", "grasp", "--to", "f405", url, *DAMAGE[:2])
    assert "leave out --free" in told(capsys, "run", "grasp", *SHORT, *DAMAGE, "--brain", url, "--free")


def test_a_target_that_dies_in_mid_run_ends_it_with_a_line_and_the_recording_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("sitl")
    out = tmp_path / "out"
    plug = tmp_path / "port"
    with Sitl(build_sitl()) as running:
        plug.symlink_to(running.url)
        step, steps = DeployedNetwork.step, 0

        def fatal(self: DeployedNetwork, sensed: object) -> object:
            nonlocal steps
            steps += 1
            if steps == 8000:  # in its second episode
                plug.unlink()  # the number of a dead pseudo-terminal is soon another's
                running.kill()
            return step(self, sensed)  # type: ignore[arg-type]

        monkeypatch.setattr(DeployedNetwork, "step", fatal)
        words = [*SHORT, "--out", str(out), "--brain", str(plug), "--set", "world.trial.mass_kg=[0.1,0.11]"]
        assert main(["run", "grasp", *words, "--episodes", "2"]) == 1
    said = capsys.readouterr().err
    assert "is gone and not back within 5 s" in said or "is silent for 5 s" in said
    assert "1 of 2 episodes are in" in said
    monkeypatch.undo()
    assert main(["replay", str(tmp_path / "out.unfinished"), "--assert-identical"]) == 0


def test_a_wrong_place_for_the_brain_is_told_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run = ("run", "grasp", *SHORT, "--out", str(tmp_path / "o"), "--brain")
    assert "there is no board 'z80'; there are mps2-an386, " in told(capsys, *run, "qemu:z80")
    assert "there is no brain 'qemu'; there are here, sitl, " in told(capsys, *run, "qemu")
    assert "there is no /dev/ttyNONE; serial ports found:" in told(capsys, *run, "/dev/ttyNONE")
    assert not (tmp_path / "o").exists()


def test_a_state_goes_off_a_target_and_onto_another_to_the_bit(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "learned.bin"
    assert "sitl holds no state; run a scenario on it, or load one: ganglion state URL load FILE" in told(
        capsys, "state", url, "save", str(file)
    )
    assert not file.exists()
    network = Network(Reflex(seed=5), GRIPPER)
    network.step(GRIPPER.empty_sensed())
    image.save(network.image, file)
    assert main(["state", url, "load", str(file)]) == 0
    assert f"state {network.state_hash():08x}" in capsys.readouterr().out
    other = tmp_path / "other.bin"
    assert main(["state", url, "save", str(other)]) == 0
    assert other.read_bytes() == file.read_bytes()
    file.write_bytes(file.read_bytes()[:-3])
    assert "is damaged" in told(capsys, "state", url, "load", str(file))


def test_a_monitor_reads_how_it_goes_and_its_keys_do_what_they_say(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from scenarios import monitor

    with monitor.watched(url) as watch:
        assert all("sitl holds no state; " in str(watch.obey(key, tmp_path / "none")) for key in "frs")
    deployed = DeployedNetwork(Network(Reflex(), GRIPPER), url, GRIPPER)
    deployed.reset()
    for _ in range(25):
        deployed.step(GRIPPER.empty_sensed())
    deployed.close()
    capsys.readouterr()
    assert main(["monitor", url, "--json", "--count", "2", "--every", "0.01"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["target"], first["ticks"], first["loaded"], first["frozen"]) == ("sitl", 25, True, False)
    assert second["ticks_per_s"] == 0
    assert set(first["efforts"]) == {"lift_n", "grip_n"}
    assert main(["monitor", url, "--count", "1", "--every", "0.01"]) == 0
    assert "sitl  25 ticks, 0/s" in capsys.readouterr().out
    assert "out of range; expected 0.01 to 3600" in told(capsys, "monitor", url, "--every", "0")
    with monitor.watched(url) as watch:
        assert watch.obey("f", tmp_path) == "learning is stopped"
        assert (reading := watch.read()) is not None
        assert reading.frozen
        assert watch.obey("f", tmp_path) == "learning goes on"
        assert "saved" in str(watch.obey("s", tmp_path / "kept.bin"))
        assert (tmp_path / "kept.bin").exists()
        assert watch.obey("r", tmp_path) is not None
        assert (reading := watch.read()) is not None
        assert reading.ticks == 0
        assert watch.obey("q", tmp_path) is None


def test_firmware_is_built_small_and_its_cost_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    needs_board_tools()
    lines = list(firmware.build(load.load("grasp"), "mps2-an386"))
    text = "\n".join(lines)
    board = boards.board("mps2-an386")
    elf = boards.build_elf(board)
    size = boards.size_of(elf)
    assert size.flash <= 64 * boards.KIB
    assert size.ram + 2 * boards.KIB <= 64 * boards.KIB
    counted = float(text.split(" k instructions a tick p50, ")[1].split()[0])
    assert 10 < counted <= 60
    assert "an estimate" in text
    assert "there is no board 'f999'" in told(capsys, "build", "grasp", "--for", "f999")


def test_deploying_to_an_emulated_board_proves_parity_and_another_board_is_named() -> None:
    needs_board_tools()
    scenario = load.load("grasp")
    said = list(firmware.deploy(scenario, "sf2", "qemu:sf2"))
    assert "1000 ticks identical, state " in said[-1]
    with pytest.raises(UserError, match="is sf2, not f405; name its port, or --to sf2"):
        list(firmware.deploy(scenario, "f405", "qemu:sf2"))


def test_a_firmware_that_is_too_large_is_refused_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_board_tools()
    small = boards.board("microbit")
    monkeypatch.setattr(boards, "build_id", lambda _part: 0x70015A11)
    both = boards.Board(small.name, small.cpu, small.says, small.hz, small.machine, small.flash_bytes, small.ram_bytes)
    with pytest.raises(
        UserError, match=r"does not fit microbit \(256 KiB flash, 16 KiB RAM\): .*overflowed by \d+ bytes"
    ):
        boards.build_elf(both)


def test_flashing_takes_the_tool_that_is_there_and_tells_what_it_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    needs_board_tools()
    board = boards.board("f405")
    elf = boards.build_elf(board)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="none of pyocd, openocd, dfu-util is on PATH; pip install pyocd"):
        flash.flash(board, elf)
    tool = tmp_path / "dfu-util"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\nexit $(( $# != 6 ))\n')
    tool.chmod(0o755)
    assert flash.flash(board, elf) == "dfu-util"
    assert (tmp_path / "said").read_text().split()[:4] == ["-a", "0", "-s", "0x8000000:leave"]
    first = tmp_path / "pyocd"
    first.write_text("#!/bin/sh\necho connecting >&2\necho 'No probes connected' >&2\nexit 1\n")
    first.chmod(0o755)
    with pytest.raises(UserError, match="pyocd did not flash f405: No probes connected; is the probe connected"):
        flash.flash(board, elf)
    with pytest.raises(UserError, match="mps2-an386 is flashed by its vendor's tool only"):
        flash.flash(boards.board("mps2-an386"), elf)


def test_a_bitstream_is_written_by_the_loader_that_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ice40, ecp5 = synthesis.BOARDS["ice40-up5k"], synthesis.BOARDS["ecp5-25"]
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="none of openFPGALoader, iceprog is on PATH; on Debian: apt-get install"):
        flash.configure(ice40, tmp_path / "chip.bin")
    for name in ("iceprog", "openFPGALoader"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\n')
        (tmp_path / name).chmod(0o755)
        assert flash.configure(ice40, tmp_path / "chip.bin") == name
    assert (tmp_path / "said").read_text().split() == ["-b", "ice40_generic", "-f", str(tmp_path / "chip.bin")]
    assert flash.configure(ecp5, tmp_path / "chip.bit") == "openFPGALoader"
    assert (tmp_path / "said").read_text().split() == ["-b", "ulx3s", "-f", str(tmp_path / "chip.bit")]


def test_an_fpga_that_is_simulated_is_deployed_to_and_a_wrong_port_is_told_before_anything_is_built(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "there is no /dev/ttyNONE" in told(capsys, "deploy", "grasp", "--to", "ice40-up5k", "/dev/ttyNONE")
    assert "there is no /dev/ttyNONE" in told(capsys, "deploy", "grasp", "--to", "f405", "/dev/ttyNONE")
    assert "gaze has no single grip controller" in told(capsys, "deploy", "gaze", "--to", "f405", "/dev/ttyNONE")
    assert "there is no board 'z80'" in told(capsys, "deploy", "grasp", "--to", "z80", "/dev/ttyNONE")
    needs("verilator")
    said = list(firmware.deploy(load.load("grasp"), "ice40-up5k", "verilator"))
    assert "1000 ticks identical, state " in said[-1]
