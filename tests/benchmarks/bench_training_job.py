"""A whole experiment: 100 epochs of a VAE, and every fifth the whole comparison, all of it tracked.

    python tests/benchmarks/bench_training_job.py [--rows 900] [--epochs 100] [--plain]

The comparison has every score, juxtaposition and plot that artifact-core has for tables. The same
job took artifact-torch 0.1.5 308 s of CPU time, 4 s of them for training, on a table of about
900 x 12 mixed columns (measured once, on an idle machine of the same kind; its own code is not
run here). ``--plain`` leaves the comparison out, which says what the training alone costs.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from synthproto.artifacts.plots.alignment import Alignment
from synthproto.artifacts.plots.densities import CDF, PDF, CDFByColumn, PDFByColumn
from synthproto.artifacts.plots.heatmaps import CorrelationHeatmapJuxtaposition, CorrelationHeatmaps
from synthproto.artifacts.plots.projections import PCAJuxtaposition
from synthproto.data.batches import Batches
from synthproto.data.codec import TableCodec
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.plan import TablePlan
from synthproto.presets.artifact_core import artifact_core
from synthproto.report import Report
from synthproto.trackers.tensorboard import TensorBoardTracker
from synthproto.training.routines import Every, LossRoutine
from synthproto.training.steps import GradientStep, loss_of
from synthproto.training.stoppers import MaxEpochs
from synthproto.training.trainer import Trainer
from synthproto.training.validation import Validation

PEER_SECONDS = 308.0


class Rows(NamedTuple):
    x: Tensor


class Fit(NamedTuple):
    loss: Tensor


class VAE(nn.Module):
    def __init__(self, width: int, decode: Callable[[Tensor], pd.DataFrame]) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(width, 128), nn.ReLU(), nn.Linear(128, 16))
        self.decoder = nn.Sequential(nn.Linear(8, 128), nn.ReLU(), nn.Linear(128, width))
        self.decode = decode

    def forward(self, batch: Rows) -> Fit:
        mean, log_variance = self.encoder(batch.x).chunk(2, dim=1)
        latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        error = (self.decoder(latent) - batch.x).square().sum(1)
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
        return Fit(loss=(error + divergence).mean())

    def generate(self, count: int) -> pd.DataFrame:
        return self.decode(self.decoder(torch.randn(count, 8)))


def mixed_table(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    common = random.normal(size=rows)
    numbers = {f"x{i}": common * i / 6 + random.normal(size=rows) for i in range(7)}
    labels = {f"c{i}": random.choice(list("abcdefgh")[: i + 2], rows) for i in range(5)}
    return pd.DataFrame(numbers | labels)


def plan() -> TablePlan:
    scores, arrays = artifact_core()
    return TablePlan(
        scores=scores,
        arrays=arrays,
        plots=[
            *(PDF(), CDF(), PDFByColumn(), CDFByColumn(), Alignment(), PCAJuxtaposition()),
            *(CorrelationHeatmaps(), CorrelationHeatmapJuxtaposition()),
        ],
    )


def job(rows: int, epochs: int, folder: Path, *, compared: bool) -> float:
    """CPU seconds from the frame to the closed tracker."""
    frame = mixed_table(rows)
    torch.manual_seed(0)
    begin = time.process_time()
    real = Table(frame, TableSpec.infer(frame))
    codec = TableCodec.fit(real)
    vae = VAE(codec.width, codec.decode)
    with TensorBoardTracker(folder) as tracker:
        validation = Validation(
            sample=partial(vae.generate, rows), real=real, plan=plan(), tracker=tracker
        )
        Trainer(
            step=GradientStep(
                model=vae, loss=loss_of, optimizer=torch.optim.Adam(vae.parameters(), lr=1e-3)
            ),
            batches=Batches(Rows(codec.encode(real)), 64),
            routines=[LossRoutine(tracker), *([Every(5, validation)] if compared else [])],
            stopper=MaxEpochs(epochs),
            progress=False,
        ).run()
    seconds = time.process_time() - begin
    if compared:
        check_kept(folder, validation.compare(), epochs)
    return seconds


def check_kept(folder: Path, report: Report, epochs: int) -> None:
    """Nothing was lost: each tag of a report has a point for each comparison in the event file.

    Raises:
        RuntimeError: Something is missing; says what.
    """
    kept = EventAccumulator(str(folder), {"scalars": 0, "images": 0, "tensors": 0})
    kept.Reload()
    scalars, images, tables = kept.Tags()["scalars"], kept.Tags()["images"], kept.Tags()["tensors"]
    steps = list(range(5, epochs + 1, 5))
    found = {tag: [point.step for point in kept.Scalars(tag)] for tag in scalars}
    found |= {tag: [point.step for point in kept.Images(tag)] for tag in images}
    found |= {
        tag.removesuffix("/text_summary"): [point.step for point in kept.Tensors(tag)]
        for tag in tables
    }
    due = dict.fromkeys([*report, *report.arrays, *report.figures], steps)
    due["train/loss"] = list(range(1, epochs + 1))
    lost = [tag for tag, points in due.items() if found.get(tag) != points]
    if lost:
        raise RuntimeError(f"lost {len(lost)} of {len(due)} tags: {lost[:5]}; kept {sorted(found)}")
    sys.stdout.write(
        f"kept: {len(report)} scores, {len(report.arrays)} tables and {len(report.figures)} images "
        f"in each of {len(steps)} comparisons, and the loss of each of {epochs} epochs\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time of a whole experiment.")
    parser.add_argument("--rows", type=int, default=900)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--plain", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        seconds = job(given.rows, given.epochs, Path(folder) / "run", compared=not given.plain)
    what = "training alone" if given.plain else "training, and comparison every 5 epochs"
    sys.stdout.write(f"{given.epochs} epochs, {given.rows} x 12, {what}: {seconds:.1f} s CPU\n")
    if not given.plain and (given.rows, given.epochs) == (900, 100):
        ratio = PEER_SECONDS / seconds
        sys.stdout.write(f"artifact-torch took {PEER_SECONDS:.0f} s: {ratio:.0f} x  (bound 20)\n")
        sys.exit(0 if ratio >= 20 else 1)


if __name__ == "__main__":
    main()
