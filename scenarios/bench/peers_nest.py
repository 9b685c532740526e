"""Contestant for W2: NEST, one thread, its exact integration of the same neurons (iaf_psc_exp), delays of one step."""

from __future__ import annotations

import nest
import numpy as np

from . import w2


class W2:
    """Recurrent network; steps run inside one `Run`."""

    def __init__(self, neurons: int, dt_ms: float) -> None:
        p = w2.physics(int(neurons), dt_ms)
        nest.set_verbosity("M_ERROR")
        nest.ResetKernel()
        nest.SetKernelStatus({"resolution": dt_ms, "local_num_threads": 1, "rng_seed": 1})
        common = {"tau_m": w2.TAU_M_MS, "tau_syn_ex": w2.TAU_S_MS, "tau_syn_in": w2.TAU_S_MS, "C_m": w2.TAU_M_MS,
                  "E_L": 0.0, "V_reset": 0.0, "V_th": 1.0, "t_ref": 0.0}  # fmt: skip
        cells = nest.Create("iaf_psc_exp", p.neurons, params=common)
        cells.set({"I_e": p.drive, "V_m": np.random.default_rng(2).uniform(0, 1, p.neurons)})
        rule = {"rule": "fixed_outdegree", "outdegree": p.fan}
        for sources, weight in ((cells[: p.excitatory], p.excite), (cells[p.excitatory :], p.inhibit)):
            nest.Connect(sources, cells, rule, {"synapse_model": "static_synapse", "weight": weight, "delay": dt_ms})
        self._neurons, self._dt_ms, self._rate_hz = p.neurons, dt_ms, 0.0
        nest.Prepare()

    def advance(self, steps: int) -> None:
        nest.Run(steps * self._dt_ms)
        spikes = nest.GetKernelStatus("local_spike_counter")  # of the last call alone
        self._rate_hz = spikes / self._neurons / (steps * self._dt_ms * 1e-3)

    def facts(self) -> dict[str, float]:
        return {"rate_hz": self._rate_hz}
