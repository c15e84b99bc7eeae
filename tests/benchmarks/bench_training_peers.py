"""What other training loops cost, beside ours and a loop written by hand.

    python tests/benchmarks/bench_training_peers.py [--rounds 9] [--rows 30000] [--epochs 5]

One process, one thread, CPU time; the contestants take turns (``turns.py``). All train the same
VAE with the same Adam for the same epochs, silently: no logger, bar or checkpoint. Those that take
batches from memory are given ours; the others use torch's DataLoader, as their users do. Peers that
are not installed are left out with a line. What a peer does once (Lightning's set-up) is
in its time: with ``--epochs`` its share can be made smaller.
"""

import argparse
import contextlib
import importlib
import importlib.util
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from turns import clock, in_turns, say
from vae_loops import VAE, WIDTH, Contestant, VAEBatch, VAEOutput, bare, made, ours

from synthproto.data.batches import Batches


def loader_of(rows: Tensor, size: int) -> DataLoader[tuple[Tensor, ...]]:
    return DataLoader(TensorDataset(rows), batch_size=size, shuffle=True)


def bare_with_loader(rows: Tensor, size: int, epochs: int) -> float:
    vae, optimizer = made()
    loader = loader_of(rows, size)
    with clock() as seconds:
        for _ in range(epochs):
            total = torch.zeros(())
            for (x,) in loader:
                optimizer.zero_grad()
                loss = vae(VAEBatch(x))["loss"]
                loss.backward()
                optimizer.step()
                total += loss.detach()
            total.item()
        return seconds()


def lightning(rows: Tensor, size: int, epochs: int) -> float:
    lt: Any = importlib.import_module("lightning")
    base: Any = lt.LightningModule

    class Module(base):  # type: ignore[misc]  # untyped: it may not be installed
        def __init__(self) -> None:
            super().__init__()
            self.vae, self.optimizer = made()

        def training_step(self, batch: list[Tensor], _: int) -> Tensor:
            loss: Tensor = self.vae(VAEBatch(batch[0]))["loss"]
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return self.optimizer

    trainer = lt.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    with clock() as seconds:
        trainer.fit(Module(), loader_of(rows, size))
        return seconds()


def ignite(rows: Tensor, size: int, epochs: int) -> float:
    events: Any = importlib.import_module("ignite.engine")
    vae, optimizer = made()

    def update(_: Any, batch: VAEBatch) -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = vae(batch)["loss"]
        loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch
        optimizer.step()
        return loss.detach()

    batches = Batches(VAEBatch(rows), size)
    engine = events.Engine(update)

    def renew() -> None:
        engine.set_data(batches(engine.state.epoch + 1))

    engine.add_event_handler(events.Events.EPOCH_COMPLETED, renew)
    with clock() as seconds:
        engine.run(batches(1), max_epochs=epochs, epoch_length=len(batches))
        return seconds()


def skorch(rows: Tensor, size: int, epochs: int) -> float:
    base: Any = importlib.import_module("skorch").NeuralNet

    class Net(base):  # type: ignore[misc]  # untyped: it may not be installed
        def get_loss(self, y_pred: Any, y_true: Any, *args: Any, **kwargs: Any) -> Tensor:
            loss: Tensor = y_pred["loss"]
            return loss

    class Module(VAE):
        def forward(self, x: Tensor) -> VAEOutput:  # type: ignore[override]
            return super().forward(VAEBatch(x))

    net = Net(
        Module,
        criterion=nn.MSELoss,
        optimizer=torch.optim.Adam,
        max_epochs=epochs,
        batch_size=size,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    with clock() as seconds:
        net.fit(rows, rows)
        return seconds()


def accelerate(rows: Tensor, size: int, epochs: int) -> float:
    vae, optimizer = made()
    accelerator: Any = importlib.import_module("accelerate").Accelerator(cpu=True)
    model, optimizer, loader = accelerator.prepare(vae, optimizer, loader_of(rows, size))
    with clock() as seconds:
        for _ in range(epochs):
            for (x,) in loader:
                optimizer.zero_grad()
                loss = model(VAEBatch(x))["loss"]
                accelerator.backward(loss)
                optimizer.step()
        return seconds()


class Epochs:
    """Our batches, a new epoch at each iteration, with the device that artifact-torch sets."""

    device = torch.device("cpu")

    def __init__(self, rows: Tensor, size: int) -> None:
        self._batches = Batches(VAEBatch(rows), size)
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[VAEBatch]:
        self._epoch += 1
        return self._batches(self._epoch)


def torchtnt(rows: Tensor, size: int, epochs: int) -> float:
    base: Any = importlib.import_module("torchtnt.framework.auto_unit").AutoUnit
    train: Any = importlib.import_module("torchtnt.framework.train").train
    vae, optimizer = made()

    class Unit(base):  # type: ignore[misc]  # untyped: it may not be installed
        def compute_loss(self, state: Any, data: VAEBatch) -> tuple[Tensor, None]:
            return self.module(data)["loss"], None

        def configure_optimizers_and_lr_scheduler(self, module: Any) -> tuple[Any, None]:
            return optimizer, None

    unit = Unit(module=vae, device=torch.device("cpu"))
    batches = Epochs(rows, size)
    with clock() as seconds:
        train(unit, batches, max_epochs=epochs)
        return seconds()


def artifact_torch(rows: Tensor, size: int, epochs: int) -> float:
    nets: Any = importlib.import_module("artifact_torch.nn")
    stops: Any = importlib.import_module("artifact_torch.nn.early_stopping")
    vae, optimizer = made()
    model_base: Any = nets.Model
    trainer_base: Any = nets.Trainer

    class Model(model_base):  # type: ignore[misc]  # untyped: it may not be installed
        def __init__(self) -> None:
            super().__init__()
            self.vae = vae

        def forward(self, model_input: VAEBatch) -> dict[str, Tensor]:
            return {"t_loss": self.vae(model_input)["loss"]}

    class Trainer(trainer_base):  # type: ignore[misc]
        @staticmethod
        def _get_optimizer(model: Any) -> torch.optim.Optimizer:
            return optimizer

        @staticmethod
        def _get_scheduler(optimizer: Any) -> None: ...
        @staticmethod
        def _get_checkpoint_period() -> None: ...
        @staticmethod
        def _get_model_tracker() -> None: ...
        def _get_model_tracking_criterion(self) -> None: ...

        @staticmethod
        def _get_device() -> torch.device:
            return torch.device("cpu")

        @staticmethod
        def _get_early_stopper() -> Any:
            return stops.EpochBoundStopper(max_n_epochs=epochs)

        def _get_stopper_update_data(self) -> Any:
            return stops.StopperUpdateData(n_epochs_elapsed=self.n_epochs_elapsed)

    trainer = Trainer.build(model=Model(), train_loader=Epochs(rows, size))
    silent = io.StringIO()
    with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent), clock() as seconds:
        trainer.train()
        return seconds()


PEERS: dict[str, tuple[str, Contestant]] = {
    "ignite Engine on our batches": ("ignite", ignite),
    "artifact-torch on our batches": ("artifact_torch", artifact_torch),
    "torchtnt AutoUnit on our batches": ("torchtnt", torchtnt),
    "skorch": ("skorch", skorch),
    "Accelerate": ("accelerate", accelerate),
    "Lightning, silent": ("lightning", lightning),
}


def contestants() -> dict[str, Contestant]:
    found: dict[str, Contestant] = {"bare loop, batches in memory": bare}
    found |= {"synthproto": ours, "bare loop, torch's DataLoader": bare_with_loader}
    for name, (package, run) in PEERS.items():
        if importlib.util.find_spec(package) is None:
            say(f"(left out: {name}, {package} is not installed)")
        else:
            found[name] = run
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time of training loops.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--epochs", type=int, default=5, help="of a turn")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    rows = torch.randn(given.rows, WIDTH)
    runs = contestants()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for size in (256, 500):
            say(f"\nbatch {size}, {given.epochs} epochs a turn")
            turns = {name: partial(run, rows, size, given.epochs) for name, run in runs.items()}
            for name, ratio in in_turns(turns, given.rounds).items():
                say(f"  {name:34}{ratio}")


if __name__ == "__main__":
    main()
