"""Going through an epoch: where it begins, and what Ctrl-C does."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synthproto.contracts import StepEvent
from synthproto.data.batches import Batches
from synthproto.training.stoppers import MaxEpochs
from synthproto.training.trainer import Trainer
from tests.training.test_trainer import Rows, Scored, digest, net, rows, step_of


def test_second_ctrl_c_raises() -> None:
    def press(event: StepEvent[Rows, Scored]) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    trainer = Trainer(
        step=step_of(net()),
        batches=Batches(rows(), 8),
        stopper=MaxEpochs(1),
        callbacks=[press],
        progress=False,
    )
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_batches_may_be_a_function_that_skips_or_not(tmp_path: Path) -> None:
    data = Batches(rows(), 8)
    asked: list[tuple[int, int]] = []

    def skipping(epoch: int, start: int = 0) -> Iterator[Rows]:
        asked.append((epoch, start))
        return data(epoch, start)

    def plain(epoch: int) -> Iterator[Rows]:
        return data(epoch)

    def run(batches: Callable[[int], Iterator[Rows]]) -> str:
        model = net()
        stop = [7, 15]
        trainer = Trainer(
            step=step_of(model),
            batches=batches,
            stopper=lambda now: "enough" if now.step >= stop[0] else None,
            progress=False,
        )
        trainer.run()
        stop.pop(0)
        assert trainer.run().step == 15
        return digest(model)

    assert run(skipping) == run(plain)
    assert asked == [(1, 0), (2, 0), (2, 2), (3, 0)]
