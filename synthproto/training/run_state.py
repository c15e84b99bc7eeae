"""Where a run is: all that its next step depends on beside the training step itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast, final

from synthproto.contracts import EpochEvent
from synthproto.training.means import LossMeans
from synthproto.training.randomness import (
    Generator,
    RandomStates,
    generator_state,
    set_generator_state,
)


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
    """

    means: LossMeans
    epoch: int = 0
    position: int = 0
    step: int = 0
    seconds: float = 0.0
    history: list[EpochEvent] = field(default_factory=list)
    random: RandomStates | None = None
    epoch_random: RandomStates | None = None

    @property
    def epoch_ended(self) -> bool:
        """Whether the run is between two epochs."""
        return self.position == 0

    def begin_epoch(self) -> None:
        """Count an epoch, and keep the random states that its batches are drawn from."""
        self.epoch += 1
        self.means.clear()
        self.epoch_random = RandomStates.taken()

    def shared_state(self, seconds: float) -> dict[str, object]:
        """What is the same in all processes, as plain values."""
        return {
            "epoch": self.epoch,
            "position": self.position,
            "step": self.step,
            "seconds": seconds,
            "history": [
                (event.epoch, event.step, event.seconds, dict(event.scores))
                for event in self.history
            ],
        }

    def own_state(self, generators: Sequence[Generator]) -> dict[str, object]:
        """What each process has of its own: sums of losses, and random states as they are now."""
        begun = self.epoch_random
        return {
            "means": self.means.state_dict(),
            "random": RandomStates.taken().state_dict(),
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
        rows = cast("list[tuple[int, int, float, dict[str, float]]]", state["history"])
        self.history[:] = [EpochEvent(*row) for row in rows]

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
