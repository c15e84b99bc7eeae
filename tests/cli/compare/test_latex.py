"""The table for papers."""

from pathlib import Path

import numpy as np
import pytest

from synthproto.cli.main import main
from tests.cli.compare.test_run import QUICK, frame, report


def test_models_of_several_tables_as_latex(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame(300, 7).to_csv("good2.csv", index=False)
    models = ["vae_1=good.csv,good2.csv", "gan=bad.csv"]
    words = ["compare", "real.csv", *models, *QUICK, "--holdout", "holdout.csv", "--latex"]
    assert main([*words, "--columns", "fidelity/similarity,fidelity/sdmetrics_column_shapes"]) == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert lines[0] == r"\begin{tabular}{lrrr}"
    row = next(line for line in lines if line.startswith(r"vae\_1 & "))
    values = [
        table["similarity"]
        for table in report(capsys, *models, *QUICK, "--holdout", "holdout.csv")["synthetic"]
        if table["name"].startswith("vae_1 ")
    ]
    mean, spread = np.mean(values), np.std(values, ddof=1)
    assert rf"\textbf{{{mean:.3f} $\pm$ {spread:.3f}}}" in row
    assert row.endswith(r"& 1.0 \\")
    assert next(line for line in lines if line.startswith("gan")).endswith(r"& 2.0 \\")
    assert main([*words, "--columns", "fidelity/nope"]) == 2
    assert "names no score" in capsys.readouterr().err
