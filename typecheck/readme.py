"""Code of the README, word for word below the line: checked with the rest, never run."""

from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from vae import VAE, VAEBatch, VAEOutput, VAEParams

import synthproto as sp


def made() -> tuple[VAE, sp.GradientStep[VAEBatch, VAEOutput], sp.Validation, DataLoader[object]]:
    raise NotImplementedError


model, step, validation, loader = made()
params = VAEParams(n_records=1000)
real, holdout, table, another = (sp.Table.read(Path("real.csv")) for _ in range(4))
# fmt: off
# --- README.md, "After the run" ---
with torch.no_grad():
    frame = model.generate(params)                               # as many rows as you like
frame.to_csv("synthetic.csv", index=False)
best = sp.KeepBest(model, validation.monitor(sp.MeanJSDistance()))     # a routine; best.restore() afterwards
saved = sp.Checkpoints("runs/vae/checkpoints", best=validation.monitor(sp.MeanJSDistance()))
saved.restore(step)                                              # the best epoch's weights, in a later process
batches = sp.trusted(loader, list[Tensor])                       # a DataLoader of your own, with a type
print(sp.PaperTable.of(real, holdout, {"VAE": [table, another]}, "income").to_latex())
