"""Contestant for W2: Brian2's C++ standalone code of the same equations, built once, run as a process of its own.

The loop alone is timed, without building synapses: wall time by Brian2, CPU time by two lines put around it. The number
of steps is compiled in, so a turn is one run of the program. Compiler options are Brian2's own: -O3, -march=native and
-ffast-math.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import brian2

from . import w2

CPU_FILE, CLOCKS_PER_S = "cpu", 1_000_000
SPAN_MS = 1000.0  # each run starts from random membranes: over a second its rate is that of the others
EQUATIONS = """
dv/dt = (drive - v + g) / tau_m : 1
dg/dt = -g / tau_s : 1
drive : 1 (constant)
"""


class W2:
    """Recurrent network; a turn of any number of steps runs the compiled program once and counts as that many."""

    def __init__(self, neurons: int, dt_ms: float) -> None:
        p = w2.physics(int(neurons), dt_ms)
        self._neurons, self._dt_ms = p.neurons, dt_ms
        self._steps = round(SPAN_MS / dt_ms)
        self._folder = tempfile.TemporaryDirectory()
        brian2.set_device("cpp_standalone", build_on_run=False)
        brian2.prefs.devices.cpp_standalone.openmp_threads = 0
        brian2.defaultclock.dt = dt_ms * brian2.ms
        names = {"tau_m": w2.TAU_M_MS * brian2.ms, "tau_s": w2.TAU_S_MS * brian2.ms}
        group = brian2.NeuronGroup(
            p.neurons, EQUATIONS, threshold="v > 1", reset="v = 0", method="exact", namespace=names
        )
        group.drive, group.v = p.drive, "rand()"
        self._monitor = brian2.SpikeMonitor(group, record=False)
        network = brian2.Network(group, self._monitor)
        for name, part, weight in (("e", group[: p.excitatory], p.excite), ("i", group[p.excitatory :], p.inhibit)):
            synapses = brian2.Synapses(
                part, group, on_pre=f"g_post += {weight}", delay=dt_ms * brian2.ms, name=f"from_{name}"
            )
            synapses.connect(p=p.fan / p.neurons)
            network.add(synapses)
        brian2.device.insert_code("before_network_run", "const std::clock_t since = std::clock();")
        brian2.device.insert_code("after_network_run", f'std::ofstream("{CPU_FILE}") << std::clock() - since;')
        network.run(self._steps * dt_ms * brian2.ms)
        brian2.device.build(directory=self._folder.name, run=False, with_output=False)
        self.spent = (0, 0)

    def advance(self, steps: int) -> None:
        brian2.device.run(directory=self._folder.name, with_output=False)
        scale = steps / self._steps * 1e9
        cpu_s = int(Path(self._folder.name, CPU_FILE).read_text()) / CLOCKS_PER_S
        self.spent = (round(cpu_s * scale), round(brian2.device._last_run_time * scale))

    def facts(self) -> dict[str, float]:
        seconds = self._steps * self._dt_ms * 1e-3
        rate = self._monitor.num_spikes / self._neurons / seconds
        return {"rate_hz": float(rate)}
