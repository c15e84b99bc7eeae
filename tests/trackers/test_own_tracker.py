"""The example of trackers of one's own does what its text says."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "own_tracker.py"


def test_three_trackers_are_told_of_three_epochs() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, check=True
    )
    *epochs, run, end = done.stdout.splitlines()
    assert [line.split()[:2] for line in epochs] == [["epoch", str(n)] for n in (1, 2, 3)]
    assert all("fidelity/mean_js_distance 0." in line for line in epochs)
    assert (run, end) == ("W&B has 12 entries", "closed")


def test_it_is_short() -> None:
    lines = EXAMPLE.read_text().splitlines()
    assert len(lines) < 120
    start = lines.index("class PrintTracker:")
    assert next(n for n, line in enumerate(lines[start:]) if line == "class OfflineRun:") <= 15
