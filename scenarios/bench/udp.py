"""A sender in a process of its own and a receiver here: what UDP carries on this machine without loss."""

from __future__ import annotations

import socket
import subprocess
import sys
from time import monotonic

from sensors.live.udp import UdpReceiver, UdpSender
from sensors.live.urls import open_live

from .scene import HEIGHT, WIDTH, sweep

ASKED_MEV = 21.0
SLICE = 50_000


def loopback(seconds: float) -> tuple[int, int, float]:
    """(events sent, events lost, Mev/s received) at a sender's pace of ASKED_MEV for some seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    url = f"udp://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.udp", url, str(seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdout.readline()  # compiled
        go = program.stdin

        def listening() -> None:
            print(file=go, flush=True)

        stream = open_live(url, device=lambda: UdpReceiver(url, ready=listening))
        start, last, quiet = monotonic(), monotonic(), 0
        for events in stream:
            last, quiet = (monotonic(), 0) if events.size else (last, quiet + 1)
            if quiet and (program.poll() is not None or monotonic() - last > 2.0):
                stream.close()
        sent = int(program.stdout.readline())
    received = stream.counters.events
    return sent, sent - received, received / (last - start) * 1e-6


def main(url: str, seconds: float) -> None:
    """Send the sweep again and again, a slice whenever it is due."""
    events = sweep(2_000_000)
    sender = UdpSender(url, WIDTH, HEIGHT)
    sender.write(events[:0])
    warm = UdpSender("udp://127.0.0.1:9", WIDTH, HEIGHT)
    warm.write(events[:1000])
    warm.close()
    print("ready", flush=True)
    sys.stdin.readline()
    start, at = monotonic(), 0
    while (now := monotonic() - start) < seconds:
        while sender.events < now * ASKED_MEV * 1e6:
            sender.write(events[at : at + SLICE])
            at = (at + SLICE) % events.size
    sender.close()
    print(sender.events, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
