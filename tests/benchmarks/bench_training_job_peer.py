"""The job of ``bench_training_job.py`` as artifact-torch does it: same table, VAE, batches, epochs.

    python tests/benchmarks/bench_training_job_peer.py [--rows 900] [--epochs 100]

Needs artifact-torch (0.1.5, with artifact-experiment 0.1.11). Its plan has the same scores,
juxtapositions and plots, all of which its own filesystem client tracks; it has no TensorBoard.
"""

import argparse
import contextlib
import importlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import pandas as pd
import torch
from bench_training_job import VAE, Rows, mixed_table
from torch import Tensor

from synthproto.data.batches import Batches
from synthproto.data.codec import TableCodec
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table

PLOTS = (
    "PDF",
    "CDF",
    "DESCRIPTIVE_STATS_ALIGNMENT",
    "PCA_JUXTAPOSITION",
    "CORRELATION_HEATMAP_JUXTAPOSITION",
)


class Epochs:
    """Our batches, a new epoch at each iteration, with the device that artifact-torch sets."""

    device = torch.device("cpu")

    def __init__(self, rows: Tensor, size: int) -> None:
        self._batches = Batches(Rows(rows), size)
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Rows]:
        self._epoch += 1
        return self._batches(self._epoch)


def trainer_class(nets: Any, stops: Any, epochs: int) -> Any:
    base: Any = nets.Trainer

    class Trainer(base):  # type: ignore[misc]  # untyped: it may not be installed
        @staticmethod
        def _get_optimizer(model: Any) -> torch.optim.Optimizer:
            return torch.optim.Adam(model.parameters(), lr=1e-3)

        @staticmethod
        def _get_scheduler(optimizer: Any) -> None: ...
        @staticmethod
        def _get_checkpoint_period() -> None: ...
        @staticmethod
        def _get_model_tracker() -> None: ...
        def _get_model_tracking_criterion(self) -> None: ...

        @staticmethod
        def _get_device() -> torch.device:
            return torch.device("cpu")

        @staticmethod
        def _get_early_stopper() -> Any:
            return stops.EpochBoundStopper(max_n_epochs=epochs)

        def _get_stopper_update_data(self) -> Any:
            return stops.StopperUpdateData(n_epochs_elapsed=self.n_epochs_elapsed)

    return Trainer


def plan_class(tables: Any) -> Any:
    base: Any = tables.TableComparisonPlan

    class Plan(base):  # type: ignore[misc]  # likewise
        @staticmethod
        def _get_score_types() -> list[Any]:
            return list(tables.TableComparisonScoreType)

        @staticmethod
        def _get_array_types() -> list[Any]:
            return []

        @staticmethod
        def _get_plot_types() -> list[Any]:
            return [tables.TableComparisonPlotType[name] for name in PLOTS]

        @staticmethod
        def _get_score_collection_types() -> list[Any]:
            return list(tables.TableComparisonScoreCollectionType)

        @staticmethod
        def _get_array_collection_types() -> list[Any]:
            return list(tables.TableComparisonArrayCollectionType)

        @staticmethod
        def _get_plot_collection_types() -> list[Any]:
            return list(tables.TableComparisonPlotCollectionType)

    return Plan


def experiment_class(tables: Any, trainer: Any, split: Any, rows: int) -> Any:
    routine_base: Any = tables.TableComparisonRoutine
    experiment_base: Any = tables.TabularSynthesisExperiment

    class Routine(routine_base):  # type: ignore[misc]  # likewise
        @classmethod
        def _get_period(cls, data_split: Any) -> int | None:
            return 5 if data_split is split else None

        @classmethod
        def _get_artifact_plan(cls, data_split: Any) -> Any:
            return plan_class(tables) if data_split is split else None

        @classmethod
        def _get_generation_params(cls) -> dict[str, int]:
            return {"count": rows}

    class Experiment(experiment_base):  # type: ignore[misc]  # likewise
        @classmethod
        def _get_trainer(cls) -> Any:
            return trainer

        @classmethod
        def _get_train_diagnostics_routine(cls) -> None: ...
        @classmethod
        def _get_loader_routine(cls) -> None: ...

        @classmethod
        def _get_artifact_routine(cls) -> Any:
            return Routine

    return Experiment


def synthesizer(tables: Any, codec: TableCodec) -> Any:
    base: Any = tables.TableSynthesizer

    class Synthesizer(base):  # type: ignore[misc]  # likewise
        def __init__(self) -> None:
            super().__init__()
            self.vae = VAE(codec.width, codec.decode)

        def forward(self, model_input: Rows) -> dict[str, Tensor]:
            return {"t_loss": self.vae(model_input).loss}

        def generate(self, params: dict[str, int]) -> pd.DataFrame:
            with torch.no_grad():
                return self.vae.generate(params["count"])

    return Synthesizer()


def job(rows: int, epochs: int) -> tuple[float, float, int]:
    """CPU and wall seconds from the frame to the stopped client; files that it wrote."""
    tables: Any = importlib.import_module("artifact_torch.table_comparison")
    nets: Any = importlib.import_module("artifact_torch.nn")
    stops: Any = importlib.import_module("artifact_torch.nn.early_stopping")
    tracking: Any = importlib.import_module("artifact_experiment.tracking")
    train = tracking.DataSplit.TRAIN
    frame = mixed_table(rows)
    torch.manual_seed(0)
    begin, wall = time.process_time(), time.perf_counter()
    real = Table(frame, TableSpec.infer(frame))
    codec = TableCodec.fit(real)
    numbers = [str(name) for name in frame if str(name).startswith("x")]
    labels = [str(name) for name in frame if str(name).startswith("c")]
    spec = tables.TabularDataSpec.from_df(df=frame, cts_features=numbers, cat_features=labels)
    client = tracking.FilesystemTrackingClient.build(experiment_id="job")
    experiment = experiment_class(tables, trainer_class(nets, stops, epochs), train, rows).build(
        model=synthesizer(tables, codec),
        data_loaders={train: Epochs(codec.encode(real), 64)},
        artifact_routine_data={train: _real(frame)},
        artifact_routine_data_spec=spec,
        tracking_client=client,
    )
    experiment.run()
    while not client.queue.queue.empty():  # its stop drops what is still queued
        time.sleep(0.01)
    client.stop()
    spent = time.process_time() - begin, time.perf_counter() - wall
    return *spent, sum(len(files) for _, _, files in os.walk(client.run_dir))


def _real(frame: pd.DataFrame) -> Any:
    tables: Any = importlib.import_module("artifact_torch.table_comparison")
    return tables.TableComparisonRoutineData(df_real=frame)


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time of a whole experiment, artifact-torch.")
    parser.add_argument("--rows", type=int, default=900)
    parser.add_argument("--epochs", type=int, default=100)
    given = parser.parse_args()
    torch.set_num_threads(1)
    mpl.use("Agg")  # the only one that its plots take
    silent = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder  # where its client writes
        with contextlib.redirect_stderr(silent), contextlib.redirect_stdout(silent):
            seconds, wall, files = job(given.rows, given.epochs)
    sys.stdout.write(
        f"artifact-torch, {given.epochs} epochs, {given.rows} x 12: {seconds:.1f} s CPU, "
        f"{wall:.1f} s wall, {files} files\n"
    )


if __name__ == "__main__":
    main()
