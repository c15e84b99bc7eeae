"""Continuing a run in event files: what is about to be logged again is set aside first.

A run that was killed in epoch 12 and goes on from its checkpoint of epoch 10 logs epochs 11 and 12
again. TensorBoard knows a mark for that, ``SessionLog.START``, which drops every point from a step
on; it would also drop points that are counted in training steps, and it cannot take back how the
run ended. So the files themselves are cut, after the last point of the epoch that is kept: the
order in a file is the one clock that epochs and steps share.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from synthproto.trackers.records import read_frames
from synthproto.trackers.summaries import END_TAG, LAYOUT_TAG, PARAMS_TAG
from synthproto.trackers.values import ABOUT, ParamValue

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
        aside.write_bytes(data[start:])
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
                    found[name] = param.number_value
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
