"""CPU time to import parts of the library, over the import of their dependencies.

    python tests/benchmarks/bench_import.py [--rounds 5]

Each measurement is a fresh process; the least of a few rounds is printed with its bound. The exit
code is 1 where a bound is not kept.
"""

import argparse
import subprocess
import sys

from turns import say

DEPENDENCIES = """
import beartype, matplotlib.figure, numpy, pandas, scipy.special, scipy.stats, torch.optim
import torch.utils.data, tensorboard.compat.proto.summary_pb2, tensorboard.plugins.hparams.api_pb2
import tensorboard.summary.writer.event_file_writer, concurrent.futures, multiprocessing, tqdm
"""
QUICK_START = """
from synthproto import (
    Batches, CorrelationDistance, Every, GradientStep, JSDistance, Juxtaposition, LossRoutine,
    MaxEpochs, MeanJSDistance, PDFByColumn, Table, TableCodec, TablePlan, TableSpec,
    TensorBoardTracker, Trainer, Validation, describe_run, loss_of, split,
)
"""
COMMAND_LINE = """
import synthproto.cli.main, synthproto.cli.compare.run, synthproto.cli.compare.comparer
import synthproto.cli.compare.page, synthproto.cli.check.run, synthproto.presets.default
"""
CASES = {
    "the command line's parts": (COMMAND_LINE, 0.25),
    "the quick start's names": (QUICK_START, 0.3),
    "every public name": ("from synthproto import *", 0.6),
}


def seconds(code: str) -> float:
    """CPU seconds of the code after its dependencies have been imported."""
    script = f"import time{DEPENDENCIES}\nbegan = time.process_time()\n{code}\n"
    script += "print(time.process_time() - began)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    kept = True
    for name, (code, bound) in CASES.items():
        least = min(seconds(code) for _ in range(rounds))
        kept = kept and least <= bound
        say(f"{name:30} {least:.2f} CPU-s, at most {bound}")
    sys.exit(not kept)


if __name__ == "__main__":
    main()
