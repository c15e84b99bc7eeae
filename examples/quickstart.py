"""Train a VAE on a real table, compare what it generates every few epochs, write a synthetic table.

    python examples/quickstart.py
    python examples/quickstart.py --csv my.csv --categorical sex,smoker

Without ``--csv`` the table is the RAND Health Insurance Experiment (20,190 person-years) that ships
with statsmodels. The model is in ``vae.py``, which imports nothing of this library.
"""

from pathlib import Path
from typing import assert_type

import pandas as pd
import torch
from tables import arguments, table_of
from vae import VAE, VAEBatch, VAEOutput, VAEParams

import synthproto as sp


def experiment(table: sp.Table, folder: Path, epochs: int, device: str) -> None:
    """Train, watch, and write a synthetic table as long as the real one."""
    real, holdout = sp.split(table, holdout=0.2)
    codec = sp.TableCodec.fit(real)  # table <-> float tensors
    one_hot = [block.slice for block in codec.blocks if block.form == "one-hot"]
    vae = VAE(codec.width, one_hot, codec.decode).to(device)
    optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3, fused=True)
    sample = sp.sampler(vae, VAEParams(n_records=len(holdout)))
    plan = sp.TablePlan(
        scores=[sp.MeanJSDistance(), sp.JSDistance(), sp.CorrelationDistance()],
        arrays=[sp.Juxtaposition("mean")],
        plots=[sp.PDFByColumn()],
    )
    with sp.TensorBoardTracker(folder) as tracker:
        tracker.log_params({"model": "VAE", "latent": vae.latent, "learning rate": 1e-3})
        sp.describe_run(tracker, {"spec": table.spec, "scores": plan.scores, "model": vae})
        validation = sp.Validation(
            sample=sample, real=real, holdout=holdout, plan=plan, tracker=tracker
        )
        best = sp.KeepBest(vae, validation.monitor(sp.MeanJSDistance()))
        trainer = sp.Trainer(
            step=sp.GradientStep(model=vae, loss=sp.loss_of, optimizer=optimizer),
            batches=sp.Batches(VAEBatch(features=codec.encode(real)), size=500, device=device),
            routines=[sp.LossRoutine(tracker), sp.Every(5, validation), best],  # after epochs
            stopper=sp.MaxEpochs(epochs),
        )
        assert_type(trainer, sp.Trainer[VAEBatch, VAEOutput])  # nothing became Any on the way
        untrained = validation.compare()  # has every part what it needs?
        untrained.track(tracker, step=0)
        result = trainer.run()
    if best.epoch:
        best.restore()
    scores = validation.compare().to_frame().rename(columns={"value": "trained"})
    scores.insert(0, "untrained", pd.Series(untrained))
    print(scores.to_string(float_format="{:.4f}".format))
    print(f"{result}; reference: real holdout rows instead; z: from them, in units of noise")
    synthetic = tracker.folder / "synthetic.csv"
    vae.generate(VAEParams(n_records=len(table))).to_csv(synthetic, index=False)
    print(f"synthetic table, weights of epoch {best.epoch}: {synthetic}")
    print(tracker.command)


if __name__ == "__main__":
    given = arguments(__doc__)
    torch.manual_seed(0)
    torch.set_num_threads(1)  # matrices this small are quickest on one
    experiment(table_of(given), given.folder, given.epochs, given.device)
