"""Train a VAE in two processes, each on its share of every batch; one of them tracks and validates.

    torchrun --nproc_per_node=2 examples/two_processes.py
    python examples/two_processes.py

The same script is one process alone when it is started without torchrun. Started again, it goes on
from its last checkpoint. Two processes pay off for large models and batches only: for one as small
as this, telling each other the gradients takes longer than computing them.
"""

import argparse
from pathlib import Path
from typing import assert_type

import torch
from tables import health_insurance
from vae import VAE, VAEBatch, VAEOutput, VAEParams

from synthproto import (
    Batches,
    Checkpoints,
    CorrelationDistance,
    Every,
    GradientStep,
    LossRoutine,
    MaxEpochs,
    MeanJSDistance,
    MemoryTracker,
    Processes,
    Table,
    TableCodec,
    TablePlan,
    TableSpec,
    TensorBoardTracker,
    Trainer,
    Validation,
    loss_of,
    sampler,
    torchrun_processes,
)


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rows", type=int, help="use only the first rows")
    parser.add_argument("--out", type=Path, default=Path("runs/distributed"))
    return parser.parse_args()


def main(processes: Processes) -> None:
    """Compose the experiment in each process, and run it."""
    given = arguments()
    frame = health_insurance().head(given.rows)
    torch.manual_seed(0)  # the same weights everywhere

    real = Table(frame, TableSpec.infer(frame), name="real table")
    codec = TableCodec.fit(real)
    one_hot = [block.slice for block in codec.blocks if block.form == "one-hot"]
    vae = VAE(codec.width, one_hot, codec.decode)
    first = processes.is_first
    tracker = TensorBoardTracker(given.out) if first else MemoryTracker()
    with tracker:
        validation = Validation(
            sample=sampler(vae, VAEParams(n_records=len(real))),
            real=real,
            plan=TablePlan(scores=[MeanJSDistance(), CorrelationDistance()]),
            tracker=tracker,
        )
        trainer = Trainer(
            step=GradientStep(
                model=processes.wrap_ddp(vae),  # torch's DistributedDataParallel
                loss=loss_of,
                optimizer=torch.optim.Adam(vae.parameters(), lr=1e-3, fused=True),
            ),
            batches=Batches(
                VAEBatch(features=codec.encode(real)),
                size=500,
                rank=processes.rank,
                world=processes.world,
            ),
            routines=[LossRoutine(tracker), Every(2, validation)],
            checkpoints=Checkpoints(given.out / "checkpoints"),
            processes=processes,
            stopper=MaxEpochs(given.epochs),
        )
        assert_type(trainer, Trainer[VAEBatch, VAEOutput])
        result = trainer.run(resume=True)

    if first:
        print(result.report)
        print(f"{result}, {processes.world} processes")
        print(f"tensorboard --logdir {given.out}")


if __name__ == "__main__":
    with torchrun_processes() as connected:
        main(connected)
