"""Frames: what is sent arrives, what was damaged does not, and the next one is read whole; in Python and in C alike."""

from __future__ import annotations

import ctypes

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.framing import FRAME_MAX, OVERHEAD, Frame, Parser, decode, encode
from firmware_bridge.protocol import PAYLOAD_MAX

u16, u8 = st.integers(0, 0xFFFF), st.integers(0, 0xFF)
payloads = st.binary(max_size=PAYLOAD_MAX)


class Receiver(ctypes.Structure):
    """receiver_t of framing.h."""

    _fields_ = (
        ("bytes", ctypes.c_uint8 * FRAME_MAX),
        ("used", ctypes.c_size_t),
        ("overrun", ctypes.c_bool),
        ("sequence", ctypes.c_uint16),
        ("code", ctypes.c_uint8),
        ("payload", ctypes.POINTER(ctypes.c_uint8)),
        ("size", ctypes.c_size_t),
    )


def c_frames(core: ctypes.CDLL, data: bytes) -> tuple[list[Frame], int]:
    """What C makes of a stream: its frames, and how many pieces were none."""
    receiver, frames, garbled = Receiver(), [], 0
    for byte in data:
        received = core.receiver_push(ctypes.byref(receiver), byte)
        garbled += received == 2
        if received == 1:
            payload = ctypes.string_at(receiver.payload, receiver.size)
            frames.append(Frame(receiver.sequence, receiver.code, payload))
    return frames, garbled


@given(u16, u8, payloads)
def test_a_frame_arrives_as_it_was_sent_and_holds_no_zero(sequence: int, code: int, payload: bytes) -> None:
    wire = encode(sequence, code, payload)
    assert wire.index(0) == len(wire) - 1 == len(payload) + OVERHEAD - 1
    assert decode(wire[:-1]) == Frame(sequence, code, payload)


@settings(max_examples=60)
@given(st.lists(st.tuples(u16, u8, st.binary(max_size=40)), max_size=6), st.lists(st.integers(1, 30), min_size=1))
def test_frames_arrive_in_whatever_pieces_the_bytes_come(sent: list[tuple[int, int, bytes]], cuts: list[int]) -> None:
    stream = b"\0" + b"".join(encode(*frame) for frame in sent)
    parser, got, at = Parser(), [], 0
    for k in range(len(stream)):
        size = cuts[k % len(cuts)]
        got += parser.feed(stream[at : at + size])
        at += size
    assert got == [Frame(*frame) for frame in sent]
    assert parser.garbled == 0


@given(st.binary(max_size=2 * FRAME_MAX), u16, u8, payloads)
def test_after_any_garbage_and_a_zero_the_next_frame_is_read(
    garbage: bytes, sequence: int, code: int, payload: bytes
) -> None:
    parser = Parser()
    parser.feed(garbage)
    assert parser.feed(b"\0" + encode(sequence, code, payload))[-1] == Frame(sequence, code, payload)


@given(payloads, st.sets(st.integers(0, 8 * (PAYLOAD_MAX + 5) - 1), min_size=1, max_size=3))
def test_up_to_three_wrong_bits_before_cobs_never_pass(payload: bytes, bits: set[int]) -> None:
    from cobs import cobs

    raw = bytearray(cobs.decode(encode(7, 2, payload)[:-1]))
    for bit in {b % (8 * len(raw)) for b in bits}:
        raw[bit // 8] ^= 1 << bit % 8
    assert decode(cobs.encode(bytes(raw))) is None


def mutated(rng: np.random.Generator, sent: set[Frame]) -> bytes:
    """A frame, which joins `sent`, or noise, with some of its bytes changed, doubled or lost."""
    payload = rng.bytes(int(rng.integers(60)))
    if rng.random() < 0.3:
        return payload + b"\0"
    frame = Frame(int(rng.integers(65536)), int(rng.integers(256)), payload)
    sent.add(frame)
    wire = bytearray(encode(frame.sequence, frame.code, payload))
    for _ in range(int(rng.integers(4))):
        at = int(rng.integers(len(wire)))
        wire[at : at + 1] = (b"", rng.bytes(1), wire[at : at + 1] * 2)[int(rng.integers(3))]
    return bytes(wire)


def test_a_hundred_thousand_damaged_frames_neither_stop_the_parser_nor_pass() -> None:
    rng = np.random.default_rng(17)
    parser, sent, passed, false = Parser(), set[Frame](), 0, 0
    for _ in range(100_000):
        for frame in parser.feed(mutated(rng, sent)):
            passed += 1
            false += frame not in sent
    assert passed > 15_000
    assert parser.garbled > 70_000
    assert false <= 6, "a CRC of 16 bits lets one damaged frame of 65536 pass, not more"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=300), st.builds(encode, u16, u8, payloads)), max_size=5))
def test_c_and_python_find_the_same_frames_in_any_stream(core: ctypes.CDLL, pieces: list[bytes]) -> None:
    stream = b"".join(pieces) + b"\0"
    parser = Parser()
    frames = parser.feed(stream)
    assert (frames, parser.garbled) == c_frames(core, stream)


@settings(max_examples=50, deadline=None)
@given(u16, u8, payloads)
def test_c_and_python_write_the_same_frame(core: ctypes.CDLL, sequence: int, code: int, payload: bytes) -> None:
    wire = ctypes.create_string_buffer(FRAME_MAX)
    core.framing_encode.restype = ctypes.c_size_t
    size = core.framing_encode(wire, sequence, code, payload, ctypes.c_size_t(len(payload)))
    assert wire.raw[:size] == encode(sequence, code, payload)


def test_both_checksums_give_their_published_check_value(core: ctypes.CDLL) -> None:
    core.framing_crc.restype, core.framing_crc32.restype = ctypes.c_uint16, ctypes.c_uint32
    assert core.framing_crc(b"123456789", ctypes.c_size_t(9)) == 0x29B1
    assert core.framing_crc32(0, b"123456789", ctypes.c_size_t(9)) == 0xCBF43926
