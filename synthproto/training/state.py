"""Means of losses over an epoch, kept where the losses are."""

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, cast, final

import numpy as np
import torch
from torch import Tensor

from synthproto.contracts import EpochEvent
from synthproto.errors import ConformanceError
from synthproto.formatting import html_table, number
from synthproto.report import Report
from synthproto.training.processes import Processes
from synthproto.training.randomness import (
    Generator,
    RandomStates,
    generator_state,
    set_generator_state,
)

if TYPE_CHECKING:
    import pandas

_ADDITIONS_BETWEEN_CHECKS = 50
_SHOWN_EPOCHS, _SHOWN_TAGS = 8, 6  # in a notebook


@final
class LossMeans:
    """Sums and counts of losses by name; the counts differ where a step lacks an entry.

    On the CPU a loss is read at once, and its sum is a float of double precision. On another
    device reading would wait for the device: sums stay there as tensors and are looked at every
    50 additions only.

    Args:
        check: Whether `add` reports losses that are NaN or infinite.
    """

    def __init__(self, *, check: bool = True) -> None:
        self._check = check
        self._sums: dict[str, float | Tensor] = {}
        self._counts: dict[str, int] = {}

    def clear(self) -> None:
        """Forget everything: a new epoch begins."""
        self._sums.clear()
        self._counts.clear()

    def add(self, losses: Mapping[str, Tensor]) -> str | None:
        """Add one step's losses.

        Args:
            losses: Detached 0-d tensors by name.

        Returns:
            The name of a loss that is not finite (found late on a device), or ``None``.

        Raises:
            ConformanceError: The first loss of a name is no detached 0-d tensor.
        """
        bad = None
        for name, loss in losses.items():
            count = self._counts.get(name, 0)
            if count == 0:
                _check(name, loss)
                self._sums[name] = 0.0
            # Not in place: a sum may be in a checkpoint, or come from one and lie on the CPU.
            added = loss.item() if loss.is_cpu else loss.double() if loss.is_cuda else loss
            total = self._sums[name] = self._sums[name] + added
            self._counts[name] = count = count + 1
            due = loss.is_cpu or count % _ADDITIONS_BETWEEN_CHECKS == 0
            if due and self._check and not math.isfinite(total):
                bad = name
        return bad

    def of_processes(self, processes: Processes) -> tuple[dict[str, float], str | None]:
        """Means over all processes, and the name of one that is not finite, if it is checked."""
        pairs = {name: (float(self._sums[name]), count) for name, count in self._counts.items()}
        everyone = processes.gathered(pairs)
        means = {}
        for name in dict.fromkeys(name for each in everyone for name in each):
            found = [each[name] for each in everyone if name in each]
            means[name] = sum(total for total, _ in found) / sum(count for _, count in found)
        bad = (name for name, mean in means.items() if not math.isfinite(mean))
        return means, next(bad, None) if self._check else None

    def state_dict(self) -> dict[str, object]:
        """Sums and counts as tensors and plain values."""
        return {"sums": dict(self._sums), "counts": dict(self._counts)}

    def load_state_dict(self, state: Mapping[str, object], /) -> None:
        """Take over a state that `state_dict` gave."""
        # The types of a loaded file are known only to the code that wrote it.
        self._sums = dict(cast("dict[str, float | torch.Tensor]", state["sums"]))
        self._counts = dict(cast("dict[str, int]", state["counts"]))


def _check(name: str, loss: object) -> None:
    """Once an epoch: a tensor with a graph would keep each step's graph in memory."""
    if not isinstance(loss, Tensor):
        found = type(loss).__name__
    elif loss.ndim or loss.requires_grad:
        graph = " with a graph" if loss.requires_grad else ""
        found = f"one of shape {tuple(loss.shape)}{graph}"
    else:
        return
    raise ConformanceError(
        f"loss {name!r} of a training step must be a detached tensor without dimensions; got "
        f"{found}. Report loss.detach()."
    )


def not_finite(state: object, path: str = "") -> Iterator[str]:
    """Names of the tensors in a state that hold NaN or infinity, dotted."""
    if isinstance(state, Tensor):
        # A sum is finite where all terms are, unless it overflows; it costs a fifth of looking.
        odd = state.is_floating_point() and not math.isfinite(state.sum().item())
        if odd and not bool(torch.isfinite(state).all()):
            yield path
    elif isinstance(state, Mapping):
        for key, value in state.items():
            yield from not_finite(value, f"{path}.{key}" if path else str(key))
    elif isinstance(state, Sequence) and not isinstance(state, str | bytes):
        for index, value in enumerate(state):
            yield from not_finite(value, f"{path}.{index}")


def _plain_report(report: Report | None) -> dict[str, dict[str, float]] | None:
    """A report without its arrays and figures, which a checkpoint has no room for."""
    if report is None:
        return None
    return {
        "scores": dict(report),
        "references": dict(report.references),
        "best": dict(report.best),
    }


@final
class HistoryTable:
    """The history of a run by column: each checkpoint has it whole, so it must be quick and small.

    An epoch is taken over once; its scores are entries of three columns (which epoch has how
    many, which tag, which value), in their order.
    """

    def __init__(self) -> None:
        self._epochs, self._steps, self._sizes = array("q"), array("q"), array("q")
        self._seconds, self._values = array("d"), array("d")
        self._tags = array("i")
        self._places: dict[str, int] = {}

    def columns(self, history: Sequence[EpochEvent]) -> dict[str, object]:
        """A history as tensors, and its tags.

        Args:
            history: The one of the last call, to which epochs may have been added.
        """
        for event in history[len(self._epochs) :]:
            self._epochs.append(event.epoch)
            self._steps.append(event.step)
            self._seconds.append(event.seconds)
            self._sizes.append(len(event.scores))
            self._values.extend(event.scores.values())
            places = self._places
            self._tags.extend(places.setdefault(tag, len(places)) for tag in event.scores)
        return {
            "epoch": _tensor(self._epochs),
            "step": _tensor(self._steps),
            "seconds": _tensor(self._seconds),
            "scores": _tensor(self._sizes),
            "tag": _tensor(self._tags),
            "value": _tensor(self._values),
            "tags": list(self._places),
        }

    @staticmethod
    def read(columns: Mapping[str, object]) -> list[EpochEvent]:
        """The history of the columns that `columns` gave."""
        # The types of a loaded file are known only to the code that wrote it.
        epochs, steps, seconds, sizes, tags, values = (
            cast("Tensor", columns[name]).tolist()
            for name in ("epoch", "step", "seconds", "scores", "tag", "value")
        )
        names = cast("list[str]", columns["tags"])
        entries = zip(tags, values, strict=True)
        return [
            EpochEvent(epoch, step, time, {names[tag]: x for tag, x in islice(entries, size)})
            for epoch, step, time, size in zip(epochs, steps, seconds, sizes, strict=True)
        ]


def _tensor(column: Sequence[float]) -> Tensor:
    return torch.from_numpy(np.array(column))  # a copy: the column grows


@final
@dataclass
class RunState:
    """Where a run is.

    Attributes:
        means: Losses of the current epoch.
        epoch: Epochs begun.
        position: Steps done in the current epoch; 0 where it has ended or none has begun.
        step: Steps done.
        seconds: Wall time of earlier calls of `run`.
        history: The epochs that ended, oldest first.
        random: Random states where the run was left.
        epoch_random: Random states when the current epoch began, before its batches were drawn.
        ending: The event of an epoch whose routines are being run.
        routines_done: How many of them are.
        report: The last report of a validation.
    """

    means: LossMeans
    epoch: int = 0
    position: int = 0
    step: int = 0
    seconds: float = 0.0
    history: list[EpochEvent] = field(default_factory=list)
    random: RandomStates | None = None
    epoch_random: RandomStates | None = None
    ending: EpochEvent | None = None
    routines_done: int = 0
    report: Report | None = None
    _table: HistoryTable = field(default_factory=HistoryTable)

    @property
    def epoch_ended(self) -> bool:
        """Whether the run is between two epochs."""
        return self.position == 0

    def begin_epoch(self) -> None:
        """Count an epoch, and keep the random states that its batches are drawn from."""
        self.epoch += 1
        self.means.clear()
        self.epoch_random = RandomStates.capture()

    def shared_state(self, seconds: float) -> dict[str, object]:
        """What is the same in all processes, as plain values."""
        return {
            "epoch": self.epoch,
            "position": self.position,
            "step": self.step,
            "seconds": seconds,
            "history": self._table.columns(self.history),
            "report": _plain_report(self.report),
        }

    def own_state(self, generators: Sequence[Generator]) -> dict[str, object]:
        """What each process has of its own: sums of losses, and random states as they are now."""
        begun = self.epoch_random
        return {
            "means": self.means.state_dict(),
            "random": RandomStates.capture().state_dict(),
            "epoch_random": None if begun is None else begun.state_dict(),
            "generators": [generator_state(generator) for generator in generators],
        }

    def load_shared_state(self, state: Mapping[str, object]) -> None:
        """Take over what `shared_state` gave."""
        # The types of a loaded file are known only to the code that wrote it.
        self.epoch = cast("int", state["epoch"])
        self.position = cast("int", state["position"])
        self.step = cast("int", state["step"])
        self.seconds = cast("float", state["seconds"])
        self.history[:] = HistoryTable.read(cast("Mapping[str, object]", state["history"]))
        self._table = HistoryTable()
        self.ending = None
        report = cast("dict[str, dict[str, float]] | None", state.get("report"))
        if report is not None:
            best = report["best"]
            self.report = Report(report["scores"], report["references"], best=best)

    def load_own_state(self, state: Mapping[str, object], generators: Sequence[Generator]) -> None:
        """Take over what `own_state` gave, but the global random states: `random` has them."""
        # The types of a loaded file are known only to the code that wrote it.
        self.means.load_state_dict(cast("dict[str, object]", state["means"]))
        self.random = RandomStates.from_state_dict(cast("dict[str, object]", state["random"]))
        begun = cast("dict[str, object] | None", state["epoch_random"])
        self.epoch_random = None if begun is None else RandomStates.from_state_dict(begun)
        for generator, saved in zip(
            generators, cast("list[object]", state["generators"]), strict=True
        ):
            set_generator_state(generator, saved)


@final
@dataclass(frozen=True, repr=False)
class TrainingResult:
    """What a run gives back.

    Attributes:
        epochs: The epochs that ended, oldest first.
        reason: Which stopper ended the run and why, or ``"interrupted"``.
        report: The last report of a validation, if the run had one; after a resume without its
            arrays and figures.
        epoch: Epochs begun.
        step: Steps done.
        seconds: Wall time, earlier parts of a resumed run included.
        interrupted: Whether Ctrl-C, or a SIGTERM, ended the run. Trackers that the trainer knows
            of are told; ``if result.interrupted: raise KeyboardInterrupt`` as the last line of a
            ``with`` block tells others.
    """

    epochs: tuple[EpochEvent, ...]
    reason: str
    report: Report | None
    epoch: int
    step: int
    seconds: float
    interrupted: bool

    @cached_property
    def history(self) -> "pandas.DataFrame":
        """One row per epoch that ended, made when it is first asked for.

        Returns:
            Indexed by ``epoch``: ``step`` (steps of the run so far), ``seconds`` (wall time so
            far), then every score by tag (``train/loss``, ...), NaN in epochs without a value.
        """
        return history_frame(self.epochs)

    def __str__(self) -> str:
        return f"{len(self.epochs)} epochs, {self.step} steps, {self.seconds:.1f} s; {self.reason}"

    def __repr__(self) -> str:
        return f"TrainingResult({self})"

    def _repr_html_(self) -> str:
        """In a notebook: how the run ended, and its latest epochs."""
        return history_html(str(self), self.epochs)


def history_html(title: str, epochs: Sequence[EpochEvent]) -> str:
    """The latest epochs of a run as a table below a line of text, for notebooks."""
    latest = epochs[-_SHOWN_EPOCHS:]
    tags = list(dict.fromkeys(tag for event in latest for tag in event.scores))[:_SHOWN_TAGS]
    rows = [
        [str(event.epoch), *(number(event.scores.get(tag)) for tag in tags)] for event in latest
    ]
    return f"<p>{escape(title)}</p>" + html_table([["epoch", *tags], *rows])


def history_frame(history: Sequence[EpochEvent]) -> "pandas.DataFrame":
    """The epochs of a run as a frame, one row an epoch."""
    import pandas as pd

    rows = [{"step": event.step, "seconds": event.seconds, **event.scores} for event in history]
    index = pd.Index([event.epoch for event in history], name="epoch", dtype="int64")
    return pd.DataFrame(rows, index=index, columns=None if rows else ["step", "seconds"])
