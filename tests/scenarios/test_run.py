"""A run leaves one whole folder, the same bits for any number of processes, and what a replay needs to prove them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from scenarios import load
from scenarios.recording import NAME, Recording, Writer
from scenarios.replay import replay
from scenarios.run import run
from scenarios.trace import Trace
from sensors.errors import UserError
from sim.bullet import BulletWorld
from sim.episode import draw_episode

SHORT = (
    "episodes=3",
    "world.camera.enabled=false",
    "world.trial.settle_s=0.5",
    "world.trial.lift_s=0.3",
    "world.trial.hold_s=0.2",
    "world.trial.shake_s=0.3",
    "world.trial.lower_s=0.3",
)
KEYS = {
    "scenario", "seed", "episodes", "held", "dropped", "crushed", "baselines", "slip_latency_ms", "slip_distance_mm",
    "false_alarms_per_min", "force_ratio_median", "realtime_factor", "tick_us", "spikes_per_s", "synaptic_events_per_s",
    "commands_crc32", "state_hash", "versions",
}  # fmt: skip
COMMAND = [sys.executable, "-m", "scenarios"]
ROOT = Path(load.__file__).parent.parent


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A short run that every test may read and none may change."""
    out = tmp_path_factory.mktemp("run") / "r"
    return out, run(load.load("grasp", SHORT), out)


def command(*arguments: object) -> list[str]:
    settings = [word for setting in SHORT for word in ("--set", setting)]
    return [*COMMAND, "run", "grasp", *settings, *map(str, arguments)]


def rewritten(out: Path, target: Path, change) -> Path:
    """A copy of a recording, sound in itself, of which `change(traces)` altered what was recorded."""
    recording = Recording(out / NAME)
    traces = [dataclasses.replace(t, effort=t.effort.copy(), analog=t.analog.copy()) for t in recording.traces]
    change(traces)
    writer = Writer(target, recording.schema, recording.scenario, recording.versions, recording.learned)
    for trace in traces:
        writer.append(trace)
    writer.close()
    return target


def test_a_run_leaves_its_figures_scenario_recording_and_learned_state(done):
    out, result = done
    assert {p.name for p in out.iterdir()} >= {"result.json", "scenario.toml", NAME, "state.bin"}
    assert json.loads((out / "result.json").read_text()) == json.loads(json.dumps(result))
    assert result.keys() >= KEYS
    assert result["held"] + result["dropped"] + result["crushed"] == result["episodes"] == 3
    assert all(sum(outcomes.values()) == 3 for outcomes in result["baselines"].values())
    assert "oracle" in result["baselines"]
    assert result["versions"].keys() >= {"ganglion", "python", "numpy", "pybullet"}


def test_the_scenario_file_it_leaves_is_the_scenario_it_ran(done):
    out, _ = done
    text = (out / "scenario.toml").read_text()
    assert load.load(str(out / "scenario.toml")) == load.load("grasp", SHORT)
    assert tomllib.loads(text)["world"]["trial"]["mass_kg"] == [0.02, 2.0]
    assert "# pybullet 3" in text


def test_the_recording_holds_the_episodes_that_were_drawn(done):
    out, result = done
    recording = Recording(out / NAME)
    scenario = load.load("grasp", SHORT)
    assert [t.episode for t in recording] == [draw_episode(scenario.world.trial, scenario.seed, k) for k in range(3)]
    assert recording.damage is None
    assert recording.traces[-1].brain_after == result["state_hash"]


def test_a_replay_of_the_senses_gives_the_same_commands_and_the_same_learned_state(done):
    found = replay(done[0])
    assert found.identical
    ticks = sum(len(t.counts) for t in Recording(done[0] / NAME))
    assert found.sentence == f"identical: {ticks} ticks, 3 episodes"


def test_a_replay_names_the_first_command_that_differs(done, tmp_path):
    def change(traces: list[Trace]) -> None:
        traces[1].effort[700, 1] += 1
        traces[2].effort[3, 0] += 1

    was = int(Recording(done[0] / NAME).traces[1].effort[700, 1])
    found = replay(rewritten(done[0], tmp_path / "r", change))
    assert not found.identical
    assert found.sentence == f"different: episode 1, tick 701, grip_n: recorded {was + 1}, now {was}"


def test_a_replay_notices_another_learned_state_behind_equal_commands(done, tmp_path):
    def change(traces: list[Trace]) -> None:
        traces[2].brain_after ^= 1

    found = replay(rewritten(done[0], tmp_path / "r", change))
    assert not found.identical
    assert "episode 2, after its last tick" in found.sentence


def test_a_replay_of_other_senses_does_not_pass(done, tmp_path):
    def change(traces: list[Trace]) -> None:
        traces[0].analog[600:, 5] += 100

    assert not replay(rewritten(done[0], tmp_path / "r", change)).identical


def test_a_brain_that_this_program_does_not_build_is_told(done, tmp_path):
    def change(traces: list[Trace]) -> None:
        traces[0].brain_before ^= 1

    with pytest.raises(UserError, match="its scenario now builds"):
        replay(rewritten(done[0], tmp_path / "r", change))


def test_of_a_damaged_recording_the_sound_episodes_are_replayed_and_the_damage_told(done, tmp_path):
    data = bytearray((done[0] / NAME).read_bytes())
    data[len(data) - 3000] ^= 16
    (tmp_path / "r").write_bytes(data)
    with pytest.raises(UserError, match=r"damaged: .*2 whole episodes .*\(identical: \d+ ticks, 2 episodes\)"):
        replay(tmp_path / "r")


def test_a_recording_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        replay(tmp_path / "nowhere")
    with pytest.raises(UserError, match="No such file"):
        replay(tmp_path)


def test_two_processes_give_the_same_bits_as_one(done, tmp_path):
    subprocess.run(command("--workers", 2, "--out", tmp_path / "two"), check=True, capture_output=True, cwd=ROOT)
    assert (tmp_path / "two" / NAME).read_bytes() == (done[0] / NAME).read_bytes()
    assert (tmp_path / "two" / "state.bin").read_bytes() == (done[0] / "state.bin").read_bytes()
    unclocked = [
        {k: v for k, v in json.loads((out / "result.json").read_text()).items() if k not in _CLOCKED}
        for out in (done[0], tmp_path / "two")
    ]
    assert unclocked[0] == unclocked[1]


_CLOCKED = {"realtime_factor", "tick_us", "start_s", "rss_mb"}


def test_a_run_from_a_learned_state_begins_where_that_one_ended_and_replays(done, tmp_path):
    state = done[0] / "state.bin"
    scenario = load.load("grasp", (*SHORT, "episodes=2"))
    run(scenario, tmp_path / "r", state, compare=False, report=False)
    fresh, later = Recording(done[0] / NAME), Recording(tmp_path / "r" / NAME)
    assert later.traces[0].brain_before != fresh.traces[0].brain_before
    assert later.traces[0].brain_before == later.traces[1].brain_before
    assert later.learned == state.read_bytes()
    assert replay(tmp_path / "r").identical


def test_a_damaged_brain_state_leaves_nothing_behind(done, tmp_path):
    (tmp_path / "s").write_bytes((done[0] / "state.bin").read_bytes()[:-1])
    with pytest.raises(UserError, match="damaged"):
        run(load.load("grasp", SHORT), tmp_path / "r", tmp_path / "s")
    assert {p.name for p in tmp_path.iterdir()} == {"s"}


def test_episodes_do_not_depend_on_how_many_come_before(done, tmp_path):
    run(load.load("grasp", (*SHORT, "episodes=1")), tmp_path / "one", compare=False, report=False)
    first, alone = Recording(done[0] / NAME).traces[0], Recording(tmp_path / "one" / NAME).traces[0]
    assert first.episode == alone.episode
    assert np.array_equal(first.effort, alone.effort)
    assert first.truth.tobytes() == alone.truth.tobytes()


def _begun(out: Path, *arguments: object) -> subprocess.Popen[str]:
    """A long run that has recorded at least one episode."""
    child = subprocess.Popen(
        command("--episodes", 500, "--no-baselines", "--out", out, *arguments),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    unfinished = out.with_name(out.name + ".unfinished") / NAME
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise AssertionError((child.wait(0.05), *child.communicate()))
        if unfinished.exists() and unfinished.stat().st_size > 100_000:
            return child


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(a) for a, b in (line.split() for line in listed.splitlines()) if int(b) == pid]


def _words(pid: int) -> str:
    """A process's command line; -ww, since ps cuts it at the width of a terminal that is not there."""
    listed = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(listed, capture_output=True, text=True, check=False).stdout


def _none_runs(pids: list[int]) -> bool:
    for _ in range(100):
        states = [
            subprocess.run(["ps", "-o", "stat=", "-p", str(p)], capture_output=True, text=True, check=False).stdout
            for p in pids
        ]
        if all(s.strip()[:1] in ("", "Z") for s in states):
            return True
    return False


@pytest.mark.slow
def test_ctrl_c_ends_all_and_what_was_recorded_can_be_replayed(tmp_path):
    child = _begun(tmp_path / "r", "--workers", 2)
    workers = _children(child.pid)
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 130
    assert len(err.splitlines()) == 1, err
    assert "of 500 episodes are in" in err
    assert not (tmp_path / "r").exists()
    assert len(workers) >= 2
    assert _none_runs(workers)
    found = replay(tmp_path / "r.unfinished")
    assert found.identical
    assert "stopped before all of its 500" in found.sentence


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_no_process_and_a_readable_recording(tmp_path):
    child = _begun(tmp_path / "r", "--workers", 2)
    workers = _children(child.pid)
    child.kill()
    child.communicate(timeout=20)
    assert _none_runs(workers)
    assert not (tmp_path / "r").exists()
    assert len(Recording(tmp_path / "r.unfinished" / NAME).traces) >= 1


@pytest.mark.slow
def test_a_worker_that_is_killed_ends_the_run_with_what_was_kept(tmp_path):
    child = _begun(tmp_path / "r", "--workers", 2)
    os.kill(next(pid for pid in _children(child.pid) if "spawn_main" in _words(pid)), signal.SIGKILL)
    out, err = child.communicate(timeout=20)
    assert child.returncode == 1, out
    assert len(err.splitlines()) == 1, err
    assert "killed by SIGKILL" in err
    assert replay(tmp_path / "r.unfinished").identical


def test_a_run_lets_go_of_its_worlds(tmp_path, monkeypatch):
    made, gone = [], []
    build, close = BulletWorld.__init__, BulletWorld.close
    monkeypatch.setattr(BulletWorld, "__init__", lambda world, spec: (made.append(id(world)), build(world, spec))[1])
    monkeypatch.setattr(BulletWorld, "close", lambda world: (gone.append(id(world)), close(world))[1])
    run(load.load("grasp", (*SHORT, "episodes=1")), tmp_path / "r", report=False)
    assert made
    assert sorted(gone) == sorted(made)


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_leaves_what_had_been_recorded(tmp_path):
    limited = f"ulimit -f 200; exec {' '.join(command('--no-baselines', '--workers', 1, '--out', tmp_path / 'r'))}"
    child = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, cwd=ROOT, check=False)
    assert child.returncode == 2, child.stderr
    assert len(child.stderr.splitlines()) == 1, child.stderr
    assert "could not be written: File too large" in child.stderr
    assert not (tmp_path / "r").exists()
    assert Recording(tmp_path / "r.unfinished" / NAME).damage is not None
