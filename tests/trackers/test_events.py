"""The record format against TensorBoard's own."""

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthproto.errors import SynthprotoWarning
from synthproto.trackers.events import crc32c, frame, read_frames


@pytest.mark.parametrize(
    ("data", "crc"),
    [  # RFC 3720, appendix B.4; the last from Koopman's catalogue of check values
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_crc32c_has_the_published_values(data: bytes, crc: int) -> None:
    assert crc32c(data) == crc


def bytewise(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@given(st.integers(0, 3000), st.integers(0, 2**32))
def test_crc32c_of_any_length_is_that_of_the_definition(length: int, seed: int) -> None:
    data = Random(seed).randbytes(length)
    assert crc32c(data) == bytewise(data)


def test_records_come_back_up_to_the_first_damage(tmp_path: Path) -> None:
    path = tmp_path / "records"
    payloads = [b"", b"a", os.urandom(1000)]
    whole = b"".join(frame(payload) for payload in payloads)
    for cut in (len(whole), len(whole) - 1, len(whole) - 1010):
        path.write_bytes(whole[:cut])
        kept = 3 if cut == len(whole) else 2
        assert [payload for _, payload in read_frames(path)] == payloads[:kept]
    path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    with pytest.warns(SynthprotoWarning, match="damaged at byte 33: the 1,016 bytes from there on"):
        assert [payload for _, payload in read_frames(path)] == payloads[:2]


def test_the_end_of_each_record_is_told(tmp_path: Path) -> None:
    path = tmp_path / "records"
    path.write_bytes(frame(b"abc") + frame(b"defgh"))
    assert [end for end, _ in read_frames(path)] == [19, 40]
