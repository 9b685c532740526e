"""Work is answered in order by however many processes; none is left behind, none is waited for in vain."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from time import monotonic

import pytest

from scenarios.interrupts import ctrl_c_waits
from scenarios.pool import RunFailedError, in_order
from sensors.errors import UserError

PRELUDE = """
import os, signal, sys, threading
from scenarios.pool import RunFailedError, in_order
from sensors.errors import UserError

class Worker:
    def __init__(self, job):
        self.job = job
    def episode(self, index):
        if index == self.job.get("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        if index == self.job.get("raise"):
            raise ZeroDivisionError("by nought")
        if index == self.job.get("mistake"):
            raise UserError("yours; mend it")
        if index == self.job.get("hang"):
            print("hanging", os.getpid(), flush=True)
            threading.Event().wait()
        return index * index, os.getpid()
"""


@dataclass
class Ended:
    status: int
    out: list[str]
    err: str


def program(tmp_path, body: str) -> subprocess.Popen[str]:
    """A program in a file of its own, as worker processes need one that they can import."""
    file = tmp_path / "program.py"
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    file.write_text(f"{PRELUDE}\nif __name__ == '__main__':\n{lines}\n")
    return subprocess.Popen(
        [sys.executable, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def ended(child: subprocess.Popen[str]) -> Ended:
    try:
        out, err = child.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        child.kill()
        raise
    return Ended(child.returncode, out.split("\n")[:-1], err)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended but was not yet collected does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip() not in ("", "Z", "Z+")


def gone(pid: int, within_s: float) -> bool:
    until = monotonic() + within_s
    while monotonic() < until:
        if not alive(pid):
            return True
    return False


class Squares:
    def __init__(self, job: int) -> None:
        self.job = job

    def episode(self, index: int) -> int:
        return self.job * index * index


def test_one_process_is_this_one():
    assert list(in_order(Squares, 2, 4, 1)) == [0, 2, 8, 18]


def test_answers_come_in_order_from_as_many_processes_as_were_asked_for(tmp_path):
    result = ended(program(tmp_path, "for n, pid in in_order(Worker, {}, 20, 3): print(n, pid)"))
    assert result.status == 0, result.err
    assert [int(line.split()[0]) for line in result.out] == [k * k for k in range(20)]
    pids = {int(line.split()[1]) for line in result.out}
    assert 1 <= len(pids) <= 3
    assert all(gone(pid, 3) for pid in pids)


def test_a_process_that_is_killed_is_told_at_once_with_what_was_done_before(tmp_path):
    result = ended(
        program(
            tmp_path,
            """
try:
    for n, pid in in_order(Worker, {"die": 5}, 8, 2): print(n, pid, flush=True)
except RunFailedError as error:
    print(error)
""",
        )
    )
    assert "died in episode 5 (killed by SIGKILL)" in result.out[-1]
    assert [int(line.split()[0]) for line in result.out[:-1]] == [0, 1, 4, 9, 16][: len(result.out) - 1]
    assert all(gone(int(line.split()[1]), 3) for line in result.out[:-1])


def test_a_mistake_of_the_user_stays_one_and_a_fault_of_ours_keeps_its_traceback(tmp_path):
    result = ended(
        program(
            tmp_path,
            """
try:
    list(in_order(Worker, {"mistake": 1}, 3, 2))
except UserError as error:
    print(error)
try:
    list(in_order(Worker, {"raise": 1}, 3, 2))
except RunFailedError as error:
    print(error, "|", error.details.count("Traceback"))
""",
        )
    )
    assert result.out == ["yours; mend it", "episode 1 failed: ZeroDivisionError: by nought | 1"], result.err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_one_that_started_it(tmp_path, how):
    child = program(tmp_path, 'list(in_order(Worker, {"hang": 0}, 2, 2))')
    assert child.stdout is not None
    worker = int(child.stdout.readline().split()[1])
    assert alive(worker)
    if how == signal.SIGINT:
        os.killpg(child.pid, how)  # as a terminal does: to all of them
    else:
        child.send_signal(how)
    result = ended(child)
    assert result.status == -how
    assert gone(worker, 5)
    if how == signal.SIGINT:
        assert result.err.count("Traceback") == 1, "a worker answered Ctrl-C as well"


def test_ctrl_c_while_the_workers_are_started_is_not_lost(tmp_path):
    result = ended(
        program(
            tmp_path,
            """
from scenarios import pool
enlist = pool._enlist
def interrupted(*arguments):
    os.kill(os.getpid(), signal.SIGINT)
    enlist(*arguments)
pool._enlist = interrupted
list(in_order(Worker, {"hang": 0}, 2, 2))
""",
        )
    )
    assert result.status == -signal.SIGINT


def test_ctrl_c_waits_until_what_must_be_whole_is_whole():
    done = []

    def write() -> None:
        with ctrl_c_waits():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert done == ["whole"]


def test_an_iterator_that_is_closed_early_leaves_nobody(tmp_path):
    result = ended(
        program(
            tmp_path,
            """
work = in_order(Worker, {"hang": 3}, 4, 2)
print(next(work)[1], next(work)[1])
work.close()
""",
        )
    )
    assert result.status == 0, result.err
    pids = [int(p) for line in result.out for p in line.split() if p.isdigit()]
    assert len(pids) >= 2
    assert all(gone(pid, 3) for pid in pids)


def test_failures_in_this_process_are_as_they_were_raised():
    class Broken:
        def __init__(self, _: None) -> None: ...

        def episode(self, index: int) -> int:
            raise UserError(f"episode {index}")

    with pytest.raises(UserError, match="episode 0"):
        list(in_order(Broken, None, 2, 1))
    assert issubclass(RunFailedError, Exception)
