"""Files that grow by whole records, and the record format that TensorBoard reads."""

import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78  # CRC-32C (Castagnoli), bits reflected
_BLOCK = 256  # bytes that one table look-up takes in: 256 KB of tables
_SHORT = 48  # up to here a loop over the bytes is quicker than numpy's start
_FRAME = 16  # length (8), its checksum (4), the payload's checksum (4)


def _tables() -> NDArray[np.uint32]:
    """Shape ``(_BLOCK, 256)``: raw CRC of byte ``b`` at place ``i`` of a block of zeros."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    tables = np.empty((_BLOCK, 256), np.uint32)
    tables[-1] = table
    for place in range(_BLOCK - 1, 0, -1):  # one more zero byte behind
        tables[place - 1] = (tables[place] >> 8) ^ table[tables[place] & 0xFF]
    return tables


_TABLES = _tables().ravel()
_PLACES = np.arange(_BLOCK, dtype=np.intp) * 256
_BYTE: list[int] = _TABLES[-256:].tolist()
_FIRST: list[list[int]] = _TABLES[: 4 * 256].reshape(4, 256).tolist()


def crc32c(data: bytes) -> int:
    """CRC-32C of some bytes.

    A CRC is linear: the CRC of a block is the XOR of what each of its bytes gives at its place,
    so a block is one table look-up and one reduction, and leading zeros change nothing. The
    standard library has no CRC-32C, and a loop over the bytes takes 8 ms for a small image.

    Args:
        data: The bytes; any number of them.

    Returns:
        In ``[0, 2**32)``.

    References:
        RFC 3720, appendix B.4.
    """
    if len(data) <= _SHORT:
        crc = 0xFFFFFFFF
        for byte in data:
            crc = (crc >> 8) ^ _BYTE[(crc ^ byte) & 0xFF]
        return crc ^ 0xFFFFFFFF
    blocks = -(-len(data) // _BLOCK)
    padded = np.zeros(blocks * _BLOCK, np.uint8)
    start = len(padded) - len(data)
    padded[start:] = np.frombuffer(data, np.uint8)
    padded[start : start + 4] ^= 0xFF  # the CRC's initial value of all ones
    raw = np.bitwise_xor.reduce(_TABLES[padded.reshape(blocks, _BLOCK) + _PLACES], axis=1)
    first, second, third, fourth = _FIRST
    crc = 0
    for block in raw.tolist():  # what came before counts as the first four bytes of a block
        crc = (
            block
            ^ first[crc & 0xFF]
            ^ second[crc >> 8 & 0xFF]
            ^ third[crc >> 16 & 0xFF]
            ^ fourth[crc >> 24]
        )
    return crc ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(payload: bytes) -> bytes:
    """A payload as one TFRecord: length, checksum of the length, payload, its checksum."""
    length = struct.pack("<Q", len(payload))
    return b"".join((length, _masked(length), payload, _masked(payload)))


def read_frames(path: Path) -> Iterator[tuple[int, bytes]]:
    """Payloads of a TFRecord file, up to the first damaged one.

    Args:
        path: The file.

    Yields:
        Where the record ends in the file, in bytes, and its payload.
    """
    data = path.read_bytes()
    at = 0
    while at + _FRAME <= len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        end = at + _FRAME + length
        payload = data[at + 12 : end - 4]
        if end > len(data) or frame(payload) != data[at:end]:
            return
        yield end, payload
        at = end


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one piece: it is there as a whole, or as it was.

    Args:
        path: The file; its folders are made.
        content: Its bytes.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name[:200]}.{threading.get_ident()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


@final
class AppendFile:
    """A file that grows by whole records, from any thread.

    Each record is one unbuffered write: what was appended outlives the process, even one that is
    killed. A write that fails (a full disk) is taken back, so that the file stays readable.

    Args:
        path: The file; it is made where there is none.

    Raises:
        OSError: The file cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._size

    def append(self, record: bytes) -> None:
        """Append one record, or nothing.

        Args:
            record: Its bytes.

        Raises:
            OSError: They cannot be written; the file is as it was.
        """
        with self._lock:
            rest = memoryview(record)
            try:
                while rest:
                    rest = rest[self._file.write(rest) :]
            except OSError:
                self._file.truncate(self._size)
                raise
            self._size += len(record)

    def cut(self, size: int) -> None:
        """Drop all bytes from ``size`` on.

        Raises:
            OSError: The file cannot be cut.
        """
        with self._lock:
            self._file.truncate(size)
            self._size = size

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        self._file.close()
