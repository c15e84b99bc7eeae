"""The comparison as lines of text: width, worst columns, colour."""

from pathlib import Path

import pytest

from synthproto.cli.compare.terminal import cut_inside
from synthproto.cli.main import main
from tests.cli.compare.test_run import QUICK, frame


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_table_fits_its_width(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    long = folder / ("a-rather-long-name-of-a-synthesizer" * 2 + ".csv")
    frame(300, 4).to_csv(long, index=False)
    names = ["good.csv", "bad.csv", str(long.name), *(f"s{n}.csv" for n in range(4))]
    for name in names[3:]:
        frame(300, 5).to_csv(name, index=False)
    assert main(["compare", "real.csv", *names, *QUICK]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= width
    assert shown.count("fidelity/similarity") >= 1
    assert "worst columns of bad" in shown
    assert "--holdout" in shown


def test_a_tag_that_is_cut_keeps_its_end() -> None:
    tags = [f"privacy/membership_inference/isolated_auc{end}" for end in ("", "_low", "_high")]
    cut = [cut_inside(tag, 30) for tag in tags]
    assert len({*cut}) == 3
    assert all(len(text) == 30 and text.startswith("privacy/") for text in cut)
    assert cut[1].endswith(".../isolated_auc_low")
    assert cut_inside(tags[0], 80) == tags[0]
    assert cut_inside("family/a_name_of_its_own", 12) == "...f_its_own"


def test_one_table_shows_score_reference_best_and_worst(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "real.csv", "bad.csv", *QUICK, "--holdout", "holdout.csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (head,) = (line.split() for line in lines if line.startswith("score"))
    assert head == ["score", "value", "floor", "reference", "best"]
    (similarity,) = (line.split() for line in lines if line.startswith("fidelity/similarity"))
    assert float(similarity[1].strip("*")) < 0.8 < float(similarity[3])
    assert similarity[4] == "1"
    worst = lines[next(n for n, line in enumerate(lines) if line.startswith("worst columns")) + 1]
    assert worst.split()[0] in ("age", "rich")


def test_only_what_is_beyond_noise_is_coloured(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["compare", "real.csv", "bad.csv", *QUICK, "--holdout", "holdout.csv"]
    monkeypatch.setattr("synthproto.cli.compare.run.colored", lambda _: True)
    assert main(words) == 0
    shown = capsys.readouterr().out.splitlines()
    red = [line for line in shown if "\x1b[31m" in line]
    assert red
    assert all("*" in line for line in red)
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(words) == 0
    assert "\x1b" not in capsys.readouterr().out
