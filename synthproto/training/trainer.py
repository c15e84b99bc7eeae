"""`Trainer`: epochs of steps, callbacks after each step, routines after each epoch."""

from collections.abc import Iterator, Mapping, Sequence, Sized
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Generic, final

import torch

from synthproto.checks import listed
from synthproto.conformance.calls import check_function
from synthproto.conformance.values import check_reason
from synthproto.contracts import (
    Batch,
    Batches,
    Callback,
    EpochEvent,
    Output,
    Progress,
    Routine,
    Status,
    StepEvent,
    Stopper,
    TrainingStep,
)
from synthproto.data.batches import Batches as InMemory
from synthproto.errors import ConformanceError, NonFiniteLossError, ParameterError
from synthproto.progress import ProgressBar
from synthproto.report import Report
from synthproto.training.checkpoints import Checkpoints
from synthproto.training.composition import described
from synthproto.training.loop import Interrupt, epoch_batches, is_exhausted
from synthproto.training.processes import Processes
from synthproto.training.randomness import Generator, RandomStates, kept_random_states, seed_all
from synthproto.training.resume import Saver
from synthproto.training.routines import unwrapped
from synthproto.training.state import (
    LossMeans,
    RunState,
    TrainingResult,
    history_frame,
    history_html,
)
from synthproto.training.stoppers import last_epoch, warn_unused_monitors

if TYPE_CHECKING:
    import pandas

_INTERRUPTED = "interrupted"
_ONE_ROW = "more than 1 value per channel"  # what torch says of a batch of one row
_SEED_DISTANCE = 1_000_003  # between the seeds of two processes of one run


@final
class Trainer(Generic[Batch, Output]):
    """Trains by an injected step until a stopper says why to end.

    The whole loop, and the file that fills each line::

        go_on_from(checkpoint); rewind(trackers)                      # resume.py, checkpoints.py
        while stopper(progress) is None:                              # stoppers.py
            for batch in batches(epoch):                              # data/batches.py, loop.py
                output, losses = step.update(batch)                   # steps.py:
                    # output = model(batch); loss(output, batch)      #   models.py
                    # backward; optimizer.step(); ema.update()        #   optimization.py
                means.add(losses)                                     # state.py
                for callback in callbacks: callback(step_event)       # callbacks.py
                if due: save(checkpoint, where_trackers_stand)        # resume.py
                if stopper(progress): break
            with evaluation_mode, no_grad, kept_random_states:        # models.py, randomness.py
                for routine in routines:                              # routines.py
                    scores |= routine(epoch_event)                    #   validation.py
            step.end_epoch(epoch_event)                               # schedulers: optimization.py
            history.append(epoch_event)                               # state.py
            if due: save(checkpoint, where_trackers_stand)            # resume.py
        tell(trackers, how_it_ended)
        return TrainingResult(history, reason, report)                # state.py

    An epoch is one pass over the batches: for each, `TrainingStep.update`, then the callbacks,
    then the stopper. After an epoch its mean losses and the routines' scores become a row of the
    history, and the stopper is asked again. Routines run in evaluation mode without gradients,
    and the random states are put back after them: a run ends with the same weights, bit for bit,
    however it is watched. A stopper that ends the run within an epoch ends it before the
    epoch's routines.

    Callbacks and routines that are context managers are entered for the duration of a run; those
    that have a ``state_dict`` are saved with it.

    Args:
        step: What is done with a batch; it decides the types of batch and output.
        batches: A sequence of batches, or a function from the epoch (from 1) to its batches. A
            function that also takes ``start`` is asked to skip what a resumed run has done.
            They come on the device of the model: `Batches` moves them by ``device=``.
        stopper: When to end.
        callbacks: Called after each step, in order.
        routines: Called after each epoch, in order; each sees the scores of those before it.
        seed: Of everything that the step draws from the global generators of python, numpy and
            torch, at least 0. They are put back after the run. ``None`` draws from them as they
            are and leaves them advanced.
        progress: A progress bar with settings of its own, or whether to show one.
        checkpoints: Where and when to save; ``None`` saves nothing.
        generators: Random generators of the model's own: put back after routines, and saved.
        processes: Those that train together; by default this one alone.
        check_finite: Whether a loss that is NaN or infinite raises an error; otherwise it goes
            into the history, where `NotFinite` ends the run after the epoch.

    Raises:
        ParameterError: An argument is outside its range.
        ConformanceError: A part cannot be called as it will be.

    Example:
        >>> import torch
        >>> from synthproto import GradientStep, MaxEpochs, Trainer
        >>> model = torch.nn.Linear(1, 1)
        >>> step = GradientStep(
        ...     model=model,
        ...     loss=lambda output, batch: (output - 3 * batch).square().mean(),
        ...     optimizer=torch.optim.Adam(model.parameters(), lr=0.1),
        ... )
        >>> trainer = Trainer(
        ...     step=step, batches=[torch.ones(4, 1)], stopper=MaxEpochs(2), progress=False
        ... )
        >>> trainer.run().reason
        'MaxEpochs: 2 of 2 epochs done'
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
        checkpoints: Checkpoints | None = None,
        generators: Sequence[Generator] = (),
        processes: Processes | None = None,
        check_finite: bool = True,
    ) -> None:
        if seed is not None and seed < 0:
            raise ParameterError(f"Trainer: seed must be at least 0 or None; got {seed}.")
        if isinstance(batches, Sequence) and not batches:
            raise ParameterError("Trainer: batches are empty; training needs at least one.")
        _check_functions(batches, stopper, callbacks, routines)
        self._generators = tuple(generators)
        self._processes = Processes() if processes is None else processes
        watches = self._processes.is_first
        self._step = step
        self._batches = batches
        self._stopper = stopper
        self._callbacks = tuple(callbacks) if watches else ()
        self._routines = tuple(routines) if watches else ()
        self._seed = None if seed is None else seed + _SEED_DISTANCE * self._processes.rank
        self._bar = (ProgressBar() if progress is True else progress or None) if watches else None
        self._interrupt = Interrupt()
        self._state = RunState(LossMeans(check=check_finite))
        self._parts = [unwrapped(part) for part in (*self._callbacks, *self._routines)]
        self._saver = Saver(
            step,
            self._state,
            self._parts,
            checkpoints,
            self._generators,
            self._processes,
            {"trainer": {"seed": seed}, "batches": described(batches)},
            check_finite=check_finite,
        )
        self._began = 0.0

    def __repr__(self) -> str:
        state = self._state
        step = type(self._step).__name__
        return f"Trainer(step={step}, epoch={state.epoch}, step_number={state.step})"

    def _repr_html_(self) -> str:
        """In a notebook: where the run stands, and its latest epochs."""
        return history_html(repr(self), self._state.history)

    @property
    def history(self) -> "pandas.DataFrame":
        """The epochs that have ended so far, one row each, also after an error."""
        return history_frame(self._state.history)

    def run(self, *, resume: bool | str | Path = False) -> TrainingResult:
        """Train until the stopper ends the run, or Ctrl-C does after the current step.

        A second call goes on where the first one was interrupted, and does nothing where the
        stopper has ended the run already. Trackers that callbacks and routines log to are told
        how the run ended: the end of their ``with`` block then says so too.

        Args:
            resume: Whether to go on from the latest checkpoint, or from which file. Trackers go
                back to where they stood then, and go on in the same run. Where there is no
                checkpoint yet, ``True`` begins anew.

        Returns:
            History, reason, last report.

        Raises:
            NonFiniteLossError: A loss, or a weight that is to be saved, is NaN or infinite;
                names it, the epoch and the step.
            ParameterError: An epoch has no batches, or checkpoints of another run are in the
                folder.
            CheckpointError: The checkpoint is damaged, foreign, or of another composition.
            TrackerError: A tracker cannot go back to the checkpoint, or lost something.
            KeyboardInterrupt: Ctrl-C was pressed twice.
        """
        # All of it, because run-time type checks of sequences draw an item to look at.
        with nullcontext() if self._seed is None else kept_random_states():
            self._saver.begin(resume)
            try:
                with self._session():
                    reason = self._stop(bool(self._state.history) and self._state.epoch_ended)
                    while reason is None:
                        reason = self._epoch()
                    self._saver.end(self._seconds())
            finally:
                self._saver.release()
        interrupted = reason == _INTERRUPTED
        status: Status = "interrupted" if interrupted else "finished"
        self._saver.tell(status, self._interrupt.cause)
        if self._processes.is_first and not interrupted:
            warn_unused_monitors(self._stopper, self._state.history)
        return self._result(reason)

    def _result(self, reason: str) -> TrainingResult:
        state = self._state
        return TrainingResult(
            epochs=tuple(state.history),
            reason=reason,
            report=state.report,
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
            for part in self._parts:
                if isinstance(part, AbstractContextManager):
                    stack.enter_context(part)
            stack.enter_context(self._interrupt)
            if state.random is not None:
                state.random.restore()
            elif self._seed is not None:
                seed_all(self._seed)
            if self._bar is not None:
                steps = len(self._batches) if isinstance(self._batches, Sized) else None
                self._bar.open(last_epoch(self._stopper), steps)
                stack.callback(lambda bar: bar.close(len(state.history)), self._bar)
            self._began = perf_counter() - state.seconds
            try:
                yield
            finally:
                state.seconds = self._seconds()
                state.random = RandomStates.capture()

    def _seconds(self) -> float:
        return perf_counter() - self._began

    def _epoch(self) -> str | None:
        """Train to the end of the epoch, and say why to end the run, if so."""
        state = self._state
        batches = self._remaining_batches()
        try:
            reason = self._steps(batches)
        except ValueError as error:
            if _ONE_ROW in str(error):
                error.add_note(
                    "Batch normalisation needs two rows: the last batch of an epoch may have one. "
                    "Leave it out, Batches(..., drop_last=True), or choose another size."
                )
            raise
        if reason is not None and not is_exhausted(batches):
            return reason
        if state.position == 0:
            raise ParameterError(f"Trainer: batches gave nothing in epoch {state.epoch}.")
        self._end_epoch()
        return reason or self._stop(True)

    def _remaining_batches(self) -> Iterator[Batch]:
        """The batches of a new epoch, or what is left of the current one."""
        state, given = self._state, self._batches
        # Of others the length is a promise only: a DataLoader's over a stream may be wrong.
        known = len(given) if isinstance(given, Sequence | InMemory) else None
        if state.epoch_ended:
            state.begin_epoch()
            batches = epoch_batches(given, state.epoch, 0)
        else:
            now = RandomStates.capture()
            if state.epoch_random is not None:
                state.epoch_random.restore()
            batches = epoch_batches(given, state.epoch, state.position)
            now.restore()
        return self._processes.in_step(batches, state.position, known)

    def _steps(self, batches: Iterator[Batch]) -> str | None:
        """Train on batches until there are none left or there is a reason to end."""
        state, callbacks, means = self._state, self._callbacks, self._state.means
        update, stop, saver = self._step.update, self._stop, self._saver
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
            if saver.within_epochs:
                saver.after_step(self._seconds())
            reason = stop(False)
            if reason is not None:
                return reason
        return None

    def _stop(self, epoch_ended: bool) -> str | None:
        """Why to end the run now, if so."""
        state, now = self._state, perf_counter()
        bar = self._bar
        if bar is not None and now >= bar.next_drawing and not epoch_ended:
            bar.step(state.epoch, state.position, now)
        reason = self._stopper(
            Progress(state.epoch, state.step, now - self._began, epoch_ended, state.history)
        )
        if reason is not None:
            check_reason(self._stopper, reason)
        elif self._interrupt.cause:
            reason = _INTERRUPTED
        return reason if self._processes.world == 1 else self._processes.broadcast_stop(reason)

    def _end_epoch(self) -> None:
        """Run the routines and make the epoch a row of the history."""
        state = self._state
        if state.ending is None:
            means, bad = state.means.of_processes(self._processes)
            if bad is not None:
                raise self._not_finite(bad)
            scores = {f"train/{name}": mean for name, mean in means.items()}
            state.ending = EpochEvent(state.epoch, state.step, self._seconds(), scores)
            state.routines_done = 0
        self._run_routines()
        event = self._processes.on_part(state.ending)
        self._step.end_epoch(event)
        state.history.append(event)
        state.ending = None
        if self._bar is not None:
            self._bar.epoch(state.epoch, state.position, event.scores)
        state.position = 0
        self._saver.after_epoch(self._seconds())

    def _run_routines(self) -> None:
        """Run the routines; after an error in one, a second `run` begins with that one."""
        state = self._state
        if not self._routines[state.routines_done :]:
            return
        kept = kept_random_states(*self._generators)
        with self._step.evaluation(), torch.no_grad(), kept:
            for routine in self._routines[state.routines_done :]:
                event = state.ending
                assert event is not None  # made just before, and taken away after the last one
                scores = routine(event)
                if isinstance(scores, Report):
                    state.report = scores
                state.ending = _with_scores(event, scores or {}, routine)
                state.routines_done += 1

    def _not_finite(self, name: str) -> NonFiniteLossError:
        state = self._state
        return NonFiniteLossError(
            f"training loss {name!r} is NaN or infinite in epoch {state.epoch}, step {state.step}. "
            "Lower the learning rate, clip gradients (clip_norm), or look for a logarithm or a "
            "division of zero; what was tracked so far is kept."
        )


def _check_functions(
    batches: object, stopper: object, callbacks: Sequence[object], routines: Sequence[object]
) -> None:
    """See that each part can be called as it will be; lists are short, and looked at as a whole."""
    check_function(stopper, 1, "Trainer: stopper")
    if isinstance(batches, str | bytes):
        raise ConformanceError(f"Trainer: batches are a text, {batches[:20]!r}; pass batches.")
    if callable(batches):
        check_function(batches, 1, "Trainer: batches", may_yield=True)
    for name, parts in (("callbacks", callbacks), ("routines", routines)):
        for index, part in enumerate(parts):
            check_function(unwrapped(part), 1, f"Trainer: {name}[{index}]")


def _with_scores(event: EpochEvent, scores: Mapping[str, float], routine: object) -> EpochEvent:
    twice = [tag for tag in scores if tag in event.scores]
    if twice:
        raise ParameterError(
            f"Trainer: routine {type(unwrapped(routine)).__name__} returned {listed(twice)}, which "
            f"epoch {event.epoch} has already. Give it other names, e.g. Validation(name=...)."
        )
    merged = {**event.scores, **{tag: float(value) for tag, value in scores.items()}}
    return EpochEvent(event.epoch, event.step, event.seconds, merged)
