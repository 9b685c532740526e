"""Frames on a byte stream: sequence number, code, payload and CRC-16 under COBS, ended by a zero byte.

    before COBS:  u16 sequence | u8 code | payload | u16 CRC       little-endian
    on the wire:  COBS of that | 0x00

CRC-16/IBM-3740 (poly 0x1021, init 0xFFFF; it finds every 3 wrong bits in 4 KiB, Koopman 2015). COBS: Cheshire and
Baker 1999, IEEE/ACM Trans. Networking 7(2). A zero byte occurs at the end of a frame only, so whatever was garbled, the
next frame is read whole.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cobs import cobs
from fastcrc import crc16

from .protocol import PAYLOAD_MAX

_HEAD = struct.Struct("<HB")
_CRC = struct.Struct("<H")
OVERHEAD = _HEAD.size + _CRC.size + 2
"""Bytes on the wire beside the payload: header, CRC, one of COBS, the zero."""
FRAME_MAX = PAYLOAD_MAX + OVERHEAD


@dataclass(frozen=True, slots=True)
class Frame:
    """What came whole: sequence number 0..65535, code of the message, payload."""

    sequence: int
    code: int
    payload: bytes


def encode(sequence: int, code: int, payload: bytes) -> bytes:
    """One frame as it goes over the wire, the ending zero included; at most PAYLOAD_MAX bytes of payload."""
    if len(payload) > PAYLOAD_MAX:
        raise ValueError(f"{len(payload)} bytes of payload, at most {PAYLOAD_MAX}")
    raw = _HEAD.pack(sequence, code) + payload
    frame: bytes = cobs.encode(raw + _CRC.pack(crc16.ibm_3740(raw))) + b"\0"
    return frame


def decode(body: bytes) -> Frame | None:
    """One frame without its ending zero; None if COBS, length or CRC are wrong."""
    if len(body) >= FRAME_MAX:
        return None
    try:
        raw = cobs.decode(body)
    except cobs.DecodeError:
        return None
    if len(raw) < _HEAD.size + _CRC.size or crc16.ibm_3740(raw[:-2]) != _CRC.unpack(raw[-2:])[0]:
        return None
    sequence, code = _HEAD.unpack_from(raw)
    return Frame(sequence, code, raw[_HEAD.size : -_CRC.size])


class Parser:
    """Finds frames in a stream that arrives in pieces.

    Attributes:
        garbled: pieces between zeros that were no frame. Empty ones are not counted; hosts begin with a zero.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._overrun = False
        self.garbled = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; returns the frames that they complete. Holds at most FRAME_MAX bytes whatever comes."""
        frames = []
        *ended, rest = data.split(b"\0")
        for piece in ended:
            body = bytes(self._pending) + piece
            overrun, self._overrun = self._overrun, False
            self._pending.clear()
            if not body and not overrun:
                continue
            frame = None if overrun else decode(body)
            if frame is None:
                self.garbled += 1
            else:
                frames.append(frame)
        if len(self._pending) + len(rest) >= FRAME_MAX:
            self._overrun = True
            self._pending.clear()
        else:
            self._pending += rest
        return frames
