"""Tracker that writes what TensorBoard shows: one folder a run, one dashboard for all."""

import os
import shlex
import shutil
import socket
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tensorboard.compat.proto.summary_pb2 import Summary

from synthproto.errors import TrackerError
from synthproto.files import AppendFile, replace_file
from synthproto.trackers import events as summaries
from synthproto.trackers.events import (
    STATUS_TAG,
    continue_events,
    earlier_params,
    logged,
    logged_key,
    rewind_events,
)
from synthproto.trackers.folders import RunFolder, is_beginning
from synthproto.trackers.formats import array_table, columns_tables, params_table
from synthproto.trackers.lifecycle import (
    ABOUT,
    Array,
    Drawing,
    Lifecycle,
    Mark,
    OnError,
    ParamValue,
    Status,
    Traceback,
    check_finite,
    clean,
    png,
)
from synthproto.trackers.projector import write_embedding

_EVENTS = "events.out.tfevents.*"
_PARAMS = "events.out.tfevents.0000000000.params"  # sorts before all others
_TABLE = f"{ABOUT}params"
_GROWTH = 1.25  # of the number of tags, from one writing of the charts to the next
_IMAGES = 10  # what TensorBoard keeps of a tag unless it is told otherwise


def _program() -> str:
    """TensorBoard as a shell finds it, or else where it is installed beside this interpreter."""
    installed = Path(sys.executable).parent / "tensorboard"
    if shutil.which("tensorboard") is not None or not installed.exists():
        return "tensorboard"
    inside = installed.is_relative_to(Path.cwd())
    return str(installed.relative_to(Path.cwd()) if inside else installed)


@final
class TensorBoardTracker:
    """Writes scores, plots, tables, texts and hyperparameters of one run for TensorBoard.

    Everything is in the file when the call returns, one write each, so a killed process loses
    nothing that was logged. Calls are safe from several threads.

    Scores show as time series; each also has a chart in the custom-scalars tab, a line in the band
    from its reference (tag ``reference/...``) to its floor, and all losses (tags ``.../loss``)
    share one. A score of more than four numbers, of each column say, that has references or floors
    is one table in the text tab. Arrays are tables too; hyperparameters show in the HParams tab,
    beside the last values of this run's scores.

    Args:
        folder: The run's folder. One that already holds a run is left alone, and the run goes to
            ``folder-2``, ``folder-3``, ... beside it: see `folder`.
        resume_after: Continue the run in ``folder``, whose last point to keep is of this moment
            (``checkpoints.saved_at``), or the last one of this step (an epoch). Later points are
            set aside in files that TensorBoard does not read; before the first checkpoint these
            are all that an earlier attempt left, and there need be none.
        descriptions: What a tag means, in Markdown, shown as its tooltip; by tag, or by the
            beginning of tags up to a ``/``.
        on_error: ``"raise"`` a `TrackerError` when something cannot be written, or ``"warn"`` and
            go on without it.

    Raises:
        ParameterError: There is no run to continue.
        TrackerError: The folder cannot be written, or another process is writing that run.

    Example:
        >>> from synthproto import TensorBoardTracker
        >>> with TensorBoardTracker("runs/vae") as tracker:
        ...     tracker.log_scalars({"train/loss": 0.5}, step=1)
        >>> tracker.folder.as_posix(), len(list(tracker.folder.glob("events.*")))
        ('runs/vae', 1)
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        resume_after: int | datetime | None = None,
        descriptions: Mapping[str, str] | None = None,
        on_error: OnError = "raise",
    ) -> None:
        self._run = RunFolder(
            folder,
            "tensorboard",
            _EVENTS,
            resume=resume_after is not None,
            required=not is_beginning(resume_after),
        )
        self._life = Lifecycle(f"TensorBoardTracker('{self.folder}')", on_error)
        self._descriptions = dict(descriptions or {})
        self._started = time.time()
        self._images: Counter[str] = Counter()
        self._last_step = 0
        self._rewound: Mark = {}
        self._is_placed = resume_after is not None  # told where to go on by the script itself
        self._is_early = True  # until the training run begins: what comes before goes along with it
        try:
            earlier = self._files()
            self._open(
                earlier, set() if resume_after is None else continue_events(earlier, resume_after)
            )
            self._params = earlier_params(self.folder / _PARAMS)
        except OSError as error:
            self._run.close()
            raise self._unusable(error) from error

    def _files(self) -> list[Path]:
        """The run's event files, oldest first."""
        return sorted(set(self.folder.glob(_EVENTS)) - {self.folder / _PARAMS})

    def _open(self, earlier: Sequence[Path], tags: set[str]) -> None:
        """Begin an event file behind the earlier ones, which have values of these tags."""
        self._file = AppendFile(self.folder / self._file_name(earlier))
        self._file.append(summaries.header())
        self._scalars, self._seen = tags, set(tags)
        self._charted, self._layout = 0, b""

    def _unusable(self, error: Exception) -> TrackerError:
        return TrackerError(
            f"run folder '{self.folder}' must be writable and whole; got {error!r}. Choose another."
        )

    def mark(self) -> Mark:
        """Where the run stands, for a checkpoint."""
        self.flush()
        self._is_placed, self._is_early, self._rewound = False, False, {}
        return {
            "folder": self.folder.name,
            "file": self._file.path.name,
            "size": self._file.size,
        }

    def rewind(self, mark: Mark, /) -> None:
        """Go on with the run that a mark is of; later values are set aside.

        What was logged since the tracker was made, before the run began, is kept.

        Args:
            mark: What `mark` gave, in this process or an earlier one.

        Raises:
            TrackerError: The run is still being written, or it was changed since.
        """
        if self._is_placed or mark == self._rewound:
            self._is_placed = self._is_early = False
            return
        place, own, params = self.folder, self._file.path, self._params
        try:
            marked = place.with_name(str(mark["folder"])) / str(mark["file"])
            early = logged(own) if self._is_early else []
            if not marked.exists() or not self._run.go_to(str(mark["folder"])):
                return
            self._file.close()
            if place != self.folder:
                own.unlink()
                (place / _PARAMS).unlink(missing_ok=True)
                self._run.discard(place)
            tags, known = rewind_events(self._files(), marked, int(str(mark["size"])))
            self._open(self._files(), tags)
            self._params = earlier_params(self.folder / _PARAMS)
            for event in early:
                # The table of hyperparameters is made anew, of those of the earlier run too.
                if event.summary.value[0].tag != _TABLE and logged_key(event) not in known:
                    self._file.append(summaries.frame(event.SerializeToString()))
            if self._is_early and params.items() - self._params.items():
                self.log_params(params)
        except (OSError, ValueError, KeyError) as error:
            raise self._unusable(error) from error
        self._is_early, self._rewound = False, mark

    @property
    def folder(self) -> Path:
        """Where this run is."""
        return self._run.path

    @property
    def command(self) -> str:
        """The shell command that shows this run beside the others in its parent folder.

        It names the program of this environment where the shell would not find it.
        """
        words = [_program(), "--logdir", str(self.folder.parent)]
        most = max(self._images.values(), default=0)
        if most > _IMAGES:
            words += ["--samples_per_plugin", f"images={most}"]
        return shlex.join(words)

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        """Log several numbers of one step; NaN and infinity show as such.

        Args:
            values: Numbers by tag. TensorBoard keeps seven digits.
            step: Epoch or training step.
        """
        values, tables = columns_tables({clean(tag): value for tag, value in values.items()})
        for tag, table in tables.items():
            self.log_text(tag, table, step)
        if not values:
            return
        points = [summaries.scalar(tag, value) for tag, value in values.items()]
        self._scalars.update(values)
        # Charts are rewritten when there are a quarter more tags, not for each one that is new.
        if len(self._scalars) > _GROWTH * self._charted:
            points += self._charts()
        self._write("scalars", values, points, step)

    def _charts(self) -> list[Summary.Value]:
        """The charts of the tags so far, if they are not what was written last."""
        self._charted = len(self._scalars)
        layout = summaries.layout(self._scalars)
        if layout == self._layout:
            return []
        self._layout = layout
        return [summaries.layout_value(layout)]

    def log_array(self, tag: str, array: Array, step: int) -> None:
        """Log an array or a frame as a table, cut to 60 rows and 16 columns.

        Args:
            tag: Its tag.
            array: An array, or a frame with labelled rows and columns.
            step: Epoch or training step.
        """
        self.log_text(tag, array_table(array), step)

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None:
        """Log a plot as an image; TensorBoard shows images 350 pixels wide.

        Args:
            tag: Its tag.
            figure: The plot.
            step: Epoch or training step.
        """
        self._images[tag] += 1
        self._write("images", [tag], [summaries.image(tag, png(figure))], step)

    def log_histogram(self, tag: str, values: NDArray[np.float64], step: int) -> None:
        """Log the distribution of some values in 30 equal bins.

        Args:
            tag: Its tag.
            values: Finite values, shape ``(n,)``, at least one.
            step: Epoch or training step.

        Raises:
            ParameterError: There is no value, or not all are finite.
        """
        check_finite(tag, values, step)
        self._write("histograms", [tag], [summaries.histogram(tag, values)], step)

    def log_text(self, tag: str, text: str, step: int) -> None:
        """Log a text in Markdown: tables, lists, headings, code and links are shown.

        Args:
            tag: Its tag; ``run/...`` for what describes the whole run.
            text: The text.
            step: Epoch or training step.
        """
        self._write("text", [tag], [summaries.text(tag, text)], step)

    def log_file(self, tag: str, path: Path, step: int) -> None:
        """Log where a file is: TensorBoard keeps no files.

        Args:
            tag: Its tag.
            path: The file.
            step: Epoch or training step.
        """
        self.log_text(tag, f"`{path}`, {path.stat().st_size:,} bytes", step)

    def log_embedding(
        self, tag: str, vectors: NDArray[np.float64], labels: pd.DataFrame, step: int
    ) -> None:
        """Log rows as points for the projector tab, such as encoded real and synthetic rows.

        Args:
            tag: Name of the embedding; earlier steps stay beside it.
            vectors: Shape ``(n, d)``, finite, ``d`` at least 3 for a view in space.
            labels: ``n`` rows; each column (real or synthetic, a category) can colour the points,
                and the first one of 2 to 8 values does from the beginning.
            step: Epoch or training step.

        Raises:
            ParameterError: The shapes do not fit, or not all numbers are finite.
        """
        self._life.check([tag], step)
        with self._life.guard([tag], step):
            write_embedding(self.folder, tag, vectors, labels, step)

    def log_params(self, params: Mapping[str, ParamValue]) -> None:
        """Log hyperparameters of this run, in addition to earlier ones.

        Args:
            params: Values by name.
        """
        self._life.check(params, 0)
        self._params = {**self._params, **params}
        point = summaries.params_start(self._params, self._started)
        with self._life.guard(list(params)):
            replace_file(self.folder / _PARAMS, summaries.header() + summaries.record([point], 0))
        self.log_text(_TABLE, params_table(self._params), 0)

    def flush(self) -> None:
        """Write charts of the latest tags; each call has already written what it was given."""
        if len(self._scalars) > self._charted and (points := self._charts()):
            with self._life.guard([summaries.LAYOUT_TAG]):
                self._file.append(summaries.record(points, self._last_step))

    def close(self) -> None:
        """Mark the run as finished and release its folder. A second call does nothing.

        Raises:
            TrackerError: Something was lost, and ``on_error`` is ``"raise"``.
        """
        self._life.end(self._end, self._release)

    def tell(self, status: Status, error: str = "") -> None:
        """Say how the run ended, where the end of the ``with`` block does not."""
        self._life.tell(status, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Traceback
    ) -> None:
        self._life.end(self._end, self._release, kind, error)

    def _end(self) -> None:
        told = f"**{self._life.status}** {self._life.error}".strip()
        points = [summaries.text(STATUS_TAG, told)]
        if self._params:
            points.append(summaries.params_end(self._life.status))
        points += self._tooltips("text", [STATUS_TAG]) + self._charts()
        self._file.append(summaries.record(points, self._last_step))

    def _release(self) -> None:
        self._file.close()
        self._run.close()

    def _tooltips(self, plugin: str, tags: Collection[str]) -> list[Summary.Value]:
        """Descriptions of tags that are met for the first time."""
        if not self._descriptions or self._seen.issuperset(tags):
            return []
        found = [(tag, self._description(tag)) for tag in tags if tag not in self._seen]
        self._seen.update(tags)
        return [summaries.described(tag, plugin, text) for tag, text in found if text]

    def _description(self, tag: str) -> str:
        """The description of the tag, or of the longest beginning that has one."""
        while tag not in self._descriptions and "/" in tag:
            tag = tag.rpartition("/")[0]
        return self._descriptions.get(tag, "")

    def _write(
        self, plugin: str, tags: Iterable[str], points: Sequence[Summary.Value], step: int
    ) -> None:
        tags = list(tags)
        self._life.check(tags, step)
        self._last_step = step
        points = [*self._tooltips(plugin, tags), *points]
        with self._life.guard(tags, step):
            self._file.append(summaries.record(points, step))

    def _file_name(self, earlier: Sequence[Path]) -> str:
        """A name that sorts behind those of earlier files: TensorBoard reads in this order."""
        stamps = [int(path.name.split(".")[3]) for path in earlier]
        stamp = max(int(self._started), *(last + 1 for last in stamps), 0)
        return f"events.out.tfevents.{stamp:010d}.{socket.gethostname()}.{os.getpid()}"
