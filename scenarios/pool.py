"""Work on several processes: answers in order, none left behind, and a process that dies is told, not waited for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol, TypeVar, cast

from sensors.errors import UserError

from .interrupts import ctrl_c_waits

J = TypeVar("J")
D = TypeVar("D")
D_co = TypeVar("D_co", covariant=True)
GRACE_S = 2.0


class Worker(Protocol[D_co]):
    """What one process holds: built once, asked again and again."""

    def episode(self, index: int, /) -> D_co:
        """Do piece `index`; must not depend on the pieces done before."""


class RunFailedError(Exception):
    """A piece of work could not be done, by no fault of the user's: what happened, in one line.

    Attributes:
        details: the traceback of the process that failed, or "".
    """

    def __init__(self, sentence: str, details: str = "") -> None:
        super().__init__(sentence)
        self.details = details


def in_order(make: Callable[[J], Worker[D]], job: J, count: int, processes: int) -> Generator[D, None, None]:
    """Yield the answers 0 .. count-1 of workers made by `make(job)`, each in a process of its own.

    With one process, the work is done in this one. `make` and `job` must be picklable. Close the iterator, or exhaust
    it, and no process is left; should this process be killed, the others end by themselves.

    Raises:
        UserError: as a worker raised it.
        RunFailedError: a worker raised anything else, or its process died.
    """
    if processes <= 1 or count <= 1:
        worker = make(job)
        for index in range(count):
            yield worker.episode(index)
        return
    team: dict[Connection, BaseProcess] = {}
    try:
        resource_tracker.ensure_running()  # started later, it would let Ctrl-C through
        with ctrl_c_waits():  # which is this process's to answer
            for _ in range(min(processes, count)):
                _enlist(team, make, job)
        yield from _collect(team, count)
    finally:
        _dismiss(team)


def _enlist(team: dict[Connection, BaseProcess], make: Callable[[J], Worker[D]], job: J) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, make, job), daemon=True)
    process.start()
    theirs.close()
    team[ours] = process


def _collect(team: dict[Connection, BaseProcess], count: int) -> Iterator[Any]:
    waiting = iter(range(count))
    doing: dict[Connection, int] = {}
    for connection in team:
        _hand_out(connection, waiting, doing)
    ready: dict[int, Any] = {}
    for wanted in range(count):
        while wanted not in ready:
            for connection in cast(list[Connection], wait(list(doing))):
                index = doing.pop(connection)
                ready[index] = _answer(connection, team[connection], index)
                _hand_out(connection, waiting, doing)
        yield ready.pop(wanted)


def _hand_out(connection: Connection, waiting: Iterator[int], doing: dict[Connection, int]) -> None:
    index = next(waiting, None)
    if index is not None:
        doing[connection] = index
        try:
            connection.send(index)
        except OSError:
            return  # it died; reading from it says so


def _answer(connection: Connection, process: BaseProcess, index: int) -> Any:
    try:
        answer, error, details = connection.recv()
    except (EOFError, OSError):
        process.join(GRACE_S)
        code = process.exitcode
        how = f"killed by {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit status {code}"
        raise RunFailedError(f"worker process {process.pid} died in episode {index} ({how})") from None
    if isinstance(error, UserError):
        raise error
    if error is not None:
        raise RunFailedError(f"episode {index} failed: {error}", details)
    return answer


def _dismiss(team: dict[Connection, BaseProcess]) -> None:
    for connection, process in team.items():
        connection.close()
        process.terminate()
    for process in team.values():
        process.join(GRACE_S)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def _serve(connection: Connection, make: Callable[[J], Worker[D]], job: J) -> None:
    """A worker process's whole life: make the worker, answer until there is nobody left to answer."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    worker: Worker[D] | None = None
    try:
        while True:
            index = connection.recv()
            try:
                worker = worker or make(job)
                answer = (worker.episode(index), None, "")
            except UserError as error:
                answer = (None, error, "")  # type: ignore[assignment]
            except Exception as error:
                answer = (None, f"{type(error).__name__}: {error}", traceback.format_exc())  # type: ignore[assignment]
            connection.send(answer)
    except (EOFError, OSError):
        return


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
