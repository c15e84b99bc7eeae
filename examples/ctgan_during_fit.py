"""Look on, and stop in time, while `ctgan.CTGAN` trains itself: its own `fit`, unchanged.

    python examples/ctgan_during_fit.py

CTGAN's users choose a number of epochs beforehand and see the table when all are over. Here it is
compared with the real one every few epochs, TensorBoard shows both losses beside the scores, and
the fit ends when the scores stop improving. `TVAE` goes the same way, with ``updates=1``.
"""

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from ctgan import CTGAN
from tables import health_insurance

from synthproto import (
    AnyOf,
    CorrelationDistance,
    EpochEvent,
    Every,
    ForeignFit,
    LossRoutine,
    MaxEpochs,
    MeanJSDistance,
    Patience,
    PDFByColumn,
    Table,
    TablePlan,
    TableSpec,
    TensorBoardTracker,
    Trainer,
    Validation,
    bind,
)


def last_losses(model: CTGAN, event: EpochEvent) -> Mapping[str, float]:  # noqa: ARG001
    """What CTGAN notes of its losses at the end of each epoch, for the history and the tracker."""
    if model.loss_values is None:
        return {}
    last = model.loss_values.iloc[-1]
    return {
        "train/generator": float(last["Generator Loss"]),
        "train/critic": float(last["Discriminator Loss"]),
    }


def main() -> None:
    """Compose the parts around the fit, and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=100, help="at most")
    parser.add_argument("--every", type=int, default=5, help="epochs between two comparisons")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of all runs")
    given = parser.parse_args()
    frame = health_insurance().head(given.rows)
    real = Table(frame, TableSpec.infer(frame), name="real table")
    model = CTGAN(epochs=given.epochs)
    fit = bind(model.fit, real.frame, real.spec.of_kind("categorical", "boolean"))
    score = MeanJSDistance()
    plan = TablePlan(scores=[score, CorrelationDistance()], plots=[PDFByColumn()])
    with (
        TensorBoardTracker(given.out / "ctgan") as tracker,
        ForeignFit(fit, updates=2) as step,  # a step updates the critic once, the generator once
    ):
        validation = Validation(
            sample=bind(model.sample, len(real)), real=real, plan=plan, tracker=tracker
        )
        monitor = validation.monitor(score)
        trainer = Trainer(
            step=step,
            batches=range(max(1, len(real) // 500)),  # CTGAN's batches have 500 rows
            routines=[
                partial(last_losses, model),
                LossRoutine(tracker),
                Every(given.every, validation),
            ],
            stopper=AnyOf(step.ended, MaxEpochs(given.epochs), Patience(monitor, patience=4)),
        )
        result = trainer.run()
    print(result.history.dropna().to_string(float_format="{:.3f}".format))
    print(result)
    print(model.sample(5).to_string())


if __name__ == "__main__":
    main()
