"""Files that grow by whole records, and the record format that TensorBoard reads."""

import re
import struct
import sys
import time
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.histogram_pb2 import HistogramProto
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.custom_scalar.layout_pb2 import (
    Category,
    Chart,
    Layout,
    MarginChartContent,
    MultilineChartContent,
)
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS, STATUS_UNKNOWN
from tensorboard.plugins.hparams.plugin_data_pb2 import (
    HParamsPluginData,
    SessionEndInfo,
    SessionStartInfo,
)

from synthproto.errors import SynthprotoWarning
from synthproto.files import replace_file
from synthproto.trackers.lifecycle import ABOUT, BESIDE, ParamValue, Status, clean

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
        is_length = _masked(data[at : at + 8]) == data[at + 8 : at + 12]
        if is_length and end > len(data):
            return  # torn: its writer was killed, or had no room
        payload = data[at + 12 : end - 4]
        if not is_length or _masked(payload) != data[end - 4 : end]:
            warnings.warn(
                f"event file '{path}' is damaged at byte {at}: the {len(data) - at:,} bytes from "
                "there on cannot be read, and TensorBoard does not show them.",
                SynthprotoWarning,
                stacklevel=2,
            )
            return
        yield end, payload
        at = end


LAYOUT_TAG = "custom_scalars__config__"
PARAMS_TAG = "_hparams_/session_start_info"
END_TAG = "_hparams_/session_end_info"

_BINS = 30  # what TensorBoard's own summaries use
_STATUS: Mapping[Status, int] = {
    "finished": STATUS_SUCCESS,
    "interrupted": STATUS_UNKNOWN,
    "failed": STATUS_FAILURE,
}


def record(values: Sequence[Summary.Value], step: int) -> bytes:
    """Several values of one step as one record of an event file."""
    event = Event(wall_time=time.time(), step=step, summary=Summary(value=values))
    return frame(event.SerializeToString())


def header() -> bytes:
    """The record that an event file starts with."""
    return frame(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())


def _metadata(plugin: str, content: bytes = b"", description: str = "") -> SummaryMetadata:
    data = SummaryMetadata.PluginData(plugin_name=plugin, content=content)
    return SummaryMetadata(plugin_data=data, summary_description=description)


def scalar(tag: str, value: float) -> Summary.Value:
    """A number."""
    return Summary.Value(tag=clean(tag), simple_value=value)


def described(tag: str, plugin: str, description: str) -> Summary.Value:
    """The tooltip of a tag, written once before its first value.

    Beside a number or a picture in the short form one of TensorBoard's two loaders would ignore
    it; the long form is not seen by TensorBoard's `EventAccumulator`. On its own it reaches all.
    """
    return Summary.Value(tag=clean(tag), metadata=_metadata(plugin, description=clean(description)))


def image(tag: str, png: bytes) -> Summary.Value:
    """A picture; its size stands in the PNG's first chunk (RFC 2083, section 4.1.1)."""
    width, height = struct.unpack_from(">II", png, 16)
    picture = Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=png)
    return Summary.Value(tag=clean(tag), image=picture)


def text(tag: str, markdown: str) -> Summary.Value:
    """A text in Markdown."""
    tensor = TensorProto(dtype=DT_STRING, string_val=[clean(markdown).encode()])
    return Summary.Value(tag=clean(tag), tensor=tensor, metadata=_metadata("text"))


def _binned(values: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Counts and edges of 30 equal bins, also of values that are too close or too far apart."""
    try:
        with np.errstate(over="ignore"):
            return np.histogram(values, bins=_BINS)
    except ValueError:
        pass  # 30 bins do not part them, or their range is more than a float
    low, high = float(values.min()), float(values.max())
    middle, half = low / 2 + high / 2, high / 2 - low / 2
    half = max(half, max(abs(middle), 1.0) * 2.0**-40)
    edges = middle + half * np.linspace(-1, 1, _BINS + 1)
    return np.histogram(values, bins=np.clip(edges, -sys.float_info.max, sys.float_info.max))


def histogram(tag: str, values: NDArray[np.float64]) -> Summary.Value:
    """A distribution of finite values in 30 equal bins."""
    with np.errstate(over="ignore", invalid="ignore"):  # of values whose squares are not finite
        counts, edges = _binned(values)
        total, squares = float(values.sum()), float(np.square(values).sum())
    message = HistogramProto(
        min=float(edges[0]),
        max=float(edges[-1]),
        num=float(values.size),
        sum=total,
        sum_squares=squares,
        bucket_limit=edges[1:].tolist(),
        bucket=counts.tolist(),
    )
    return Summary.Value(tag=clean(tag), histo=message)


def params_start(params: Mapping[str, ParamValue], started: float) -> Summary.Value:
    """Hyperparameters of the run, for the HParams tab.

    No ``Experiment`` message goes with them: TensorBoard would take the first one that it meets
    in any run and ignore the columns of all others. Without one it finds the columns itself.
    """
    start = SessionStartInfo(start_time_secs=started)
    for name, value in params.items():
        if isinstance(value, bool):
            start.hparams[clean(name)].bool_value = value
        elif isinstance(value, str):
            start.hparams[clean(name)].string_value = clean(value)
        else:
            start.hparams[clean(name)].number_value = value
    return _session(PARAMS_TAG, HParamsPluginData(version=0, session_start_info=start))


def params_end(status: Status) -> Summary.Value:
    """How the run ended, for the HParams tab, which has no word for interrupted."""
    end = SessionEndInfo(status=_STATUS[status], end_time_secs=time.time())
    return _session(END_TAG, HParamsPluginData(version=0, session_end_info=end))


def _session(tag: str, data: HParamsPluginData) -> Summary.Value:
    return Summary.Value(tag=tag, metadata=_metadata("hparams", data.SerializeToString()))


def _chart(title: str, tags: Sequence[str]) -> Chart:
    exact = [f"^{re.escape(tag)}$" for tag in tags]
    return Chart(title=title, multiline=MultilineChartContent(tag=exact))


def _band(tag: str, beside: Sequence[str]) -> Chart:
    """A score as a line, in the band from its reference to its floor, or from one of them.

    In charts of several lines their marks follow the alphabet: another one for each family.
    """
    end = beside[1] if len(beside) > 1 else tag
    series = MarginChartContent.Series(value=tag, lower=beside[0], upper=end)
    return Chart(title=tag, margin=MarginChartContent(series=[series]))


def layout(tags: Collection[str]) -> bytes:
    """Charts that belong together: each score with its reference and floor, all losses.

    Args:
        tags: Scalar tags so far.

    Returns:
        The layout of the custom-scalars tab, empty while nothing belongs together. Scores by
        column form closed categories.
    """
    charts: dict[str, list[Chart]] = {}
    losses = sorted(tag for tag in tags if tag.endswith("/loss"))
    if len(losses) > 1:
        charts["loss"] = [_chart("loss", losses)]
    for tag in sorted(tags):
        if beside := [prefix + tag for prefix in BESIDE if prefix + tag in tags]:
            family = "/".join(tag.split("/")[:2]) if tag.count("/") > 1 else tag.split("/")[0]
            charts.setdefault(family, []).append(_band(tag, beside))
    if not charts:
        return b""
    categories = [
        Category(title=title, chart=charts[title], closed="/" in title)
        for title in sorted(charts, key=lambda title: ("/" in title, title))
    ]
    return Layout(version=0, category=categories).SerializeToString()


def layout_value(content: bytes) -> Summary.Value:
    """A layout as TensorBoard expects it."""
    tensor = TensorProto(dtype=DT_STRING, string_val=[content])
    return Summary.Value(tag=LAYOUT_TAG, tensor=tensor, metadata=_metadata("custom_scalars"))


STATUS_TAG = f"{ABOUT}status"

_NOT_POINTS = frozenset({END_TAG, LAYOUT_TAG, PARAMS_TAG, STATUS_TAG})


class _Place(NamedTuple):
    """Where a record of points ends: which file, at which byte."""

    file: int
    end: int
    event: Event


def _points(files: Sequence[Path]) -> Iterator[_Place]:
    for number, path in enumerate(files):
        for end, payload in read_frames(path):
            event = Event.FromString(payload)
            if any(value.tag not in _NOT_POINTS for value in event.summary.value):
                yield _Place(number, end, event)


def _set_aside(path: Path, start: int) -> None:
    """Move the bytes from ``start`` on to a file that TensorBoard does not read."""
    data = path.read_bytes()
    if start < len(data):
        aside = path.with_name(path.name.replace("tfevents", "superseded") + f".{start}")
        replace_file(aside, data[start:])
        with path.open("r+b") as file:
            file.truncate(start)


def earlier_params(path: Path) -> dict[str, ParamValue]:
    """Hyperparameters in an event file; empty if there is no such file.

    Args:
        path: The file that holds nothing else.
    """
    found: dict[str, ParamValue] = {}
    for _, payload in read_frames(path) if path.exists() else ():
        for value in Event.FromString(payload).summary.value:
            data = HParamsPluginData.FromString(value.metadata.plugin_data.content)
            for name, param in data.session_start_info.hparams.items():
                if param.HasField("string_value"):
                    found[name] = param.string_value
                elif param.HasField("bool_value"):
                    found[name] = param.bool_value
                else:
                    number = param.number_value  # an int comes back as a float
                    found[name] = int(number) if number.is_integer() else number
    return found


def continue_events(files: Sequence[Path], after: int | datetime) -> set[str]:
    """Set aside all that was logged after the last point of a step, or after a moment.

    Args:
        files: Event files of the run, oldest first.
        after: The last step to keep, usually an epoch; or the last moment, that of a checkpoint.

    Returns:
        The tags that are left.
    """
    places = list(_points(files))
    if isinstance(after, datetime):
        early = [place.event.wall_time <= after.timestamp() for place in places]
    else:
        early = [place.event.step <= after for place in places]
    kept = [index for index, is_early in enumerate(early) if is_early]
    left = places[: kept[-1] + 1] if kept else []
    last = left[-1].file if left else -1
    for number, path in enumerate(files):
        if number == last:
            _set_aside(path, left[-1].end)
        elif number > last:
            _set_aside(path, 0)
            path.unlink()
    return {value.tag for place in left for value in place.event.summary.value}


def logged(path: Path) -> list[Event]:
    """The points in an event file, with the texts that describe the run."""
    return [place.event for place in _points([path])]


def logged_key(event: Event) -> bytes:
    """What makes two points the same: step and content, not the time."""
    return Event(step=event.step, summary=event.summary).SerializeToString()


def rewind_events(files: Sequence[Path], marked: Path, size: int) -> tuple[set[str], set[bytes]]:
    """Set aside all that was logged after a mark.

    Args:
        files: Event files of the run, oldest first.
        marked: The file that was being written at the mark.
        size: Its size then.

    Returns:
        The tags that are left, and the points of step 0, each as its `logged_key`.

    Raises:
        ValueError: The file is none of these, or shorter than it was.
    """
    if marked not in files:
        raise ValueError(f"'{marked}' is no file of the run")
    if marked.stat().st_size < size:
        raise ValueError(f"'{marked}' is shorter than it was at the checkpoint")
    for path in files:
        if path == marked:
            _set_aside(path, size)
        elif path.name > marked.name:
            _set_aside(path, 0)
            path.unlink()
    events = [place.event for place in _points([path for path in files if path.exists()])]
    tags = {value.tag for event in events for value in event.summary.value}
    return tags, {logged_key(event) for event in events if event.step == 0}
