"""Train a diffusion model on a real table, and validate the moving average of its weights.

    python examples/diffusion.py

The model is in ``diffusion_model.py``; the best weights by a score are kept and put back.
"""

import argparse
from datetime import datetime
from pathlib import Path
from typing import assert_type

import torch
from diffusion_model import Diffusion, DiffusionOutput, DiffusionParams
from tables import health_insurance
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR

from synthproto import (
    Batches,
    CorrelationDistance,
    Ema,
    Every,
    GradientStep,
    LearningRate,
    LossRoutine,
    MaxEpochs,
    MeanJSDistance,
    PDFByColumn,
    PerStep,
    Table,
    TableCodec,
    TablePlan,
    TableSpec,
    TensorBoardTracker,
    Trainer,
    Validation,
    loss_of,
    sampler,
)
from synthproto.training.routines import KeepBest


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rows", type=int, help="use only the first rows")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of all runs")
    return parser.parse_args()


def main() -> None:
    """Compose the experiment and run it."""
    given = arguments()
    frame = health_insurance().head(given.rows)
    torch.manual_seed(0)
    torch.set_num_threads(1)  # matrices this small are quickest on one

    real = Table(frame, TableSpec.infer(frame), name="real table")
    codec = TableCodec.fit(real)
    one_hot = [block.slice for block in codec.blocks if block.form == "one-hot"]
    model = Diffusion(codec.width, one_hot, codec.decode)
    batches = Batches(codec.encode(real), size=500)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, fused=True)
    schedule = OneCycleLR(optimizer, 2e-3, total_steps=len(batches) * given.epochs + 1)
    distance = MeanJSDistance()
    folder = given.out / f"diffusion-{datetime.now():%Y-%m-%d-%H%M%S}"
    with TensorBoardTracker(folder) as tracker:
        validation = Validation(
            sample=sampler(model, DiffusionParams(n_records=2_000)),
            real=real,
            plan=TablePlan(scores=[distance, CorrelationDistance()], plots=[PDFByColumn()]),
            tracker=tracker,
        )
        best = KeepBest(model, validation.monitor(distance))
        trainer = Trainer(
            step=GradientStep(
                model=model,
                loss=loss_of,
                optimizer=optimizer,
                scheduler=PerStep(schedule),
                clip_norm=1.0,
                ema=Ema(model, 0.995),
                reported={
                    "gaussian": lambda output, _: output.gaussian,
                    "multinomial": lambda output, _: output.multinomial,
                },
            ),
            batches=batches,
            callbacks=[Every(20, LearningRate(optimizer, tracker))],
            routines=[LossRoutine(tracker), Every(5, validation), best],
            stopper=MaxEpochs(given.epochs),
        )
        assert_type(trainer, Trainer[Tensor, DiffusionOutput])
        untrained = validation.compare()
        result = trainer.run()

    best.restore()
    for tag, value in validation.compare().items():
        print(f"{tag}: {untrained[tag]:.4f} untrained, {value:.4f} at best, epoch {best.epoch}")
    print(result)
    print(f"tensorboard --logdir {given.out}")


if __name__ == "__main__":
    main()
