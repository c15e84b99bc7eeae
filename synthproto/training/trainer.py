"""`Trainer`: epochs of steps, callbacks after each step, routines after each epoch."""

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import islice
from time import perf_counter
from typing import Generic, cast, final

import pandas as pd
import torch

from synthproto.contracts import (
    Batch,
    Batches,
    Callback,
    EpochEvent,
    Output,
    Progress,
    Routine,
    StepEvent,
    Stopper,
    TrainingStep,
)
from synthproto.errors import NonFiniteLossError, ParameterError
from synthproto.plan import Report
from synthproto.training.interrupts import Interrupt
from synthproto.training.means import LossMeans
from synthproto.training.progress import ProgressBar
from synthproto.training.randomness import RandomStates, kept_random_states, seed_all
from synthproto.training.result import TrainingResult, history_frame
from synthproto.training.run_state import RunState
from synthproto.training.schedule import unwrapped
from synthproto.training.stoppers import last_epoch


@final
class Trainer(Generic[Batch, Output]):
    """Trains by an injected step until a stopper says why to end.

    An epoch is one pass over the batches: for each, `TrainingStep.update`, then the callbacks,
    then the stopper. After an epoch its mean losses and the routines' scores become a row of the
    history, and the stopper is asked again. Routines run in evaluation mode without gradients,
    and the random states are put back after them: a run ends with the same weights, bit for bit,
    however it is watched.

    Callbacks and routines that are context managers are entered for the duration of a run.

    Args:
        step: What is done with a batch; it decides the types of batch and output.
        batches: A sequence of batches, or a function from the epoch (from 1) to its batches. A
            function that also takes ``start`` is asked to skip what a resumed run has done.
        stopper: When to end.
        callbacks: Called after each step, in order.
        routines: Called after each epoch, in order; each sees the scores of those before it.
        seed: Of everything that the step draws from the global generators of python, numpy and
            torch, at least 0. They are put back after the run. ``None`` draws from them as they
            are and leaves them advanced.
        progress: A progress bar with settings of its own, or whether to show one.
        check_finite: Whether a loss that is NaN or infinite raises an error; otherwise it goes
            into the history, where `NotFinite` ends the run after the epoch.

    Raises:
        ParameterError: An argument is outside its range.
    """

    def __init__(
        self,
        *,
        step: TrainingStep[Batch, Output],
        batches: Batches[Batch],
        stopper: Stopper,
        callbacks: Sequence[Callback[Batch, Output]] = (),
        routines: Sequence[Routine] = (),
        seed: int | None = 0,
        progress: ProgressBar | bool = True,
        check_finite: bool = True,
    ) -> None:
        if seed is not None and seed < 0:
            raise ParameterError(f"Trainer: seed must be at least 0 or None; got {seed}.")
        if not callable(batches) and len(batches) == 0:
            raise ParameterError("Trainer: batches are empty; training needs at least one.")
        self._step = step
        self._batches = batches
        self._stopper = stopper
        self._callbacks = tuple(callbacks)
        self._routines = tuple(routines)
        self._seed = seed
        self._bar = ProgressBar() if progress is True else progress or None
        self._interrupt = Interrupt()
        self._state = RunState(LossMeans(check=check_finite))
        self._report: Report | None = None
        self._began = 0.0

    @property
    def history(self) -> pd.DataFrame:
        """The epochs that have ended so far, one row each, also after an error."""
        return history_frame(self._state.history)

    def run(self) -> TrainingResult:
        """Train until the stopper ends the run, or Ctrl-C does after the current step.

        A second call goes on where the first one was interrupted, and does nothing where the
        stopper has ended the run already.

        Returns:
            History, reason, last report.

        Raises:
            NonFiniteLossError: A loss is NaN or infinite; names it, the epoch and the step.
            ParameterError: An epoch has no batches.
            KeyboardInterrupt: Ctrl-C was pressed twice.
        """
        with self._session():
            reason = self._stop(self._state.epoch_ended)
            while reason is None:
                reason = self._epoch()
        state = self._state
        return TrainingResult(
            history=self.history,
            reason=reason,
            report=self._report,
            epoch=state.epoch,
            step=state.step,
            seconds=state.seconds,
            interrupted=reason == _INTERRUPTED,
        )

    @contextmanager
    def _session(self) -> Iterator[None]:
        """The surroundings of a run: random states, Ctrl-C, the bar, entered parts."""
        state = self._state
        with ExitStack() as stack:
            if self._seed is not None:
                stack.enter_context(kept_random_states())
            for part in (*self._callbacks, *self._routines):
                inner = unwrapped(part)
                if isinstance(inner, AbstractContextManager):
                    stack.enter_context(inner)
            stack.enter_context(self._interrupt)
            if state.random is not None:
                state.random.put_back()
            elif self._seed is not None:
                seed_all(self._seed)
            if self._bar is not None:
                steps = len(self._batches) if isinstance(self._batches, Sized) else None
                self._bar.open(last_epoch(self._stopper), steps)
                stack.callback(self._close_bar, self._bar)
            self._began = perf_counter() - state.seconds
            try:
                yield
            finally:
                state.seconds = perf_counter() - self._began
                state.random = RandomStates.taken()

    def _close_bar(self, bar: ProgressBar) -> None:
        bar.close(self._state.epoch)

    def _epoch(self) -> str | None:
        """Train to the end of the epoch, and say why to end the run, if so."""
        state = self._state
        batches = self._remaining_batches()
        reason = self._steps(batches)
        if reason is not None and not _is_exhausted(batches):
            return reason
        if state.position == 0:
            raise ParameterError(f"Trainer: batches gave nothing in epoch {state.epoch}.")
        self._end_epoch()
        return reason or self._stop(True)

    def _remaining_batches(self) -> Iterator[Batch]:
        """The batches of a new epoch, or what is left of the current one."""
        state = self._state
        if state.epoch_ended:
            state.begin_epoch()
            return iter(self._batches_from(0))
        now = RandomStates.taken()
        if state.epoch_random is not None:
            state.epoch_random.put_back()
        batches = iter(self._batches_from(state.position))
        now.put_back()
        return batches

    def _batches_from(self, start: int) -> Iterable[Batch]:
        batches, epoch = self._batches, self._state.epoch
        if not callable(batches):
            return islice(batches, start, None)
        if start and _takes_start(batches):
            # The signature was just looked at: the second argument is where to start.
            return cast("Callable[[int, int], Iterable[Batch]]", batches)(epoch, start)
        every = iter(batches(epoch))
        for _ in islice(every, start):
            pass
        return every

    def _steps(self, batches: Iterator[Batch]) -> str | None:
        """Train on batches until there are none left or there is a reason to end."""
        state, callbacks, means = self._state, self._callbacks, self._state.means
        update, stop = self._step.update, self._stop
        for batch in batches:
            result = update(batch)
            state.step += 1
            state.position += 1
            bad = means.add(result.losses)
            if bad is not None:
                raise self._not_finite(bad)
            if callbacks:
                event = StepEvent(state.epoch, state.step, batch, result.output, result.losses)
                for callback in callbacks:
                    callback(event)
            reason = stop(False)
            if reason is not None:
                return reason
        return None

    def _stop(self, epoch_ended: bool) -> str | None:
        """Why to end the run now, if so."""
        state, now = self._state, perf_counter()
        if self._bar is not None and not epoch_ended:
            self._bar.step(state.epoch, state.position, now)
        reason = self._stopper(
            Progress(state.epoch, state.step, now - self._began, epoch_ended, state.history)
        )
        return _INTERRUPTED if reason is None and self._interrupt.requested else reason

    def _end_epoch(self) -> None:
        """Run the routines and make the epoch a row of the history."""
        state = self._state
        bad = state.means.not_finite()
        if bad is not None:
            raise self._not_finite(bad)
        scores = {f"train/{name}": mean for name, mean in state.means.means().items()}
        event = EpochEvent(state.epoch, state.step, perf_counter() - self._began, scores)
        if self._routines:
            with self._step.evaluation(), torch.no_grad(), kept_random_states():
                for routine in self._routines:
                    event = self._after_routine(routine(event), event)
        self._step.end_epoch(event)
        state.history.append(event)
        if self._bar is not None:
            self._bar.epoch(state.epoch, state.position, event.scores)
        state.position = 0

    def _after_routine(self, scores: Mapping[str, float] | None, event: EpochEvent) -> EpochEvent:
        """The epoch's event with what a routine returned."""
        if isinstance(scores, Report):
            self._report = scores
        if not scores:
            return event
        merged = {**event.scores, **{tag: float(value) for tag, value in scores.items()}}
        return EpochEvent(event.epoch, event.step, event.seconds, merged)

    def _not_finite(self, name: str) -> NonFiniteLossError:
        state = self._state
        mean = state.means.means()[name]
        kind = "NaN" if math.isnan(mean) else "infinite"
        return NonFiniteLossError(
            f"training loss {name!r} is {kind} in epoch {state.epoch}, step {state.step}. "
            "Lower the learning rate, clip gradients (clip_norm), or look for a logarithm or a "
            "division of zero; what was tracked so far is kept."
        )


_INTERRUPTED = "interrupted"


def _takes_start(batches: object) -> bool:
    """Whether batches can be asked to skip the first ones of an epoch."""
    if not callable(batches):
        return False
    try:
        return "start" in inspect.signature(batches).parameters
    except (TypeError, ValueError):  # some builtins have no signature
        return False


def _is_exhausted(batches: Iterator[object]) -> bool:
    """Whether an epoch has no batch left; drawing the next one leaves no trace."""
    with kept_random_states():
        return next(batches, _NOTHING) is _NOTHING


_NOTHING = object()
