"""UDP on loopback: our own layout and the two that are about, with datagrams lost, late, repeated and made up."""

from __future__ import annotations

import socket
from collections.abc import Callable

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.live import layouts
from sensors.live.pump import EndedError
from sensors.live.udp import UdpReceiver, UdpSender, parse_url
from sensors.signals import EVENT
from sensors.stream import TRIGGER

Made = Callable[..., np.ndarray]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Wire:
    """Collects what a sender sends, so that a test can lose, reorder and repeat datagrams on the way."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.url = f"udp://127.0.0.1:{self.socket.getsockname()[1]}"

    def taken(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self.socket.recv(65535))
            except BlockingIOError:
                self.socket.close()
                return found


def datagrams(events: np.ndarray, query: str = "", edges: np.ndarray | None = None) -> list[bytes]:
    wire = Wire()
    sender = UdpSender(wire.url + query, 640, 480)
    for k in range(0, events.size, 500):
        sender.write(events[k : k + 500])
    if edges is not None:
        sender.write(events[:0], edges)
    sender.close()
    return wire.taken()


def received(sent: list[bytes], query: str = "") -> tuple[np.ndarray, np.ndarray, int, UdpReceiver]:
    """What a receiver makes of datagrams: events, triggers, losses."""
    port = free_port()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for data in sent:
                out.sendto(data, ("127.0.0.1", port))

    receiver = UdpReceiver(f"udp://127.0.0.1:{port}{query}", ready=send)
    events, edges, lost = [np.zeros(0, EVENT)], [np.zeros(0, TRIGGER)], 0
    try:
        while (taken := receiver.read(0.05)) is not None:
            events.append(taken.events)
            edges.append(taken.triggers)
            lost += taken.overflow
    except EndedError:
        pass
    receiver.close()
    return np.concatenate(events), np.concatenate(edges), lost, receiver


@pytest.mark.parametrize("query", ["", "?layout=own", "?layout=13", "?layout=8", "?size=400", "?layout=8&size=64"])
def test_events_arrive_as_they_were_sent(query: str, made: Made) -> None:
    events = made(3000)
    found, _, lost, receiver = received(datagrams(events, query), query if "layout" in query else "")
    assert np.array_equal(found, events)
    assert lost == 0
    assert receiver.size == ((640, 480) if "=13" not in query and "=8" not in query else (None, None))


@pytest.mark.parametrize(("query", "layout"), [("", "own"), ("?layout=13", "13"), ("?layout=8", "8")])
def test_the_layout_is_told_from_the_first_datagram(query: str, layout: str, made: Made) -> None:
    found, _, _, receiver = received(datagrams(made(99), query))
    assert receiver.layout == layout
    assert found.size == 99


def test_a_first_datagram_of_two_possible_layouts_is_asked_about() -> None:
    with pytest.raises(UserError, match=r"more than one layout or of none; name it: \?layout=13"):
        received([bytes(104)])


def test_triggers_and_the_end_travel_too(made: Made, made_triggers: Made) -> None:
    events = made(1000)
    edges = made_triggers(events)
    found, back, _, receiver = received(datagrams(events, "", edges))
    assert np.array_equal(found, events)
    assert np.array_equal(back, edges)
    with pytest.raises(EndedError):
        receiver.read(0.0)


def test_lost_datagrams_are_counted_in_events(made: Made) -> None:
    events = made(3000)
    sent = datagrams(events)
    found, _, lost, _ = received(sent[:3] + sent[5:9] + sent[10:])
    assert lost == events.size - found.size > 0


def test_a_lost_end_of_events_is_counted_by_what_comes_after(made: Made) -> None:
    sent = datagrams(made(1000))
    events, ends = sent[:-3], sent[-3:]
    found, _, lost, _ = received(events[:-2] + ends)
    assert found.size + lost == 1000


def test_late_datagrams_are_handed_on_and_not_lost_and_repeated_ones_are_dropped(made: Made) -> None:
    events = made(3000)
    sent = datagrams(events)
    shuffled = [sent[0], sent[2], sent[1], sent[2], sent[0], *sent[3:]]
    found, _, lost, _ = received(shuffled)
    assert lost == 0
    assert np.array_equal(np.sort(found, order=["t", "x", "y", "on"]), np.sort(events, order=["t", "x", "y", "on"]))


def test_a_sender_that_begins_anew_is_no_loss(made: Made) -> None:
    events = made(1000)
    one, two = datagrams(events)[:-3], datagrams(events)
    found, _, lost, _ = received(one[:2] + two)
    assert lost == 0
    assert np.array_equal(found[-1000:], events)


def test_what_the_sender_could_not_send_counts_as_lost(made: Made) -> None:
    wire = Wire()
    sender = UdpSender(wire.url, 640, 480)
    sender.write(made(10))
    sender.dropped += 25
    sender.write(made(10))
    sender.close()
    found, _, lost, _ = received(wire.taken())
    assert (found.size, lost) == (20, 25)


def test_made_up_datagrams_are_dropped_and_counted(made: Made) -> None:
    sent = datagrams(made(1000))
    rng = np.random.default_rng(2)
    noise = [rng.integers(0, 256, int(n), np.uint8).tobytes() for n in rng.integers(0, 1400, 50)]
    cut = [sent[1][:-3], sent[1] + b"x", sent[1][:20], b""]
    found, _, _, receiver = received([sent[0], *noise, *cut, *sent[1:]])
    assert found.size == 1000
    assert receiver.malformed == len(noise) + len(cut)


def test_a_partial_row_of_a_plain_layout_is_dropped_and_counted() -> None:
    rows = np.array([(5, 1, 2, True), (6, 3, 4, False)], EVENT)
    found, _, lost, receiver = received([rows.tobytes(), rows.tobytes()[:-1], rows.tobytes()], "?layout=13")
    assert np.array_equal(found, np.concatenate([rows, rows]))
    assert (receiver.malformed, lost) == (1, 1)


def test_times_of_32_bits_go_on_over_the_end_of_their_range() -> None:
    events = np.zeros(4, EVENT)
    events["t"] = [(1 << 32) - 2, (1 << 32) - 1, 1 << 32, (1 << 32) + 5]
    found, *_ = received(datagrams(events, "?layout=8"), "?layout=8")
    assert np.array_equal(found["t"], events["t"])


def test_times_far_apart_get_datagrams_of_their_own() -> None:
    events = np.zeros(3, EVENT)
    events["t"] = [1_760_000_000_000_000, 1_760_000_000_000_001, 5]
    found, *_ = received(datagrams(events))
    assert np.array_equal(found, events)


def test_nobody_listening_is_counted_and_no_error(made: Made) -> None:
    sender = UdpSender(f"udp://127.0.0.1:{free_port()}", 640, 480)
    for _ in range(4):
        sender.write(made(100))
    assert sender.dropped > 0
    sender.close()


def test_nothing_coming_is_said_after_the_wait() -> None:
    with pytest.raises(UserError, match=r"nothing came in 0\.05 s; start the sender"):
        UdpReceiver(f"udp://127.0.0.1:{free_port()}", wait_s=0.05)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("udp://127.0.0.1", "has no port"),
        ("udp://127.0.0.1:99999", "has no port"),
        ("udp://:3333?layout=9", "9 is not a layout; choose one of own, 13, 8"),
        ("udp://:3333?size=5", "size 5 is out of range"),
        ("udp://:3333?colour=red", "colour is not a setting of udp"),
    ],
)
def test_a_mistaken_address_is_named(url: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        parse_url(url)


def test_guess_knows_a_layout_by_its_rows() -> None:
    rows = np.zeros(8, EVENT)
    assert layouts.guess(rows[:3].tobytes()) == "13"
    assert layouts.guess(bytes(24)) == "8"
    assert layouts.guess(bytes(25)) is None
    rows["x"] = 300
    rows["t"] = 0x0101010101
    assert layouts.guess(rows.tobytes()) is None  # 104 bytes, and both fit


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # faery leaves its socket open
@pytest.mark.parametrize(("layout", "name"), [("13", "t64_x16_y16_on8"), ("8", "t32_x16_y15_on1")])
def test_faery_sends_what_we_receive(layout: str, name: str, made: Made) -> None:
    faery = pytest.importorskip("faery", reason="faery is not installed")
    events, port = made(2000), free_port()

    def send() -> None:
        faery.events_stream_from_array(events, (640, 480)).to_udp(("127.0.0.1", port), format=name)

    receiver = UdpReceiver(f"udp://127.0.0.1:{port}?layout={layout}", ready=send)
    found = []
    while (taken := receiver.read(0.05)) is not None:
        found.append(taken.events)
    receiver.close()
    assert np.array_equal(np.concatenate(found), events)
