"""The one loop: simulation, hardware in the loop, live robots and replay all run through it."""

from __future__ import annotations

from collections.abc import Callable

from sensors.signals import Brain, Command, Sensed, World

Sink = Callable[[int, Sensed, Command], None]


def run(world: World, brain: Brain, ticks: int, tick_us: int, sink: Sink) -> None:
    """Close the loop for `ticks` ticks of `tick_us`; a command of tick k acts in tick k + 1.

    The loop owns the tick number, the world owns how time passes; `sink` sees everything and changes nothing.
    """
    command = world.idle
    for tick in range(1, ticks + 1):
        t_us = tick * tick_us
        sensed = world.advance(t_us, command)
        command = brain.step(sensed)
        sink(t_us, sensed, command)
