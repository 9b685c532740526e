"""Whether the HDF5 library comes back from a file, found out by a process that may be lost.

On a damaged heap the library spins for ever, in C, where no signal of Python's reaches it. One process has it loaded
and forks for each file, which costs 10 ms where starting Python and the library anew cost half a second.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import Any

from sensors.errors import UserError

PROBE_S = 20
"""Of CPU time for one file; a sound one takes milliseconds."""
SERVER = """
import json, os, resource, sys
import h5py
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
text = lambda value: value.decode("latin-1") if isinstance(value, bytes) else str(value)
def look(path):
    with h5py.File(path, "r") as file:
        found = {name: text(file.attrs.get(name, "")) for name in ("geometry", "sensor_name")}
        for name in ("CD/events", "EXT_TRIGGER/events", "events/t", "events/x", "events/y", "events/p"):
            if name in file and file[name].chunks:
                file[name].id.chunk_iter(lambda info: None)
    return {"found": found}
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        try:
            answer = look(json.loads(line))
        except BaseException as error:
            answer = {"reason": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        print(json.dumps({"lost": True}), flush=True)
"""


class _Prober:
    """The process that forks; started when it is first needed, ended with this one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._of, self._lock = 0, Lock()

    def ask(self, path: Path) -> dict[str, Any]:
        """What it says of the file."""
        with self._lock:
            for _ in range(2):  # it may have been killed since the last file
                process = self._running()
                assert process.stdin is not None
                assert process.stdout is not None
                try:
                    process.stdin.write(json.dumps(str(path.resolve())) + "\n")
                    process.stdin.flush()
                    if answer := process.stdout.readline():
                        told: dict[str, Any] = json.loads(answer)
                        return told
                except BrokenPipeError:
                    pass
                self.close()
        raise UserError(f"{path}: the process that tries HDF5 files first ends at once; is h5py whole?")

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._of != os.getpid():  # after a fork the pipes are another's
            command = [sys.executable, "-P", "-c", SERVER, str(PROBE_S)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            self._of = os.getpid()
        return self._process

    def close(self) -> None:
        """End it and let go of it."""
        process, self._process = self._process, None
        if process is None or self._of != os.getpid():
            return
        process.kill()
        process.communicate()


_PROBER = _Prober()
atexit.register(_PROBER.close)


def probe(path: Path) -> dict[str, str]:
    """The attributes geometry and sensor_name, read in a process that is ended when it does not come back.

    Raises:
        UserError: the library spins or crashes on this file, or cannot read it.
    """
    told = _PROBER.ask(path)
    if "lost" in told:
        raise UserError(f"{path}: the HDF5 library does not come back from it, so it is damaged; get a whole copy")
    if "reason" in told:
        reason = (str(told["reason"]).strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"{path}: not a readable HDF5 file ({reason}); get a whole copy")
    found: dict[str, str] = told["found"]
    return found
