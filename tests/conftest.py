"""Settings that hold for every test."""

import os
import random
import signal
import sys
from pathlib import Path

# Test processes run side by side: one thread each, set before torch and numpy are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# A shell that starts the tests in the background has them ignore Ctrl-C, which some of them press.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "synthproto",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("synthproto")

# Numerics, pictures, reports, what mypy says, full disks and killed writers: the same on every
# Python and with every pandas. Tables and trackers, of which they are made, are tested on each.
INDEPENDENT = (
    *("measures", "drawing", "artifacts/plots", "cli/check", "cli/compare", "benchmarks"),
    *("artifacts/test_joint_awkward.py", "presets/test_default.py", "presets/test_tabsyn.py"),
    *("trackers/test_lifecycle.py", "trackers/test_folders.py", "trackers/test_dashboard.py"),
    "test_examples_pieces.py",
)
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first: what is short fills the rest of the time of the other processes."""
    if moving := [item.nodeid for item in items if " at 0x" in item.nodeid]:
        raise pytest.UsageError(f"names of tests hold addresses, which differ by process: {moving}")
    items.sort(key=lambda item: item.get_closest_marker("interpreter_independent") is None)
    for item in items:
        if any(item.path.is_relative_to(HERE / room) for room in INDEPENDENT):
            item.add_marker("interpreter_independent")


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Models that a test makes without a seed start with the same weights in every run."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        import torch

        torch.manual_seed(0)
