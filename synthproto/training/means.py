"""Means of losses over an epoch, kept where the losses are."""

import math
from collections.abc import Mapping
from typing import cast, final

import torch
from torch import Tensor

from synthproto.errors import ConformanceError
from synthproto.training.processes import Processes
from synthproto.unchecked import unchecked

_ADDITIONS_BETWEEN_CHECKS = 50


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

    @unchecked
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
