"""The report as JSON: its schema, and that it repeats itself."""

from pathlib import Path

import pytest

from tests.cli.compare.test_run import QUICK, frame, report


def test_the_document_has_the_schema_that_is_promised(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = report(capsys, "good.csv", "bad.csv", *QUICK, "--seed", "3", "--rows", "50")
    assert list(content) == [
        *("format", "version", "synthproto", "preset", "seed", "rows", "real", "holdout"),
        *("columns", "reference", "synthetic", "notes", "failed"),
    ]
    assert (content["format"], content["version"]) == ("synthproto.comparison", 1)
    assert (content["seed"], content["rows"], content["preset"]) == (3, 50, "sdmetrics")
    assert content["real"] == {"path": "real.csv", "rows": 300}
    assert content["holdout"] is None
    assert content["reference"] == "halves"
    assert content["columns"] == [
        {"name": "age", "kind": "continuous"},
        {"name": "sex", "kind": "categorical"},
        {"name": "rich", "kind": "categorical"},
    ]
    first, second = content["synthetic"]
    assert (first["rank"], first["name"], first["path"]) == (1, "good", "good.csv")
    assert (second["rank"], second["name"]) == (2, "bad")
    assert list(first) == [
        *("rank", "path", "name", "rows", "similarity", "scores", "arrays", "undefined"),
        *("alarms", "worst_columns", "worst_pairs"),
    ]
    assert list(second["worst_pairs"][0]) == ["columns", "similarity", "reference", "excess"]


def test_the_same_seed_gives_the_same_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["good.csv", "--seed", "1", "--rows", "100"]
    assert report(capsys, *words) == report(capsys, *words)


def test_arrays_of_a_preset_are_in_the_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = report(capsys, "good.csv", "--preset", "artifact-core", "--out", "out")
    (table,) = content["synthetic"]
    means = table["arrays"]["fidelity/mean_juxtaposition"]
    assert (means["index"], means["columns"]) == (["age"], ["real", "synthetic"])
    assert means["data"][0][0] == pytest.approx(frame(300, 0)["age"].mean())
    page = Path("out/report.html").read_text()
    assert "fidelity/mean_juxtaposition" in page
    assert page.count("<figure ") == 7
