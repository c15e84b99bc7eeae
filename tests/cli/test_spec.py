"""`python -m synthproto spec`."""

from pathlib import Path

import pandas as pd
import pytest

from synthproto.cli.main import main
from synthproto.data.spec import TableSpec

FRAME = pd.DataFrame({"age": [31, 45, 28], "sex": [1, 2, 1], "\x1b[2Jday": ["2024-01-01"] * 3})


@pytest.fixture
def real(tmp_path: Path) -> Path:
    FRAME.to_csv(tmp_path / "real.csv", index=False)
    return tmp_path / "real.csv"


def test_kinds_are_shown(real: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spec", str(real), "--categorical", "age"]) == 0
    shown = capsys.readouterr().out
    assert [line.split()[-1] for line in shown.splitlines()] == [
        "categorical",
        "categorical",
        "datetime",
    ]
    assert "\x1b" not in shown


def test_the_file_is_what_compare_reads(real: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = real.parent / "spec.json"
    assert main(["spec", str(real), "--out", str(out)]) == 0
    assert "compare --spec" in capsys.readouterr().out
    out.write_text(out.read_text().replace("continuous", "categorical"))
    assert TableSpec.load(out).of_kind("categorical") == ("age", "sex")
    run = ["compare", str(real), str(real), "--spec", str(out), "--preset", "sdmetrics", "--json"]
    assert main(run) == 0
    assert '"name": "age",\n      "kind": "categorical"' in capsys.readouterr().out


def test_an_edited_spec_is_not_overwritten(real: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = real.parent / "spec.json"
    out.write_text("edited")
    assert main(["spec", str(real), "--out", str(out)]) == 2
    assert out.read_text() == "edited"
    error = capsys.readouterr().err
    assert "exists" in error
    assert error.count("\n") == 1
    assert main(["spec", str(real), "--out", str(out), "--force"]) == 0
    assert TableSpec.load(out).names[0] == "age"


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "spec.json"
    assert main(["spec", str(tmp_path / "none.csv"), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("synthproto spec: error:")
    assert "none.csv" in error
    assert error.count("\n") == 1
    assert not out.exists()
