"""Train a Wasserstein GAN on a real table: a critic and a generator, five updates to one.

    python examples/gan.py

The trainer is the same as for a VAE; the step differs. The model is in ``wgan.py``.
"""

import argparse
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import assert_type

import torch
from tables import health_insurance
from torch import Tensor
from wgan import Critic, Generator, WGANParams

from synthproto import (
    AdversarialStep,
    AnyOf,
    Batches,
    CorrelationDistance,
    Ema,
    Every,
    GradientNorms,
    LossRoutine,
    MaxEpochs,
    MeanJSDistance,
    Patience,
    PDFByColumn,
    Table,
    TableCodec,
    TablePlan,
    TableSpec,
    TensorBoardTracker,
    Trainer,
    Validation,
    sampler,
)


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=40)
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
    generator = Generator(codec.width, one_hot, codec.decode)
    critic = Critic(codec.width)
    distance = MeanJSDistance()
    folder = given.out / f"gan-{datetime.now():%Y-%m-%d-%H%M%S}"
    with TensorBoardTracker(folder) as tracker:
        validation = Validation(
            sample=sampler(generator, WGANParams(n_records=len(real))),
            real=real,
            plan=TablePlan(scores=[distance, CorrelationDistance()], plots=[PDFByColumn()]),
            tracker=tracker,
        )
        adam = partial(torch.optim.Adam, lr=5e-4, betas=(0.0, 0.9), fused=True)
        trainer = Trainer(
            step=AdversarialStep(
                generator=generator,
                critic=critic,
                generator_loss=critic.generator_loss,
                critic_loss=critic.critic_loss,
                generator_optimizer=adam(generator.parameters()),
                critic_optimizer=adam(critic.parameters()),
                critic_updates=5,
                ema=Ema(generator, 0.99),
            ),
            batches=Batches(codec.encode(real), size=250),
            callbacks=[Every(100, GradientNorms(critic, tracker))],
            routines=[LossRoutine(tracker), Every(5, validation)],
            stopper=AnyOf(
                MaxEpochs(given.epochs), Patience(validation.monitor(distance), patience=4)
            ),
        )
        assert_type(trainer, Trainer[Tensor, Tensor])
        untrained = validation.compare()
        result = trainer.run()

    trained = result.report or untrained
    for tag, value in trained.items():
        print(f"{tag}: {untrained[tag]:.4f} untrained, {value:.4f} trained")
    print(result)
    print(f"tensorboard --logdir {given.out}")


if __name__ == "__main__":
    main()
