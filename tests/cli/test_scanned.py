"""Folders of pieces at the command line: the report of the whole table, and one line of error."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthproto.cli import scanned
from synthproto.cli.main import main
from synthproto.cli.scanned import Watched, engine, folder_files, is_read_in_pieces
from synthproto.data.pieces import Done
from synthproto.errors import ParameterError
from synthproto.progress import Bar

DAYS = pd.date_range("2024-01-01", periods=50).astype(str).to_numpy()


def frame(rows: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    age = generator.normal(40, 10, rows).round(1)
    rich = np.where(age + generator.normal(0, 5, rows) > 42, "yes", "no")
    age[generator.random(rows) < 0.05] = np.nan
    zips = np.char.zfill(generator.integers(0, 30, rows).astype(str), 3)
    return pd.DataFrame(
        {"age": age, "rich": rich, "zip": zips, "day": generator.choice(DAYS, rows)}
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same tables as files, and as folders of CSV and of parquet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for seed, (name, rows) in enumerate((("real", 400), ("synthetic", 300), ("holdout", 200))):
        whole = frame(rows, seed)
        whole.to_csv(f"{name}.csv", index=False)
        Path(name, "more").mkdir(parents=True)
        whole[:150].to_parquet(f"{name}/a.parquet", row_group_size=60)
        whole[150:160].to_csv(f"{name}/b.csv", index=False)
        whole[160:].to_csv(f"{name}/more/c.csv.gz", index=False)
        Path(name, "_SUCCESS").touch()
        Path(name, "d.csv").write_text("age,rich,zip,day\n")
    return tmp_path


def report(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["compare", *words, "--json"]) == 0
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    return content


@pytest.mark.parametrize("holdout", [False, True])
def test_a_folder_has_the_report_of_the_file(
    folder: Path, capsys: pytest.CaptureFixture[str], holdout: bool
) -> None:
    words = ["--rows", "100", "--categorical", "zip", "--preset", "sdmetrics"]
    ends = (".csv", "/")
    whole, pieces = (
        report(
            *(capsys, f"real{end}", f"synthetic{end}"),
            *([f"--holdout=holdout{end}"] if holdout else []),
            *words,
        )
        for end in ends
    )
    (ours,), (theirs,) = pieces["synthetic"], whole["synthetic"]
    assert pieces["columns"] == whole["columns"]
    assert pieces["reference"] == whole["reference"] == ("holdout" if holdout else "halves")
    assert ours["rows"] == 300
    assert theirs["scores"].keys() == ours["scores"].keys()
    for tag, score in ours["scores"].items():
        expected = theirs["scores"][tag]
        assert score["value"] == pytest.approx(expected["value"], abs=1e-12), tag
        assert score["best"] == expected["best"]
        if tag.startswith(("fidelity", "validity")):
            assert score["floor"] == pytest.approx(expected["floor"], abs=0.08)
            # References of a part of the holdout are drawn otherwise.
            assert score["reference"] == pytest.approx(
                expected["reference"], abs=0.05 if holdout else 1e-12
            ), tag
    assert [c["column"] for c in ours["worst_columns"]] == [
        c["column"] for c in theirs["worst_columns"]
    ]
    assert not ours["undefined"]
    (said,) = [note for note in pieces["notes"] if "read in pieces" in note]
    assert said == "tables are read in pieces"


def test_the_page_and_the_terminal_say_what_is_sampled(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["real", "synthetic", "--rows", "100", "--preset", "sdmetrics", "--out", "out"]
    assert main(["compare", *words]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert "from 100 random rows of each" in " ".join(shown.split())
    page = Path("out/report.html").read_text()
    assert "read in pieces" in page
    assert "data:image/png" in page


def test_spec_looks_at_the_first_rows_of_a_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["spec", "real", "--out", "spec.json"]) == 0
    shown = capsys.readouterr().out
    assert "kinds are as in the first 60 rows (of file 'real/a.parquet')" in shown
    kinds = {c["name"]: c["kind"] for c in json.loads(Path("spec.json").read_text())["columns"]}
    assert (kinds["age"], kinds["day"]) == ("continuous", "datetime")
    words = ["real", "synthetic", "--spec", "spec.json", "--preset", "sdmetrics"]
    assert report(capsys, *words)["synthetic"][0]["similarity"] > 0.5


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("real/b.csv", b"age,rich,zip,day\nold,yes,001,2024-01-01\n", "real/b.csv"),
        ("synthetic/b.csv", b"age,rich,day\n1,yes,2024-01-01\n", "synthetic/b.csv"),
        ("real/more/c.csv.gz", b"\x1f\x8bxxxx", "real/more/c.csv.gz"),
        ("synthetic/a.parquet", b"PAR1xxxxxxxxPAR1", "synthetic/a.parquet"),
        ("real/_delta_log", b"", "'real' is a table of Delta or Iceberg"),
    ],
)
def test_a_bad_piece_is_named_and_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], path: str, content: bytes, said: str
) -> None:
    Path(path).write_bytes(content)
    words = ["real", "synthetic", "--preset", "sdmetrics", "--out", "out", "--categorical", "zip"]
    assert main(["compare", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert not Path("out").exists()


def test_a_run_that_was_stopped_leaves_no_report(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def stopped(self: Watched, function: object, items: object) -> object:
        seen.append(items)
        raise KeyboardInterrupt

    monkeypatch.setattr(Watched, "__call__", stopped)
    words = ["real", "synthetic", "--preset", "sdmetrics", "--out", "out", "--categorical", "zip"]
    assert main(["compare", *words]) == 130
    assert seen
    assert capsys.readouterr().err == "synthproto compare: stopped\n"
    assert not Path("out").exists()


def test_folders_without_files_and_workers_without_work_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    with pytest.raises(ParameterError, match="'empty' has no files"):
        folder_files(Path("empty"))
    for words, said in (
        (["real.csv", "synthetic.csv", "--workers", "2"], "--workers is for folders of files"),
        (["real", "synthetic", "--workers", "0"], "--workers must be at least 1; got 0"),
        (["real", "empty"], "'empty' has no files"),
    ):
        assert main(["compare", *words]) == 2
        assert said in capsys.readouterr().err


def test_a_file_beyond_a_quarter_of_the_memory_is_read_in_pieces(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("real.csv")
    assert not is_read_in_pieces(path)
    monkeypatch.setattr(scanned, "memory", lambda: 3 * path.stat().st_size)
    assert is_read_in_pieces(path)
    assert is_read_in_pieces(Path("real"))
    assert not is_read_in_pieces(Path("none"))


def test_workers_are_processes() -> None:
    with engine(2) as workers:
        assert list(workers(abs, [-1, 2])) == [1, 2]
    with engine(1) as workers:
        assert workers is map


def test_a_terminal_is_told_of_rows_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Bar, "__call__", lambda self, part: told.append(part))
    watched = Watched(map, Bar())
    assert len(list(watched(lambda rows: Done((rows,), []), [1000, 500]))) == 2
    assert [text.split(" rows, ")[0] for text in told] == ["1,000", "1,500"]
    assert all(" a second" in text for text in told)
    assert "synthproto.progress" in sys.modules
