"""Limits: which end is worse, what names no score, and what real rows do not keep either."""

from pathlib import Path

import pytest

from synthproto.cli.compare.comparer import SIMILARITY
from synthproto.cli.main import main
from synthproto.formatting import number
from tests.cli.compare.test_run import QUICK, report


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (["0.5"], 0),
        (["0.99"], 1),
        (["0.5", "fidelity/similarity=0.99"], 1),
        (["fidelity/sdmetrics_column_shapes=0.5"], 0),
        (["fidelity/sdmetrics_column_shapes=1.0"], 1),
    ],
)
def test_fail_under(
    folder: Path, capsys: pytest.CaptureFixture[str], limits: list[str], code: int
) -> None:
    words = [word for limit in limits for word in ("--fail-under", limit)]
    content = report(capsys, "good.csv", *QUICK, *words, code=code)
    assert bool(content["failed"]) == (code == 1)


def test_the_better_end_decides_what_worse_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--holdout", "holdout.csv", "--target", "rich", "--rows", "100"]
    limits = [
        "fidelity/mean_shape_distance=0.0001",
        "fidelity/shape_distance/age=0.9",
        "privacy/exact_match_share=0.9",
        "privacy/dcr/median=0.9",
        "utility/tstr/auroc_linear=0.99999",
        "utility/gap/auroc_linear=1",
    ]
    given = [word for limit in limits for word in ("--fail-under", limit)]
    content = report(capsys, "good.csv", *words, *given, code=1)
    failed: list[str] = content["failed"]
    assert [text.split()[1] for text in failed] == [
        "fidelity/mean_shape_distance",
        "privacy/dcr/median",
        "utility/tstr/auroc_linear",
    ]
    words[3] = "age"
    given = [
        "--fail-under",
        "utility/tstr/rmse_linear=0.1",
        "--fail-under",
        "utility/tstr/r2_trees=-9",
    ]
    content = report(capsys, "good.csv", *words, *given, code=1)
    assert [text.split()[1] for text in content["failed"]] == ["utility/tstr/rmse_linear"]


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("fidelity/similarty=0.9", "Did you mean 'fidelity/similarity'"),
        ("similarity=0.9", "Did you mean 'fidelity/similarity'"),
        ("fidelity/nope=0.9", "].\n"),
        ("fidelity/similarity/age=0.9", "names no score"),
        ("high", "VALUE"),
        ("nan", "VALUE"),
    ],
)
def test_a_limit_on_nothing_is_bad_input(
    folder: Path, capsys: pytest.CaptureFixture[str], limit: str, said: str
) -> None:
    words = ["compare", "real.csv", "good.csv", *QUICK, "--fail-under", limit, "--out", "out"]
    assert main(words) == 2
    assert said in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_limit_that_real_rows_do_not_keep_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = report(capsys, "good.csv", *QUICK, "--fail-under", "0.999", code=1)
    assert "real rows do not keep this limit either (0." in content["failed"][0]
    content = report(capsys, "bad.csv", *QUICK, "--fail-under", "0.7", code=1)
    assert "real rows" not in content["failed"][0]


def test_a_limit_may_be_on_an_end_of_an_interval(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holdout = ["--holdout", "holdout.csv"]
    score = report(capsys, "good.csv", *QUICK, *holdout)["synthetic"][0]["scores"][SIMILARITY]
    low, high = score["interval"]
    assert low < score["value"] < high
    between = (low + score["value"]) / 2
    report(capsys, "good.csv", *QUICK, "--fail-under", f"{between}")
    words = ["good.csv", *QUICK, *holdout, "--fail-under", f"{SIMILARITY}/low={between}"]
    (failed,) = report(capsys, *words, code=1)["failed"]
    assert f"{SIMILARITY}/low is {number(low)}, below" in failed
    report(capsys, "good.csv", *QUICK, "--fail-under", f"{SIMILARITY}/high={between}")
    assert main(["compare", "real.csv", "good.csv", *QUICK, "--fail-under", "a/low=1"]) == 2
