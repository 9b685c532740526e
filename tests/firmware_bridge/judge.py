"""Judges a build of mcu/core as a library: `judge.py LIBRARY`; a failed assertion ends it.

What it asks covers every line of framing, dispatcher, requests, record and guard (test_coverage.py measures that), and
mutants of them are to fail here.
"""

from __future__ import annotations

import ctypes
import sys
import zlib
from pathlib import Path

import numpy as np

from firmware_bridge import protocol as p
from firmware_bridge.framing import FRAME_MAX, Parser, encode
from firmware_bridge.table import Message

GOLDEN = Path(__file__).parents[1] / "golden"
STEP = bytes(20)
SIZE = 24


class Target:
    """A dispatcher of the library with one of leaky.c's brains."""

    def __init__(self, core: ctypes.CDLL, brain: str) -> None:
        self._core, self._d = core, ctypes.create_string_buffer(4096)
        self.hears = Parser()
        self.answer_bytes = b""
        make = getattr(core, brain)
        make.restype = ctypes.c_void_p
        core.dispatcher_push.restype = ctypes.c_size_t
        core.dispatcher_start(self._d, ctypes.c_void_p(make()))
        self.sequence = 0

    def push(self, data: bytes) -> list[tuple[int, int, bytes]]:
        answer, frames = ctypes.c_void_p(), []
        for byte in data:
            size = self._core.dispatcher_push(self._d, ctypes.c_uint8(byte), ctypes.byref(answer))
            if size:
                self.answer_bytes = ctypes.string_at(answer, size)
                frames += [(f.sequence, f.code, f.payload) for f in self.hears.feed(self.answer_bytes)]
        return frames

    def hello(self, session: int, magic: int = p.MAGIC, wire: int = p.PROTOCOL_ID) -> np.void:
        ((sequence, code, payload),) = self.push(b"\0" + encode(0, p.HELLO.code, p.HELLO.pack(magic, wire, session)))
        assert (sequence, code) == (0, p.WELCOME.code)
        said = p.WELCOME.unpack(payload)
        if said["sequence"] == 0:
            self.sequence = 0
        return said

    def ask(self, message: Message, payload: bytes, answer: Message) -> bytes:
        self.sequence = self.sequence % 0xFFFF + 1
        ((sequence, code, came),) = self.push(encode(self.sequence, message.code, payload))
        assert (sequence, code) == (self.sequence, answer.code), (message.name, hex(code), came)
        return came

    def refused(self, message: Message, payload: bytes, sequence: int | None = None) -> str:
        number = self.sequence % 0xFFFF + 1 if sequence is None else sequence
        ((said, code, came),) = self.push(encode(number, message.code, payload))
        assert (said, code) == (number, p.NACK.code), (message.name, hex(code))
        nack = p.NACK.unpack(came)
        assert nack["expected"] == self.sequence % 0xFFFF + 1
        return p.REFUSALS[int(nack["code"])][0]

    def tick(self) -> None:
        self._core.dispatcher_tick(self._d)

    def pace_us(self) -> int:
        return int(self._core.pace_of(self._d))

    def report(self) -> tuple[np.void, list[int]]:
        came = self.ask(p.STATUS, b"", p.REPORT)
        size = p.REPORT.dtype.itemsize
        return p.REPORT.unpack(came[:size]), np.frombuffer(came[size:], "<i2").tolist()

    def counters(self) -> np.void:
        return p.COUNTERS.unpack(self.ask(p.STATS, b"", p.COUNTERS))


def greeting(core: ctypes.CDLL) -> None:
    t = Target(core, "sitl_brain")
    assert t.refused(p.HEARTBEAT, b"", 1) == "SEQUENCE"  # no session yet
    assert t.refused(p.HELLO, b"short", 0) == "LENGTH"
    assert t.refused(p.HELLO, p.HELLO.pack(1, p.PROTOCOL_ID, 5), 0) == "VALUE"
    other = t.hello(5, wire=7)
    assert (other["protocol"], other["session"]) == (p.PROTOCOL_ID, 5)
    assert t.refused(p.HEARTBEAT, b"", 1) == "SEQUENCE"  # that was no session
    said = t.hello(5)
    assert said["target"] == b"sitl"
    fields = ("magic", "build", "image", "layout", "size", "analog", "goal", "effort", "spikes", "addresses", "neurons")
    assert [int(said[f]) for f in fields] == [p.MAGIC, 0x1EA4, 0, 0x1EA4, SIZE, 8, 2, 2, 48, 86, 3]
    t.ask(p.HEARTBEAT, b"", p.ALIVE)
    assert t.hello(5)["sequence"] == 1  # taken up again
    t.ask(p.HEARTBEAT, b"", p.ALIVE)
    assert t.hello(6)["sequence"] == 0
    assert t.refused(p.HEARTBEAT, b"", 2) == "SEQUENCE"
    t.ask(p.HEARTBEAT, b"", p.ALIVE)
    small = Target(core, "small_brain")
    assert small.hello(1)["target"] == b"a target's name!"


def once(core: ctypes.CDLL) -> None:
    t = Target(core, "sitl_brain")
    t.hello(9)
    step = STEP + b"\2\3\4"
    first = t.ask(p.STEP, step, p.COMMAND)
    said = t.answer_bytes
    t.push(encode(1, p.STEP.code, step))
    assert t.answer_bytes == said
    assert t.refused(p.STEP, STEP + b"\2\3\5", 1) == "CONFLICT"
    assert t.refused(p.HEARTBEAT, step, 1) == "CONFLICT"
    for wrong in (0, 3, 7, 0xFFFF):
        assert t.refused(p.STEP, step, wrong) == "SEQUENCE", wrong
    assert t.push(b"\5junk\0")[0] == (0, p.NACK.code, p.NACK.pack(1, 2))
    assert t.push(b"\1" * (FRAME_MAX + 9) + b"\0")[0][:2] == (0, p.NACK.code)
    assert t.push(b"\0\0\0") == []
    counters = t.counters()
    assert [int(counters[f.name]) for f in p.COUNTERS.fields] == [10, 2, 1, 6, 1]
    assert t.ask(p.STEP, step, p.COMMAND) != first
    t.sequence = 0xFFFE
    again = Target(core, "sitl_brain")
    again.hello(3)
    for _ in range(0xFFFF):
        again.sequence = again.sequence % 0xFFFF + 1
        again.push(encode(again.sequence, p.HEARTBEAT.code, b""))
    assert again.sequence == 0xFFFF
    again.ask(p.HEARTBEAT, b"", p.ALIVE)
    assert again.sequence == 1


def senses(core: ctypes.CDLL) -> None:
    t = Target(core, "sitl_brain")
    t.hello(1)
    for payload in (b"", STEP):
        assert t.refused(p.STEP, payload) == "LENGTH"
    bitmap = bytes(11)
    full = b"\xff" * 6 + bytes(5)
    wrong = [b"\2\3", b"\1\x56", b"\x31" + bytes(49), b"\x80" + bitmap[:-1], b"\x80" + bytes(10) + b"\x40",
             b"\x81" + full + b"\5", b"\x81" + bitmap, b"\x81" + bitmap + b"\x56",
             b"\x80" + b"\xff" * 7 + bytes(4)]  # fmt: skip
    for spikes in wrong:
        assert t.refused(p.STEP, STEP + spikes) == "VALUE", spikes
    for spikes in (
        b"\1\x55",
        b"\x30" + bytes(48),
        b"\x80" + bytes(10) + b"\x20",
        b"\x80" + full,
        b"\x82" + bitmap + b"\5\5",
    ):
        came = t.ask(p.STEP, STEP + spikes, p.COMMAND)
        found = p.unpack_spikes(spikes, 86)
        assert p.COMMAND.unpack(came[:6])["spikes"] == len(found)
        thought = Target(core, "sitl_brain")
        thought.hello(1)
        thought.ask(p.SUBSCRIBE, p.SUBSCRIBE.pack(1), p.DONE)
        came = thought.ask(p.STEP, STEP + spikes, p.COMMAND)
        assert p.THOUGHT.unpack(came[10:])["load_ahead"] == sum(1 + a for a in found)
    t.ask(p.RESET, b"", p.DONE)
    analog = np.arange(1, 9, dtype="<i2") * 1000
    came = t.ask(p.STEP, analog.tobytes() + np.array([5, 80], "<i2").tobytes() + b"\0", p.COMMAND)
    level = (1000 + 8000) >> 2
    assert np.frombuffer(came[6:], "<i2").tolist() == [level + level + 7, 10]


def requests(core: ctypes.CDLL) -> None:
    t = Target(core, "sitl_brain")
    t.hello(1)
    exact = (p.RESET, p.FREEZE, p.STATE_HASH, p.HEARTBEAT, p.STATS, p.COMMIT, p.SAVE, p.GET, p.SET, p.SUBSCRIBE,
             p.STATUS, p.PACE)  # fmt: skip
    for message in exact:
        assert t.refused(message, bytes(message.dtype.itemsize + 1) if message.fields else b"x") == "LENGTH", (
            message.name
        )
        if message.fields:
            assert t.refused(message, bytes(message.dtype.itemsize - 1)) == "LENGTH", message.name
    for message in (p.ACT, p.DONE):
        assert t.refused(message, b"") == "UNKNOWN"
    t.ask(p.RESET, b"", p.DONE)
    t.ask(p.SUBSCRIBE, p.SUBSCRIBE.pack(2), p.DONE)
    sizes = [len(t.ask(p.STEP, STEP + b"\0", p.COMMAND)) for _ in range(4)]
    assert sizes == [10, 23, 10, 23]
    t.ask(p.SUBSCRIBE, p.SUBSCRIBE.pack(0), p.DONE)
    assert len(t.ask(p.STEP, STEP + b"\0", p.COMMAND)) == 10
    assert p.ALIVE.unpack(t.ask(p.HEARTBEAT, b"", p.ALIVE))["ticks"] == 5
    before = p.HASH.unpack(t.ask(p.STATE_HASH, b"", p.HASH))
    assert before["ticks"] == 5
    saved = t.ask(p.SAVE, p.SAVE.pack(0, 12), p.PIECE) + t.ask(p.SAVE, p.SAVE.pack(12, 12), p.PIECE)
    assert zlib.crc32(saved) == before["crc"]
    wrong = ((2, 4), (0, 3), (0, 0), (0, p.PIECE_MAX + 4), (SIZE + 4, 4), (SIZE, 4), (20, 8), (2**32 - 4, 8))
    for offset, size in wrong:
        assert t.refused(p.SAVE, p.SAVE.pack(offset, size)) == "VALUE", (offset, size)
    assert t.ask(p.SAVE, p.SAVE.pack(20, 4), p.PIECE) == saved[20:]
    value = p.VALUE.unpack(t.ask(p.GET, p.GET.pack(0), p.VALUE))
    assert (value["parameter"], value["value"]) == (0, 1)
    for index, asked in ((8, 0), (255, 0), (1, 10), (1, -10), (0, 2), (0, -1)):
        assert t.refused(p.SET, p.SET.pack(index, asked)) == "VALUE", (index, asked)
    for index in (8, 200):
        assert t.refused(p.GET, p.GET.pack(index)) == "VALUE"
    for asked in (9, -9, 4):
        value = p.VALUE.unpack(t.ask(p.SET, p.SET.pack(1, asked), p.VALUE))
        assert (value["parameter"], value["value"]) == (1, asked)
    assert t.ask(p.SAVE, p.SAVE.pack(0, 8), p.PIECE) == np.array([1, 4], "<i4").tobytes()
    t.ask(p.RESET, b"", p.DONE)
    assert p.VALUE.unpack(t.ask(p.GET, p.GET.pack(1), p.VALUE))["value"] == 4
    assert t.ask(p.SAVE, p.SAVE.pack(0, 8), p.PIECE) == np.array([1, 4], "<i4").tobytes()
    assert t.refused(p.FREEZE, b"\2") == "VALUE"
    t.ask(p.FREEZE, b"\1", p.DONE)
    assert p.VALUE.unpack(t.ask(p.GET, p.GET.pack(0), p.VALUE))["value"] == 0
    assert t.report()[0]["frozen"] == 1
    image = t.hello(1)["image"]
    t.ask(p.RESET, b"", p.DONE)
    assert image == p.HASH.unpack(t.ask(p.STATE_HASH, b"", p.HASH))["crc"]
    t.ask(p.FREEZE, b"\0", p.DONE)
    assert t.report()[0]["frozen"] == 0


def records(core: ctypes.CDLL) -> None:
    for brain, empty in (("sitl_brain", False), ("small_brain", True)):
        t = Target(core, brain)
        t.hello(2)
        needs = ((p.STEP, STEP + b"\0"), (p.RESET, b""), (p.STATE_HASH, b""), (p.FREEZE, b"\0"), (p.GET, b"\0"),
                 (p.SAVE, p.SAVE.pack(0, 4)), (p.SET, p.SET.pack(1, 1)))  # fmt: skip
        if empty:
            for message, payload in needs:
                assert t.refused(message, payload) == "EMPTY", message.name
            assert t.report()[0]["loaded"] == 0
        for offset, size in ((2, 4), (0, 6), (SIZE, 4), (SIZE + 4, 4), (20, 8), (2**32 - 4, 8)):
            assert t.refused(p.LOAD, p.LOAD.pack(offset) + bytes(size)) == "VALUE", (offset, size)
        assert t.refused(p.LOAD, p.LOAD.pack(0)) == "LENGTH"
        assert t.refused(p.LOAD, b"\0\0\0") == "LENGTH"
        assert t.refused(p.LOAD, p.LOAD.pack(0) + bytes(p.PIECE_MAX + 4)) == "LENGTH"
        assert t.hello(2)["image"] == 0
        record = np.array([1, 3, 77, 1000, 2000, 30], "<i4").tobytes()
        t.ask(p.LOAD, p.LOAD.pack(12) + record[12:], p.DONE)
        for message, payload in needs:
            assert t.refused(message, payload) == "EMPTY", message.name
        t.ask(p.LOAD, p.LOAD.pack(0) + record[:12], p.DONE)
        assert t.refused(p.COMMIT, p.COMMIT.pack(zlib.crc32(record) ^ 1)) == "CHECKSUM"
        assert t.refused(p.STEP, STEP + b"\0") == "EMPTY"
        t.ask(p.COMMIT, p.COMMIT.pack(zlib.crc32(record)), p.DONE)
        assert t.hello(2)["image"] == zlib.crc32(record)
        assert t.report()[0]["loaded"] == 1
        assert t.ask(p.SAVE, p.SAVE.pack(0, SIZE), p.PIECE) == record
        t.ask(p.STEP, STEP + b"\1\7", p.COMMAND)
        report, effort = t.report()
        assert (report["ticks"], report["spikes"], effort[1]) == (1, 1, 1751)
        if empty:
            assert t.refused(p.RESET, b"") == "EMPTY"
            assert (report["cycles"], report["cycles_most"]) == (1000, 1000)
            t.ask(p.SET, p.SET.pack(1, 5), p.VALUE)
            assert t.hello(2)["image"] == zlib.crc32(record)
        else:
            assert report["cycles"] == 0
            t.ask(p.RESET, b"", p.DONE)
            report, effort = t.report()
            assert (report["ticks"], report["spikes"], effort) == (0, 0, [0, 0])
            assert t.ask(p.SAVE, p.SAVE.pack(0, SIZE), p.PIECE) == record
        t.ask(p.COMMIT, p.COMMIT.pack(zlib.crc32(t.ask(p.SAVE, p.SAVE.pack(0, SIZE), p.PIECE))), p.DONE)
        assert t.report()[0]["ticks"] == 0


def silence(core: ctypes.CDLL) -> None:
    t = Target(core, "sitl_brain")
    t.hello(2)
    t.ask(p.PACE, p.PACE.pack(1000, 3), p.DONE)
    assert t.pace_us() == 1000
    push = np.array([20000, 0, 0, 0, 0, 0, 0, 0, 0, 0], "<i2").tobytes() + b"\0"
    t.ask(p.STEP, push, p.COMMAND)
    t.ask(p.STEP, push, p.COMMAND)
    effort = t.report()[1]
    assert effort[0] > 2 * 4096
    t.tick()  # the one in which the step came
    seen = []
    for _ in range(15):
        t.tick()
        report, now = t.report()
        seen.append((int(report["silent"]), int(report["missed"]), now[0], int(report["settled"])))
    held, fall = effort[0], 4096
    down = [max(held - fall * k, 0) for k in range(1, 13)]
    assert down[-3:] == [0, 0, 0]
    settled = 3 + next(k for k, e in enumerate(down, 1) if e == 0)
    expected = [held] * 3 + down
    for k, (silent, missed, now_at, done) in enumerate(seen, 1):
        assert (silent, missed, now_at, done) == (k, k, expected[k - 1], settled if k >= settled else 0), seen
    t.ask(p.STEP, push, p.COMMAND)
    report, now = t.report()
    assert (report["silent"], report["missed"], report["settled"]) == (0, 15, settled)
    t.tick()
    for _ in range(4):
        t.tick()
    assert t.report()[1][0] == max(now[0] - fall, 0)  # it decays anew
    for _ in range(0x10000):
        t.tick()
    assert t.report()[0]["silent"] == 0xFFFF
    t.ask(p.PACE, p.PACE.pack(0, 0), p.DONE)
    assert t.pace_us() == 0
    assert (t.report()[0]["silent"], t.report()[0]["missed"], t.report()[0]["settled"]) == (0, 0, 0)
    empty = Target(core, "small_brain")
    empty.hello(1)
    empty.ask(p.PACE, p.PACE.pack(1000, 0), p.DONE)
    for _ in range(5):
        empty.tick()
    assert empty.report()[0]["missed"] == 0


def frames(core: ctypes.CDLL) -> None:
    rng, wire = np.random.default_rng(4), ctypes.create_string_buffer(FRAME_MAX)
    core.framing_encode.restype = ctypes.c_size_t
    core.framing_crc.restype, core.framing_crc32.restype = ctypes.c_uint16, ctypes.c_uint32
    for size in (*range(20), 100, 233, 239, 240):
        for payload in (rng.bytes(size), bytes(size), b"\xff" * size):
            length = core.framing_encode(wire, 0x1234, 0x80, payload, ctypes.c_size_t(size))
            assert wire.raw[:length] == encode(0x1234, 0x80, payload)
            assert core.framing_crc32(0, payload, ctypes.c_size_t(size)) == zlib.crc32(payload)
    t = Target(core, "sitl_brain")
    t.hello(1)
    whole = encode(1, p.HEARTBEAT.code, b"")
    for at in range(len(whole) - 1):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            said = t.push(bytes(damaged) + b"\0")
            assert said, damaged
            assert all(frame[:2] == (0, p.NACK.code) for frame in said), (at, bit)
    for cut in range(1, len(whole) - 1):
        assert t.push(whole[:cut] + b"\0")[0][:2] == (0, p.NACK.code), cut
    longest = encode(1, 0x55, bytes(range(1, 241)))
    assert t.push(longest)[0][:2] == (1, p.NACK.code)  # whole, and unknown
    assert t.push(longest[:-1] + b"\1\0")[0][:2] == (0, p.NACK.code)


def signed(word: str) -> int:
    value = int(word, 16)
    return value - (1 << 32) if value >= 1 << 31 else value


def guarding(core: ctypes.CDLL) -> None:
    core.guard_step.restype = core.stale_step.restype = ctypes.c_int16
    for line in (GOLDEN / "guard.hex").read_text().splitlines():
        last, asked, low, high, slew, out = map(signed, line.split())
        assert core.guard_step(last, asked, low, high, slew) == out, line
        vector = [np.array([v, v, 7], "<i2") for v in (last, low, high, slew)]
        vector[0][2] = 0  # beyond the two: not to be touched
        asks = np.array([asked, asked, 7], "<i4")
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in (vector[0], asks, *vector[1:])]
        core.guard_efforts(*pointers, ctypes.c_size_t(2))
        assert vector[0].tolist() == [out, out, 0]
    for last in (-32768, -7, 0, 5, 32767):
        for safe in (-100, 0, 100):
            for fall in (1, 3, 32767):
                assert core.stale_step(last, safe, fall) == min(max(safe, last - fall), last + fall)


CHECKS = (greeting, once, senses, requests, records, silence, frames, guarding)

if __name__ == "__main__":
    library = ctypes.CDLL(sys.argv[1])
    for check in CHECKS:
        check(library)
