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


def damaged(rng: np.random.Generator, count: int) -> tuple[bytes, set[Frame]]:
    """So many frames, a third of them noise, one byte in 40 changed, lost or doubled; and what was sent."""
    sizes, noise = rng.integers(0, 60, count), rng.random(count) < 0.3
    numbers, codes = rng.integers(0, 65536, count).tolist(), rng.integers(0, 256, count).tolist()
    bytes_ = rng.bytes(int(sizes.sum()))
    sent, wire, at = set[Frame](), [], 0
    for size, is_noise, number, code in zip(sizes.tolist(), noise.tolist(), numbers, codes, strict=True):
        payload = bytes_[at : at + size]
        at += size
        if is_noise:
            wire.append(payload + b"\0")
        else:
            sent.add(Frame(number, code, payload))
            wire.append(encode(number, code, payload))
    stream = np.frombuffer(b"".join(wire), np.uint8).copy()
    fate = rng.integers(0, 120, stream.size)
    changed = fate == 0
    stream[changed] = rng.integers(0, 256, int(changed.sum()))
    return np.repeat(stream, np.where(fate == 1, 0, np.where(fate == 2, 2, 1))).tobytes(), sent


def test_damaged_frames_neither_stop_the_parser_nor_pass(fuzz: int) -> None:
    rng, batch = np.random.default_rng(17), 2000
    parser, passed, false, before = Parser(), 0, 0, set[Frame]()
    for _ in range(fuzz // batch):
        stream, sent = damaged(rng, batch)
        at = 0
        while at < len(stream):
            size = int(rng.integers(1, 3000))
            for frame in parser.feed(stream[at : at + size]):
                passed += 1
                false += frame not in sent and frame not in before
            at += size
        before = sent
    print(f"{fuzz} frames: {passed} passed, {false} of them false, {parser.garbled} garbled")
    assert passed > 0.2 * fuzz
    assert parser.garbled > 0.5 * fuzz
    assert false <= 5 + parser.garbled / 20_000, "a CRC of 16 bits lets one damaged frame of 65536 pass, not more"


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
