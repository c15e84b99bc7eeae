"""Search a VAE's learning rate and latent space with Optuna; a stopper ends bad trials early."""

import argparse

import optuna
import torch
from tables import health_insurance
from vae import VAE, VAEBatch, VAEParams

import synthproto as sp


def objective(trial: optuna.Trial, table: sp.Table, epochs: int) -> float:
    """Distance of the columns, with these settings; lower is better."""
    real, holdout = sp.split(table, holdout=0.2)
    codec = sp.TableCodec.fit(real)
    one_hot = [block.slice for block in codec.blocks if block.form == "one-hot"]
    latent = trial.suggest_int("latent", 2, 32, log=True)
    rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
    torch.manual_seed(0)
    vae = VAE(codec.width, one_hot, codec.decode, latent=latent)
    plan = sp.TablePlan(scores=[sp.MeanJSDistance()])
    sample = sp.sampler(vae, VAEParams(n_records=len(holdout)))
    validation = sp.Validation(sample=sample, real=real, holdout=holdout, plan=plan)
    score = validation.monitor(sp.MeanJSDistance())

    def prune(progress: sp.Progress) -> str | None:
        value = score(progress.history[-1]) if progress.epoch_ended else None
        if value is not None:
            trial.report(value, progress.epoch)
        return "pruned" if value is not None and trial.should_prune() else None

    optimizer = torch.optim.Adam(vae.parameters(), lr=rate, fused=True)
    result = sp.Trainer(
        step=sp.GradientStep(model=vae, loss=sp.loss_of, optimizer=optimizer),
        batches=sp.Batches(VAEBatch(features=codec.encode(real)), size=500),
        routines=[validation],
        stopper=sp.AnyOf(sp.MaxEpochs(epochs), prune),
        progress=False,
    ).run()
    if "pruned" in result.reason:
        raise optuna.TrialPruned
    return min(value for event in result.epochs if (value := score(event)) is not None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rows", type=int, default=4000)
    given = parser.parse_args()
    torch.set_num_threads(1)  # matrices this small are quickest on one
    frame = health_insurance().head(given.rows)
    table = sp.Table(frame, sp.TableSpec.infer(frame), name="real table")
    pruner = optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=2)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0), pruner=pruner)
    study.optimize(lambda trial: objective(trial, table, given.epochs), n_trials=given.trials)
    print(study.trials_dataframe(("number", "value", "params", "state")).to_string(index=False))
