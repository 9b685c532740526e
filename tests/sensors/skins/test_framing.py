from __future__ import annotations

import numpy as np
import pytest

from sensors.skins.device import PRESETS
from sensors.skins.framing import BUFFER, Framing, framing
from sensors.skins.simulator import ENCODERS, Faults, magnetic_bytes

SENDING = ["anyskin", "reskin", "matrix+cobs", "matrix+slip", "matrix+csv"]


def frames_of(name: str, count: int) -> np.ndarray:
    """Frames that tell their number in their first and last value; the rest is what whole numbers can be."""
    device = PRESETS[name]
    rng = np.random.default_rng(2)
    made = rng.integers(0, 4096, (count, device.taxels, len(device.axes))).astype(np.float32)
    flat = made.reshape(count, -1)
    flat[:, 0], flat[:, -1] = np.arange(count) % 1000, np.arange(count) // 1000
    return made


def feed(cut: Framing, data: bytes, seed: int = 1) -> np.ndarray:
    """Everything that comes out when the bytes come in random portions."""
    rng = np.random.default_rng(seed)
    got, at = [], 0
    while at < len(data):
        step = int(rng.integers(1, 3000))
        got.append(cut.feed(data[at : at + step]).copy())
        at += step
    return np.concatenate(got)


@pytest.mark.parametrize("name", SENDING)
def test_every_frame_arrives_whole_however_the_bytes_are_portioned(name):
    frames = frames_of(name, 300)
    cut = framing(name, PRESETS[name].values)
    got = feed(cut, b"".join(map(ENCODERS[name], frames)))
    assert (got == frames.reshape(300, -1)).all()
    assert (cut.damaged, cut.skipped) == (0, 0)


@pytest.mark.parametrize("name", SENDING)
def test_of_damaged_frames_only_those_are_lost_and_all_are_counted(name):
    frames = frames_of(name, 2000)
    faults = Faults(0.05)
    data = b"".join(faults.spoil(k, ENCODERS[name](frame)) for k, frame in enumerate(frames))
    cut = framing(name, PRESETS[name].values)
    got = feed(cut, data)
    whole = np.setdiff1d(np.arange(2000), faults.hit)
    assert 60 < len(faults.hit) < 140
    assert (got == frames.reshape(2000, -1)[whole]).all()
    assert cut.damaged == len(faults.hit)


@pytest.mark.parametrize("name", SENDING)
def test_a_line_that_is_opened_in_the_middle_of_a_frame_loses_only_that_and_calls_it_no_damage(name):
    frames = frames_of(name, 5)
    first, *rest = map(ENCODERS[name], frames)
    cut = framing(name, PRESETS[name].values)
    assert (feed(cut, first[7:] + b"".join(rest)) == frames.reshape(5, -1)[1:]).all()
    assert cut.damaged == 0


@pytest.mark.parametrize("name", SENDING)
def test_noise_of_any_length_harms_nothing_that_comes_after(name):
    frames = frames_of(name, 3)
    cut = framing(name, PRESETS[name].values)
    noise = np.random.default_rng(3).integers(0, 256, 3 * BUFFER, np.uint8).tobytes()
    feed(cut, noise)
    end = {"matrix+cobs": b"\0", "matrix+slip": b"\xc0", "matrix+csv": b"\n"}.get(name, b"")
    got = feed(cut, end + b"".join(map(ENCODERS[name], frames)))
    assert (got[-3:] == frames.reshape(3, -1)).all()
    assert cut.skipped > BUFFER


def test_a_lost_end_of_frame_takes_the_next_frame_with_it_and_both_are_counted():
    frames = frames_of("matrix+cobs", 6)
    sent = list(map(ENCODERS["matrix+cobs"], frames))
    cut = framing("matrix+cobs", 256)
    got = feed(cut, b"".join([*sent[:2], sent[2][:-1], *sent[3:]]))
    assert got[:, 0].tolist() == [0, 1, 4, 5]
    assert cut.damaged == 2


def test_cr_lf_inside_a_magnetic_frame_is_a_value_and_no_end():
    frames = frames_of("anyskin", 4)
    odd = np.frombuffer(b"\r\n\r\n", "<f4")[0]
    frames[:, 2, 1] = odd
    cut = framing("anyskin", 15)
    data = b"".join(map(magnetic_bytes, frames))
    assert (feed(cut, data[:100] + b"?" + data[100:])[:, 0] == [0, 2, 3]).all()
    assert cut.damaged == 1


def test_what_a_magnetometer_cannot_mean_is_damage():
    frames = frames_of("anyskin", 3)
    frames[1, 3, 2] = np.nan
    cut = framing("anyskin", 15)
    assert feed(cut, b"".join(map(magnetic_bytes, frames)))[:, 0].tolist() == [0, 2]
    assert cut.damaged == 1


def test_text_may_have_blanks_signs_fractions_and_comments():
    cut = framing("matrix+csv", 4)
    text = b"boot 1.0\r\n# four taxels\r\n1, -2.5,3e2 ,+4\r\n\r\n5\t6 7;8\n1,2,3\n1,2,3,4,5\n1,,2,3\n9,10,11,12.25e-1\n"
    assert feed(cut, text).tolist() == [[1, -2.5, 300, 4], [5, 6, 7, 8], [9, 10, 11, pytest.approx(1.225)]]
    assert cut.damaged == 3


def test_a_matrix_that_is_asked_must_answer_with_exactly_its_bytes():
    cut = framing("matrix+raw", 256)
    reply = bytes(range(256))
    assert cut.request == b"A"
    assert cut.feed(reply[:100]).size == 0
    assert cut.feed(reply[100:]).tolist() == [list(range(256))]
    assert cut.feed(reply + b"x").size == 0
    assert cut.damaged == 1
    assert cut.feed(reply).shape == (1, 256)
