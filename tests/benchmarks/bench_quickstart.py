"""The quick start beside the imperative script that one would write in its place.

    python tests/benchmarks/bench_quickstart.py [--rounds 5] [--epochs 10] [--hidden 128]

Same table (20,190 x 8, a fifth held out), encoder, VAE, optimizer and batches of 500 on both
sides; one process, one thread, CPU time, in turns (``turns.py``). The script is what such scripts
are: torch's DataLoader over a TensorDataset, ``loss.item()``, a tqdm bar, and every five epochs a
generated table, whose divergences, correlations and means it compares with the real table's, of
whose columns it draws histograms of 30 bins with pyplot, and all of which it gives to a
SummaryWriter. Ours has the preset `experiment_script`, which gives the same numbers (asserted),
and `PDF` of 30 bins, which draws the categories as well.

Training alone differs by what brings the batches, so that its ratio depends on how much arithmetic
a step has: ``--hidden`` sets the VAE's units. The whole job has comparison and tracking as well.
"""

import argparse
import io
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.tensorboard import SummaryWriter
from tqdm.auto import tqdm
from turns import clock, in_turns, say

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

from tables import health_insurance
from vae import VAE, VAEBatch, VAEParams

from synthproto import (
    PDF,
    Batches,
    Every,
    GradientStep,
    LossRoutine,
    MaxEpochs,
    ProgressBar,
    Table,
    TableCodec,
    TablePair,
    TablePlan,
    TableSpec,
    TensorBoardTracker,
    Trainer,
    Validation,
    loss_of,
    split,
)
from synthproto.contracts import EpochEvent
from synthproto.presets.artifact_core import experiment_script

SIZE = 500
EVERY = 5


class Setting:
    """What both sides are given: real table, encoder, encoded rows, size of the model."""

    def __init__(self, hidden: int, epochs: int, fused: bool) -> None:
        frame = health_insurance()
        self.real, _ = split(Table(frame, TableSpec.infer(frame)), holdout=0.2)
        self.codec = TableCodec.fit(self.real)
        self.rows = self.codec.encode(self.real)
        self.hidden, self.epochs, self.fused = hidden, epochs, fused

    def made(self) -> tuple[VAE, torch.optim.Optimizer]:
        torch.manual_seed(0)
        one_hot = [block.slice for block in self.codec.blocks if block.form == "one-hot"]
        vae = VAE(self.codec.width, one_hot, self.codec.decode, hidden=self.hidden)
        return vae, torch.optim.Adam(vae.parameters(), lr=1e-3, fused=self.fused)


def script_numbers(real: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    """The experiment script's numbers, as one writes them down."""
    numeric = [name for name in real.columns if real[name].dtype.kind in "if"]
    found = {}
    for name in numeric:
        both = np.concatenate([real[name], synthetic[name]])
        edges = np.linspace(both.min(), both.max(), 21)
        p, q = (np.histogram(frame[name], edges)[0] / len(frame) for frame in (real, synthetic))
        p, q = p + 1e-8, q + 1e-8
        m = (p + q) / 2
        found[f"js/{name}"] = float((p * np.log(p / m)).sum() + (q * np.log(q / m)).sum()) / 2
        found[f"mean/{name}"] = abs(float(real[name].mean() - synthetic[name].mean()))
    found["js"] = float(np.mean([found[f"js/{name}"] for name in numeric]))
    difference = real[numeric].corr().to_numpy() - synthetic[numeric].corr().to_numpy()
    found["correlation"] = float(np.linalg.norm(difference))
    return found


def draw(real: pd.DataFrame, synthetic: pd.DataFrame, writer: SummaryWriter, epoch: int) -> None:
    """Histograms of 30 bins beside each other, one panel a numeric column."""
    numeric = [name for name in real.columns if real[name].dtype.kind in "if"]
    figure, axes = plt.subplots(1, len(numeric), figsize=(4 * len(numeric), 3))
    for axis, name in zip(axes, numeric, strict=True):
        axis.hist(real[name], bins=30, alpha=0.5, density=True, label="real")
        axis.hist(synthetic[name], bins=30, alpha=0.5, density=True, label="synthetic")
        axis.set_title(name)
        axis.legend()
    figure.tight_layout()
    writer.add_figure("histograms", figure, epoch)


def script(setting: Setting, *, compared: bool) -> float:
    """The imperative script."""
    vae, optimizer = setting.made()
    real = setting.real.frame
    with clock() as seconds, tempfile.TemporaryDirectory() as folder:
        loader = DataLoader(TensorDataset(setting.rows), batch_size=SIZE, shuffle=True)
        writer = SummaryWriter(folder) if compared else None
        for epoch in tqdm(range(1, setting.epochs + 1), file=io.StringIO()):
            vae.train()
            total = 0.0
            for (x,) in loader:
                optimizer.zero_grad()
                loss = vae(VAEBatch(features=x))["loss"]
                loss.backward()
                optimizer.step()
                total += loss.item()
            if writer is None:
                continue
            writer.add_scalar("train/loss", total / len(loader), epoch)
            if epoch % EVERY == 0:
                vae.eval()
                with torch.no_grad():
                    synthetic = vae.generate(VAEParams(n_records=len(real)))
                for tag, value in script_numbers(real, synthetic).items():
                    writer.add_scalar(tag, value, epoch)
                draw(real, synthetic, writer, epoch)
        if writer is not None:
            writer.close()
        return seconds()


def ours(setting: Setting, *, compared: bool) -> float:
    """The quick start with the experiment script's numbers."""
    vae, optimizer = setting.made()
    with clock() as seconds, tempfile.TemporaryDirectory() as folder:
        tracker = TensorBoardTracker(Path(folder) / "run") if compared else None
        routines: list[Callable[[EpochEvent], Mapping[str, float] | None]] = []
        if tracker is not None:
            validation = Validation(
                sample=partial(vae.generate, VAEParams(n_records=len(setting.real))),
                real=setting.real,
                plan=plan(),
                tracker=tracker,
            )
            routines = [LossRoutine(tracker), Every(EVERY, validation)]
        Trainer(
            step=GradientStep(model=vae, loss=loss_of, optimizer=optimizer),
            batches=Batches(VAEBatch(features=setting.rows), SIZE),
            routines=routines,
            stopper=MaxEpochs(setting.epochs),
            progress=ProgressBar(file=io.StringIO()),
        ).run()
        if tracker is not None:
            tracker.close()
        return seconds()


def plan() -> TablePlan:
    return TablePlan(scores=experiment_script(), plots=[PDF(bins=30)])


def check_numbers(setting: Setting) -> None:
    """Both sides compute the same: only then are their times comparable."""
    frame = setting.codec.decode(setting.rows.flip(1))
    report = plan().run(TablePair(setting.real, Table(frame, setting.real.spec)))
    for tag, value in script_numbers(setting.real.frame, frame).items():
        kind, _, column = tag.partition("/")
        name = {
            "js": f"fidelity/{'' if column else 'mean_'}script_js_divergence",
            "mean": "fidelity/mean_difference",
            "correlation": "fidelity/script_correlation_distance",
        }[kind]
        np.testing.assert_allclose(report[f"{name}/{column}" if column else name], value, rtol=1e-9)


def main() -> None:
    parser = argparse.ArgumentParser(description="The quick start and an imperative script.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--hidden", type=int, default=128)
    given = parser.parse_args()
    torch.set_num_threads(1)
    check_numbers(Setting(given.hidden, given.epochs, fused=False))
    for compared in (False, True):
        what = f"the whole job, compared every {EVERY} epochs" if compared else "training alone"
        for fused in (False, True):
            setting = Setting(given.hidden, given.epochs, fused)
            say(f"\n{what}, {given.epochs} epochs, {'fused ' if fused else ''}Adam on both sides")
            runs = {
                "script": partial(script, setting, compared=compared),
                "synthproto": partial(ours, setting, compared=compared),
            }
            for name, ratio in in_turns(runs, given.rounds).items():
                say(f"  {name:12}{ratio}   {1 / ratio.median:.2f} times as fast")


if __name__ == "__main__":
    main()
