"""Two processes train as one: the same weights, one that watches and writes, exact resume."""

import multiprocessing
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from synthproto.contracts import Batches as AnyBatches
from synthproto.contracts import EpochEvent, StepEvent
from synthproto.data.batches import Batches
from synthproto.errors import CheckpointError, ParameterError
from synthproto.training.checkpoints import Checkpoints
from synthproto.training.models import inner_model
from synthproto.training.processes import Processes, torchrun_processes
from synthproto.training.resume import parts_state
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import AnyOf, MaxEpochs, Target
from synthproto.training.trainer import Trainer

EXAMPLE = Path(__file__).parents[2] / "examples" / "two_processes.py"


class Rows(NamedTuple):
    x: Tensor


class Fit(NamedTuple):
    loss: Tensor


class Net(nn.Module):
    def __init__(self, noise: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
        self.noise = noise

    def forward(self, batch: Rows) -> Fit:
        out = self.layers(batch.x + self.noise * torch.randn_like(batch.x))
        return Fit(loss=(out - batch.x.sum(1, keepdim=True)).pow(2).mean())


def in_two(work: Callable[[Processes], None], exits: tuple[int, int] = (0, 0)) -> None:
    """Run work in two connected processes, as torchrun would; they have a minute to end."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]

    def started(rank: int) -> None:
        os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)}
        os.environ |= {"MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}
        with torchrun_processes() as processes:
            work(processes)

    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=started, args=(rank,)) for rank in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        child.kill()
    assert tuple(child.exitcode for child in children) == exits


def train(processes: Processes, folder: Path, epochs: int, noise: float, every: int = 3) -> None:
    """Train, and write down what each process ends with."""
    torch.manual_seed(0)
    net = Net(noise).double()
    rows = torch.randn(64, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    seen: list[int] = []

    def callback(event: StepEvent[Rows, Fit]) -> None:
        seen.append(len(event.batch.x))

    def routine(event: EpochEvent) -> dict[str, float]:
        return {"only/first": float(event.epoch)}

    result = Trainer(
        step=GradientStep(
            model=processes.wrap_ddp(net),
            loss=loss_of,
            optimizer=torch.optim.Adam(net.parameters(), lr=1e-2),
        ),
        batches=Batches(Rows(rows), 16, rank=processes.rank, world=processes.world),
        stopper=AnyOf(MaxEpochs(epochs), Target(lambda event: event.scores["only/first"], -1)),
        callbacks=[callback],
        routines=[routine],
        checkpoints=Checkpoints(folder / "checkpoints", every_steps=every),
        processes=processes,
        progress=False,
    ).run(resume=True)
    ending = {
        "weights": net.state_dict(),
        "losses": result.history["train/loss"].tolist(),
        "scores": result.history["only/first"].tolist(),
        "seen": seen,
    }
    torch.save(ending, folder / f"{processes.world}-{processes.rank}.pt")


def ending(folder: Path, world: int, rank: int) -> dict[str, object]:
    loaded: dict[str, object] = torch.load(folder / f"{world}-{rank}.pt", weights_only=True)
    return loaded


def flat(weights: object) -> Tensor:
    assert isinstance(weights, dict)
    return torch.cat([tensor.flatten() for tensor in weights.values()])


def test_two_processes_end_like_one(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    train(Processes(), tmp_path / "one", 3, noise=0.0)
    in_two(lambda processes: train(processes, tmp_path / "two", 3, noise=0.0))
    one = ending(tmp_path / "one", 1, 0)
    first, second = ending(tmp_path / "two", 2, 0), ending(tmp_path / "two", 2, 1)
    assert torch.allclose(flat(first["weights"]), flat(one["weights"]), rtol=0, atol=1e-9)
    assert torch.equal(flat(first["weights"]), flat(second["weights"]))
    assert first["losses"] == second["losses"]
    assert first["losses"] == pytest.approx(one["losses"], abs=1e-9)
    assert first["scores"] == second["scores"] == [1.0, 2.0, 3.0]
    assert first["seen"] == [8] * 12  # half of each batch
    assert second["seen"] == []  # callbacks run in the first process only
    # A file of one process does not go on in two, and is refused before anything is changed.
    with pytest.raises(CheckpointError, match="saved by 2 processes, here are 1"):
        train(Processes(), tmp_path / "two", 3, noise=0.0)


def test_two_processes_resume_exactly_within_an_epoch(tmp_path: Path) -> None:
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    in_two(lambda processes: train(processes, tmp_path / "whole", 3, noise=0.3))
    in_two(lambda processes: train(processes, tmp_path / "cut", 2, noise=0.3))
    (tmp_path / "cut" / "checkpoints" / "checkpoint-000000008.pt").unlink()  # back to step 6
    in_two(lambda processes: train(processes, tmp_path / "cut", 3, noise=0.3))
    for rank in range(2):
        whole, cut = ending(tmp_path / "whole", 2, rank), ending(tmp_path / "cut", 2, rank)
        assert torch.equal(flat(whole["weights"]), flat(cut["weights"]))
        assert whole["losses"] == cut["losses"]


def test_the_first_process_decides(tmp_path: Path) -> None:
    def work(processes: Processes) -> None:
        assert processes.broadcast_stop("mine" if processes.is_first else None) == "mine"
        assert processes.broadcast_stop(None if processes.is_first else "other") is None
        assert processes.on_part(processes.rank) == 0
        assert processes.gathered(processes.rank) == [0, 1]

    in_two(work)


def trainer_of(
    batches: AnyBatches[Rows], processes: Processes, ddp: bool = True
) -> Trainer[Rows, Fit]:
    net = Net(0.0)
    return Trainer(
        step=GradientStep(
            model=processes.wrap_ddp(net) if ddp else net,
            loss=loss_of,
            optimizer=torch.optim.SGD(net.parameters(), lr=1e-2),
        ),
        batches=batches,
        stopper=MaxEpochs(2),
        processes=processes,
        progress=False,
    )


BATCH = Rows(torch.ones(4, 3))


class Promised:
    """Batches that promise another length than they have, as loaders over streams do."""

    def __init__(self, given: int) -> None:
        self.given = given

    def __len__(self) -> int:
        return 9

    def __call__(self, epoch: int) -> Iterator[Rows]:
        yield from [BATCH] * self.given


@pytest.mark.parametrize("ddp", [True, False])
def test_unequal_numbers_of_batches_are_an_error_in_all_processes(ddp: bool) -> None:
    def work(processes: Processes) -> None:
        for more in range(2):  # which of the two has more
            own = 4 + (processes.rank == more)
            numbers = f"{[5, 4] if more == 0 else [4, 5]}"
            for batches, found in (
                ([BATCH] * own, re.escape(f"got {numbers} batches per epoch")),
                (Batches(Rows(torch.ones(own, 3)), 1), re.escape(f"got {numbers} batches")),
                (lambda _, own=own: iter([BATCH] * own), "after 4 batches 1 of 2 have none left"),
                (Promised(own), "after 4 batches 1 of 2 have none left"),
                (Promised(own - 4), "after 0 batches 1 of 2 have none left"),
            ):
                with pytest.raises(ParameterError, match=found):
                    trainer_of(batches, processes, ddp).run()
        assert trainer_of(Promised(3), processes, ddp).run().step == 6

    in_two(work)


@pytest.mark.parametrize("dying", [0, 1])
def test_where_one_process_dies_the_other_ends_with_an_error(dying: int) -> None:
    def work(processes: Processes) -> None:
        def batches(epoch: int) -> Iterator[Rows]:
            yield BATCH
            if processes.rank == dying:
                os._exit(9)
            yield BATCH

        with pytest.raises(RuntimeError, match=r"[Cc]onnection (closed|reset) by peer"):
            trainer_of(batches, processes).run()

    in_two(work, exits=(9, 0) if dying == 0 else (0, 9))


def test_where_one_process_raises_an_error_the_other_ends_too() -> None:
    def work(processes: Processes) -> None:
        def routine(_: EpochEvent) -> None:
            raise ZeroDivisionError

        trainer = Trainer(
            step=trainer_of([BATCH], processes)._step,
            batches=[BATCH],
            stopper=MaxEpochs(1),
            routines=[routine],
            processes=processes,
            progress=False,
        )
        with pytest.raises(ZeroDivisionError if processes.is_first else RuntimeError):
            trainer.run()
        os._exit(5)  # as after a traceback, without waiting for anybody

    in_two(work, exits=(5, 5))


def test_one_process_needs_no_connection() -> None:
    with torchrun_processes() as alone:
        assert (alone.rank, alone.world, alone.is_first) == (0, 1, True)
        assert alone.broadcast_stop("mine") == "mine"
        assert alone.on_part("value") == "value"
        assert alone.gathered("value") == ["value"]


class Wrapper(nn.Module):
    """What Lightning Fabric wraps around a model."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *args: object, **kwargs: object) -> object:
        return self.module(*args, **kwargs)


def test_wrapped_models_are_saved_as_what_they_wrap() -> None:
    net = Net(0.0)
    assert inner_model(Wrapper(net)) is net
    assert inner_model(net) is net
    assert inner_model("no module") == "no module"
    state = parts_state({"model": Wrapper(net), "ema": None})
    assert isinstance(state["model"], dict)
    assert list(state["model"]) == list(net.state_dict())


@pytest.mark.interpreter_independent
def test_the_example_runs_under_torchrun(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--standalone"),
            *(str(EXAMPLE), "--rows=300", "--epochs=2", f"--out={tmp_path}"),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("2 processes") == 1
    assert len(list(tmp_path.glob("events.*"))) == 1
