"""Train a VAE on a real table, compare what it generates every few epochs, see it in TensorBoard.

    python examples/quickstart.py
    python examples/quickstart.py --csv my.csv --categorical sex,smoker

Without ``--csv`` the table is the RAND Health Insurance Experiment (20,190 person-years) that ships
with statsmodels. Everything glued to this experiment is in `main`; the model is in ``vae.py``.
"""

import argparse
from datetime import datetime
from pathlib import Path
from typing import assert_type

import pandas as pd
import torch
from tables import health_insurance
from vae import VAE, VAEBatch, VAEOutput, VAEParams

from synthproto import (
    Batches,
    CorrelationDistance,
    Every,
    GradientStep,
    JSDistance,
    Juxtaposition,
    LossRoutine,
    MaxEpochs,
    MeanJSDistance,
    PDFByColumn,
    Table,
    TableCodec,
    TablePlan,
    TableSpec,
    TensorBoardTracker,
    Trainer,
    Validation,
    describe_run,
    loss_of,
    sampler,
    split,
)


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--csv", type=Path, help="your own table")
    parser.add_argument("--categorical", default="", help="its columns to treat as categories: a,b")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--rows", type=int, help="use only the first rows")
    parser.add_argument("--device", default="cpu", help="where to train: cuda, mps, ...")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of all runs")
    return parser.parse_args()


def table_of(given: argparse.Namespace) -> Table:
    """The table to imitate."""
    categorical = [name for name in given.categorical.split(",") if name]
    if given.csv:
        table = Table.read(given.csv, TableSpec.read(given.csv, categorical=categorical))
        print("\n".join(table.notes))
    else:
        frame = health_insurance()
        table = Table(frame, TableSpec.infer(frame, categorical=categorical))
    return Table(table.frame.head(given.rows), table.spec, name="real table")


def main() -> None:
    """Compose the experiment and run it."""
    given = arguments()
    torch.manual_seed(0)
    torch.set_num_threads(1)  # matrices this small are quickest on one

    table = table_of(given)
    real, holdout = split(table, holdout=0.2)
    codec = TableCodec.fit(real)
    one_hot = [block.slice for block in codec.blocks if block.form == "one-hot"]
    vae = VAE(codec.width, one_hot, codec.decode).to(given.device)
    plan = TablePlan(
        scores=[MeanJSDistance(), JSDistance(), CorrelationDistance()],
        arrays=[Juxtaposition("mean")],
        plots=[PDFByColumn()],
    )
    folder = given.out / f"vae-{datetime.now():%Y-%m-%d-%H%M%S}"
    with TensorBoardTracker(folder) as tracker:
        tracker.log_params({"model": "VAE", "latent": vae.latent, "learning rate": 1e-3})
        describe_run(tracker, {"spec": table.spec, "scores": plan.scores, "model": vae})
        validation = Validation(
            sample=sampler(vae, VAEParams(n_records=len(holdout), temperature=1.0)),
            real=real,
            holdout=holdout,
            plan=plan,
            tracker=tracker,
        )
        trainer = Trainer(
            step=GradientStep(
                model=vae,
                loss=loss_of,
                optimizer=torch.optim.Adam(vae.parameters(), lr=1e-3, fused=True),
            ),
            batches=Batches(
                VAEBatch(features=codec.encode(real)), size=500, seed=0, device=given.device
            ),
            routines=[LossRoutine(tracker), Every(5, validation)],
            stopper=MaxEpochs(given.epochs),
        )
        assert_type(trainer, Trainer[VAEBatch, VAEOutput])
        untrained = validation.compare()
        untrained.track(tracker, step=0)
        result = trainer.run()

        trained = result.report or validation.compare()
        scores = trained.to_frame().rename(columns={"value": "trained"})
        scores.insert(0, "untrained", pd.Series(untrained))
        print(scores.to_string(float_format="{:.4f}".format))
        print(f"{result}; reference: the holdout in place of the synthetic table")
        print(tracker.command)


if __name__ == "__main__":
    main()
