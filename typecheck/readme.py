"""The experiment of the README, word for word below the line: checked with the rest, never run."""

from typing import assert_type

import pandas as pd
from torch.optim import Adam
from vae import VAE, VAEBatch, VAEOutput, VAEParams

from synthproto import (
    AnyOf,
    Batches,
    Checkpoints,
    CorrelationDistance,
    Every,
    GradientNorms,
    GradientStep,
    JSDistance,
    Juxtaposition,
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
    loss_of,
    sampler,
    split,
)

frame = pd.read_csv("table.csv")
# fmt: off
# --- README.md, "One experiment" ---
real, holdout = split(Table(frame, TableSpec.infer(frame, categorical=["health"]), name="real table"))
codec = TableCodec.fit(real)                                    # table <-> float tensors
vae = VAE(codec.width, [block.slice for block in codec.blocks if block.form == "one-hot"], codec.decode)
plan = TablePlan(
    scores=[MeanJSDistance(), JSDistance(), CorrelationDistance()],
    arrays=[Juxtaposition("mean")],
    plots=[PDFByColumn()],
)
with TensorBoardTracker("runs/vae") as tracker:
    validation = Validation(
        sample=sampler(vae, VAEParams(n_records=len(holdout))),
        real=real, holdout=holdout, plan=plan, tracker=tracker,
    )
    trainer = Trainer(
        step=GradientStep(model=vae, loss=loss_of, optimizer=Adam(vae.parameters(), lr=1e-3)),
        batches=Batches(VAEBatch(features=codec.encode(real)), size=500, seed=0),
        callbacks=[Every(10, GradientNorms(vae, tracker))],           # after steps
        routines=[LossRoutine(tracker), Every(5, validation)],   # after epochs
        stopper=AnyOf(MaxEpochs(100), Patience(validation.monitor(MeanJSDistance()), patience=5)),
        checkpoints=Checkpoints("runs/vae/checkpoints"),
    )
    assert_type(trainer, Trainer[VAEBatch, VAEOutput])           # nothing became Any on the way
    result = trainer.run()
print(result.report)                                             # score, reference, best
result.history                                                   # a DataFrame, one row per epoch
