"""Contestant for W2: Brian2's C++ standalone code of the same equations, built once, run as a process of its own.

Brian2 times its loop by itself, by the wall clock, without building synapses; CPU time is that times the share of a
core that the process had. The number of steps is compiled in, so a turn is one run of it.
"""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path
from time import perf_counter_ns

import brian2
import numpy as np

from . import w2

EQUATIONS = """
dv/dt = (i - v + g) / tau_m : 1
dg/dt = -g / tau_s : 1
i : 1 (constant)
"""


class W2:
    """Recurrent network; a turn of any number of steps runs the compiled program once and counts as that many."""

    def __init__(self, neurons: int, dt_ms: float) -> None:
        p = w2.physics(int(neurons), dt_ms)
        self._neurons, self._dt_ms = p.neurons, dt_ms
        self._steps = max(round(1000 / dt_ms * min(1.0, 4000 / p.neurons)), 20)
        self._folder = tempfile.TemporaryDirectory()
        brian2.set_device("cpp_standalone", build_on_run=False)
        brian2.prefs.devices.cpp_standalone.openmp_threads = 0
        brian2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-march=native", "-ffast-math"]
        brian2.prefs.core.default_float_dtype = np.float64
        brian2.defaultclock.dt = dt_ms * brian2.ms
        names = {"tau_m": w2.TAU_M_MS * brian2.ms, "tau_s": w2.TAU_S_MS * brian2.ms}
        group = brian2.NeuronGroup(
            p.neurons, EQUATIONS, threshold="v > 1", reset="v = 0", method="exact", namespace=names
        )
        group.i, group.v = p.drive, "rand()"
        self._monitor = brian2.SpikeMonitor(group, record=False)
        network = brian2.Network(group, self._monitor)
        for name, part, weight in (("e", group[: p.excitatory], p.excite), ("i", group[p.excitatory :], p.inhibit)):
            synapses = brian2.Synapses(
                part, group, on_pre=f"g_post += {weight}", delay=dt_ms * brian2.ms, name=f"from_{name}"
            )
            synapses.connect(p=p.fan / p.neurons)
            network.add(synapses)
        network.run(self._steps * dt_ms * brian2.ms)
        brian2.device.build(directory=self._folder.name, run=False, with_output=False)
        self.spent = (0, 0)

    def advance(self, steps: int) -> None:
        before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter_ns()
        brian2.device.run(directory=self._folder.name, with_output=False)
        wall = perf_counter_ns() - wall
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        loop_ns = brian2.device._last_run_time * 1e9 * steps / self._steps
        self.spent = (round(loop_ns * min(cpu_s * 1e9 / wall, 1.0)), round(loop_ns))

    def facts(self) -> dict[str, float]:
        seconds = self._steps * self._dt_ms * 1e-3
        rate = self._monitor.num_spikes / self._neurons / seconds
        return {"rate_hz": float(rate), "program": float(Path(self._folder.name, "main").exists())}
