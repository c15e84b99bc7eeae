# ruff: noqa: D102  the contracts say what these methods do
"""Two trackers of one's own, ten lines each: a run of W&B or trackio, and a plain ``print``.

    python examples/own_tracker.py

A tracker fits where its methods have the right shape, and mypy says so before anything runs.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import pandas as pd
from PIL import Image

import synthproto as sp
from synthproto.contracts import Array, Drawing


class Run(Protocol):
    """What ``wandb.init()`` and ``trackio.init()`` return, as far as we need it."""

    def log(self, metrics: dict[str, object], /) -> object: ...
    def finish(self) -> object: ...


class RunTracker:
    """Scores, tables and plots for a run of Weights & Biases, or of trackio, which has its shape.

    ``RunTracker(wandb.init(), lambda frame: wandb.Table(dataframe=frame), wandb.Image)``; the same
    with ``trackio``. The step is logged as a value: W&B drops what comes with a lower step.
    """

    def __init__(
        self,
        run: Run,
        table: Callable[[pd.DataFrame], object],
        image: Callable[[Image.Image], object],
    ) -> None:
        self._run, self._table, self._image = run, table, image

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        self._run.log({**values, "epoch": step})

    def log_array(self, tag: str, array: Array, step: int) -> None:
        frame = pd.DataFrame(array).reset_index(names="")
        self._run.log({tag: self._table(frame), "epoch": step})

    def log_figure(self, tag: str, figure: Drawing, step: int) -> None:
        figure.savefig(file := BytesIO(), format="png")
        self._run.log({tag: self._image(Image.open(file)), "epoch": step})

    def flush(self) -> None: ...

    def close(self) -> None:
        self._run.finish()


class PrintTracker:
    """Scores as lines on the terminal."""

    def log_scalars(self, values: Mapping[str, float], step: int) -> None:
        print(f"epoch {step:3d}  " + "  ".join(f"{tag} {v:.3f}" for tag, v in values.items()))

    def flush(self) -> None: ...

    def close(self) -> None:
        print("closed")


class OfflineRun:
    """Stands in for ``wandb.init()``, so that this script needs neither W&B nor a network."""

    def __init__(self) -> None:
        self.logged: list[dict[str, object]] = []

    def log(self, metrics: dict[str, object], /) -> None:
        self.logged.append(metrics)

    def finish(self) -> None:
        print(f"W&B has {len(self.logged)} entries")


def people(shift: float, seed: int) -> pd.DataFrame:
    """Make a small table; the shift is how far a generator is from the truth."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40 + 20 * shift, 12, 500).clip(16)
    return pd.DataFrame({"age": age, "smoker": np.where(rng.random(500) < 0.3, "yes", "no")})


def main() -> None:
    """Log three epochs of a generator that improves, to three trackers at once."""
    spec = sp.TableSpec.infer(people(0.0, 0))
    real = sp.Table(people(0.0, 0), spec)
    plan = sp.TablePlan(
        scores=[sp.MeanJSDistance(), sp.CorrelationDistance()],
        arrays=[sp.Juxtaposition()],
        plots=[sp.PDFByColumn()],
    )
    wandb = RunTracker(OfflineRun(), table=pd.DataFrame, image=lambda picture: picture)
    with TemporaryDirectory() as folder:
        files = sp.FilesystemTracker(folder)
        with sp.Tee(
            files, scalars=[wandb, PrintTracker()], arrays=[wandb], figures=[wandb]
        ) as tracker:
            for epoch, shift in enumerate([1.0, 0.5, 0.0], start=1):
                synthetic = sp.Table(people(shift, epoch), spec, name="synthetic table")
                plan.run(sp.TablePair(real, synthetic)).track(tracker, epoch)


if __name__ == "__main__":
    main()
