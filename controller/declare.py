"""What a network may be declared of, in a scenario file or in Python: populations, connections, read-outs, signals.

Every part has a name and refers to others by theirs. A tick computes events, then signals, then populations in the
order of their declaration, each after the connections that end in it: one from a population declared earlier carries
spikes of this tick, one from itself or a later one those of the last. Then come read-outs, the signals that use them,
learning, and efforts behind their guard.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from sensors.spec import Settings, Spec

from .plasticity import WEIGHT_MAX

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$", max_length=40)]
Size = Annotated[int, Meta(ge=1, le=1 << 20)]
Shift = Annotated[int, Meta(ge=1, le=15)]
Rate = Annotated[int, Meta(ge=1, le=16)]
Step16 = Annotated[int, Meta(ge=1, le=32767)]
Gain16 = Annotated[int, Meta(ge=0, le=32767)]
Int16 = Annotated[int, Meta(ge=-32768, le=32767)]
Int8 = Annotated[int, Meta(ge=-127, le=127)]
Current = Annotated[int, Meta(ge=-(1 << 24), le=1 << 24)]
Weight = Annotated[int, Meta(ge=-WEIGHT_MAX, le=WEIGHT_MAX)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Level = Annotated[int, Meta(ge=-(1 << 30), le=1 << 30)]


class Homeostasis(Settings, frozen=True):
    """Own thresholds that keep a rate, `homeostasis.homeostasis_step`. rate_hz: spikes per second of 1000 ticks."""

    rate_hz: Annotated[float, Meta(ge=0.0, le=1000.0)]
    rate_shift: Rate = 12
    low: Step16 = 1
    high: Step16 = 32767


class Lif(Spec, frozen=True, tag="lif"):
    """`neuron.lif_step`. bias: added to the input of every tick. With `homeostasis` each has a threshold of its own."""

    size: Size
    leak_shift: Shift = 5
    threshold: Step16 = 16384
    bias: Current = 0
    homeostasis: Homeostasis | None = None


class Adaptive(Spec, frozen=True, tag="adaptive"):
    """`adaptive.adaptive_step`."""

    size: Size
    leak_shift: Shift = 5
    sink_shift: Annotated[int, Meta(ge=1, le=12)] = 8
    threshold: Step16 = 16384
    bump: Gain16 = 1000
    bias: Current = 0


class Izhikevich(Spec, frozen=True, tag="izhikevich"):
    """`sensors.izhikevich.izhikevich_step`; a, b in 1/256, c, d in 1/256 mV."""

    size: Size
    a: Annotated[int, Meta(ge=1, le=255)] = 5
    b: Annotated[int, Meta(ge=0, le=255)] = 51
    c: Annotated[int, Meta(ge=-90 << 8, le=(30 << 8) - 1)] = -65 << 8
    d: Gain16 = 8 << 8
    bias: Annotated[int, Meta(ge=-65536, le=65535)] = 0


class Cuba(Spec, frozen=True, tag="cuba"):
    """`loihi.loihi_step`: the current-based neuron of the Loihi profile. Of 4096 parts a tick keeps the following.

    keep_current: 0..4095, 0 for a membrane that its input reaches directly. keep_voltage: 0..4096, 4096 for no leak.
    threshold: of the membrane, fired above it; membranes count in 1/64 of a synaptic weight. reset: False for neurons
    that never fire and are read by their membrane. All of them, and bias, can be given per neuron as arrays.
    """

    size: Size
    keep_current: Annotated[int, Meta(ge=0, le=4095)] = 0
    keep_voltage: Annotated[int, Meta(ge=0, le=4096)] = 3968
    threshold: Annotated[int, Meta(ge=0, le=(1 << 31) - 1)] = 1 << 20
    bias: Current = 0


Population = Lif | Adaptive | Izhikevich | Cuba


class Events(Settings, frozen=True):
    """Address-events of the body, `first` .. `first + size - 1`, as a source of spikes; or a `region` by its name."""

    region: str = ""
    first: Annotated[int, Meta(ge=0, le=65535)] = 0
    size: Annotated[int, Meta(ge=0, le=65536)] = 0


class Signal(Settings, frozen=True):
    """A number: constant + floor(sum(weight * source) / 2^shift), limited to low..high.

    terms: pairs of source and integer weight. Sources are "analog.CHANNEL", "goal.CHANNEL" and "effort.CHANNEL" (the
    last command) of the body, and the names of signals and read-outs.
    """

    terms: tuple[tuple[str, Annotated[int, Meta(ge=-(1 << 20), le=1 << 20)]], ...] = ()
    shift: Annotated[int, Meta(ge=0, le=30)] = 0
    constant: Level = 0
    low: Level = -(1 << 30)
    high: Level = 1 << 30


class Code(Spec, frozen=True, tag="code"):
    """A population code of signals, each limited to int16: random encoders, tuned by rate and intercept; target lif.

    Rates rise from zero at an intercept uniform in `intercepts` to a rate uniform in `rates_hz` (per 1000 ticks) at
    full scale along the encoder (Eliasmith and Anderson 2003, ch. 4). Arrays: encoder int8 (N, D), bias int32 (N,).
    """

    signals: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=64)]
    target: Name
    rates_hz: tuple[float, float] = (100.0, 250.0)
    intercepts: tuple[float, float] = (-0.9, 0.7)
    shift: Annotated[int, Meta(ge=0, le=16)] = 8


class Dense(Spec, frozen=True, tag="dense"):
    """int8 weights (N, M) on M signals, each limited to int16, the sum shifted right by `shift`.

    weight, spread, density: without an array, weight + uniform -spread..spread, present in that share.
    """

    signals: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=1024)]
    target: Name
    weight: Int8 = 0
    spread: Int8 = 0
    density: Share = 1.0
    shift: Annotated[int, Meta(ge=0, le=16)] = 0


class Columns(Spec, frozen=True, tag="columns"):
    """int8 weights (M, N), a row per source, of which a spike adds one to the target, times 2^exponent.

    source: a population or events. delay_ticks: on top of what the order of computation gives. weight, spread,
    density: as in `Dense`.
    """

    source: Name
    target: Name
    weight: Int8 = 0
    spread: Int8 = 0
    density: Share = 1.0
    exponent: Annotated[int, Meta(ge=0, le=15)] = 0
    delay_ticks: Annotated[int, Meta(ge=0, le=1000)] = 0


class Sparse(Spec, frozen=True, tag="sparse"):
    """As `Columns`, but only the synapses there are: arrays start int32 (M + 1,), index int32 and weight int8 (S,)."""

    source: Name
    target: Name
    weight: Int8 = 0
    spread: Int8 = 0
    density: Share = 0.1
    exponent: Annotated[int, Meta(ge=0, le=15)] = 0
    delay_ticks: Annotated[int, Meta(ge=0, le=1000)] = 0


class Conv(Spec, frozen=True, tag="conv"):
    """Convolution on events: a spike at (channel, y, x) of the source adds a patch of int8 weights to the target.

    shape: (channels, height, width) of the source, row-major. The target is (filters, (height + 2 padding - kernel) //
    stride + 1, likewise), row-major. Array: weight int8 (filters, channels, kernel, kernel).
    """

    source: Name
    target: Name
    shape: tuple[Size, Size, Size]
    filters: Size
    kernel: Annotated[int, Meta(ge=1, le=15)]
    stride: Annotated[int, Meta(ge=1, le=15)] = 1
    padding: Annotated[int, Meta(ge=0, le=14)] = 0
    weight: Int8 = 0
    spread: Int8 = 0
    density: Share = 1.0
    exponent: Annotated[int, Meta(ge=0, le=15)] = 0
    delay_ticks: Annotated[int, Meta(ge=0, le=1000)] = 0


class Stdp(Settings, frozen=True):
    """`stdp.stdp_tick`, or with a `reward` `stdp.rewarded_tick`: weights move by pairs, or by reward times credit.

    reward: name of a signal, limited to +-32767. The rest as in `stdp.RULE`.
    """

    potentiation: Gain16 = 100
    depression: Gain16 = 105
    rate_shift: Rate = 4
    pre_shift: Annotated[int, Meta(ge=1, le=14)] = 4
    post_shift: Annotated[int, Meta(ge=1, le=14)] = 4
    trace_bump: Step16 = 2000
    reward: str = ""
    credit_shift: Rate = 7
    reward_shift: Rate = 8


class Plastic(Spec, frozen=True, tag="plastic"):
    """int32 weights (N, M), a row per target, within low..high, that `learning` moves; a spike adds weight >> shift."""

    source: Name
    target: Name
    learning: Stdp
    weight: Weight = 0
    spread: Weight = 0
    low: Weight = 0
    high: Weight = WEIGHT_MAX
    shift: Annotated[int, Meta(ge=0, le=30)] = 16


Connection = Code | Dense | Columns | Sparse | Conv | Plastic


class Pes(Settings, frozen=True):
    """`plasticity.pes_step`; error: the signal target - output. rounding: nearest shows what stochastic is for."""

    error: Name
    rate_shift: Rate = 12
    rounding: Literal["stochastic", "nearest"] = "stochastic"


class Readout(Settings, frozen=True):
    """floor(sum(w * a) / 2^16) of int32 weights w and traces a of the `source`'s spikes, or of `signals` instead.

    learning: PES; on signals that is the delta rule (`delta.delta_step`). source "NAME" of a `cuba` population with
    membrane = n reads the membrane of its neuron n as it is.
    """

    source: str = ""
    signals: tuple[Name, ...] = ()
    learning: Pes | None = None
    weight: Weight = 0
    trace_shift: Annotated[int, Meta(ge=1, le=14)] = 5
    trace_bump: Step16 = 512
    membrane: Annotated[int, Meta(ge=0, le=(1 << 20) - 1)] | None = None


class Effort(Settings, frozen=True):
    """What one actuator is asked: a signal behind `guard.guard_step`, in the body's LSB."""

    signal: Name
    low: Int16 = -32767
    high: Int16 = 32767
    slew: Step16 = 32767


class Declared(Spec, frozen=True, tag="network"):
    """A network that is declared part by part. seed: of all random weights and of the rounding noise.

    learning: False freezes every weight and threshold. arrays: path of an .npz, seen from the
    scenario's file, whose "PART.ARRAY" entries stand for what would be drawn, as "in_hidden.weight". target: a part
    whose memory it must fit, see `limits.MEMORY`. dead: share of each population that is silenced when `dead_from_ms`
    ticks have passed.
    """

    populations: dict[Name, Population] = field(default_factory=dict)
    connections: dict[Name, Connection] = field(default_factory=dict)
    events: dict[Name, Events] = field(default_factory=dict)
    signals: dict[Name, Signal] = field(default_factory=dict)
    readouts: dict[Name, Readout] = field(default_factory=dict)
    efforts: dict[str, Effort] = field(default_factory=dict)
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    learning: bool = True
    arrays: str = ""
    target: str = ""
    dead: Annotated[float, Meta(ge=0.0, le=0.9)] = 0.0
    dead_from_ms: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
