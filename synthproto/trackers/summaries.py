"""TensorBoard's messages: one function for each kind of thing that it shows."""

import re
import struct
import time
from collections.abc import Collection, Mapping, Sequence

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
    MultilineChartContent,
)
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS, STATUS_UNKNOWN
from tensorboard.plugins.hparams.plugin_data_pb2 import (
    HParamsPluginData,
    SessionEndInfo,
    SessionStartInfo,
)

from synthproto.trackers.records import frame
from synthproto.trackers.values import REFERENCE, ParamValue, Status

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
    return Summary.Value(tag=tag, simple_value=value)


def described(tag: str, plugin: str, description: str) -> Summary.Value:
    """The tooltip of a tag, written once before its first value.

    Beside a number or a picture in the short form one of TensorBoard's two loaders would ignore
    it; the long form is not seen by TensorBoard's `EventAccumulator`. On its own it reaches all.
    """
    return Summary.Value(tag=tag, metadata=_metadata(plugin, description=description))


def image(tag: str, png: bytes) -> Summary.Value:
    """A picture; its size stands in the PNG's first chunk (RFC 2083, section 4.1.1)."""
    width, height = struct.unpack_from(">II", png, 16)
    picture = Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=png)
    return Summary.Value(tag=tag, image=picture)


def text(tag: str, markdown: str) -> Summary.Value:
    """A text in Markdown."""
    tensor = TensorProto(dtype=DT_STRING, string_val=[markdown.encode()])
    return Summary.Value(tag=tag, tensor=tensor, metadata=_metadata("text"))


def histogram(tag: str, values: NDArray[np.float64]) -> Summary.Value:
    """A distribution of finite values in 30 equal bins."""
    counts, edges = np.histogram(values, bins=_BINS)
    message = HistogramProto(
        min=float(edges[0]),
        max=float(edges[-1]),
        num=float(values.size),
        sum=float(values.sum()),
        sum_squares=float(np.square(values).sum()),
        bucket_limit=edges[1:].tolist(),
        bucket=counts.tolist(),
    )
    return Summary.Value(tag=tag, histo=message)


def params_start(params: Mapping[str, ParamValue], started: float) -> Summary.Value:
    """Hyperparameters of the run, for the HParams tab.

    No ``Experiment`` message goes with them: TensorBoard would take the first one that it meets
    in any run and ignore the columns of all others. Without one it finds the columns itself.
    """
    start = SessionStartInfo(start_time_secs=started)
    for name, value in params.items():
        if isinstance(value, bool):
            start.hparams[name].bool_value = value
        elif isinstance(value, str):
            start.hparams[name].string_value = value
        else:
            start.hparams[name].number_value = value
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


def layout(tags: Collection[str]) -> bytes:
    """Charts that belong together: each score beside its reference, and all losses.

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
        if REFERENCE + tag in tags:
            family = "/".join(tag.split("/")[:2]) if tag.count("/") > 1 else tag.split("/")[0]
            charts.setdefault(family, []).append(_chart(tag, [tag, REFERENCE + tag]))
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
