"""Damaged and hostile files thrown at the command line: one line, a documented code, nothing half.

Everything is derived from the number of the case, so a failing number can be run again by itself.
"""

import contextlib
import gzip
import io
import json
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from synthproto.cli.main import main
from tests.cases import cases
from tests.typing_runs import CACHE

QUICK, MANY, PER_TEST = 300, 3_000, 20
SECONDS = 20.0
TAG, COLOR, FORMULA = "<img src=x onerror=alert(1)>", "\x1b[31mred", "=cmd|' /C calc'!A0"
HOSTILE = [
    *(TAG, COLOR, FORMULA, "<script>alert(1)</script>", "{{ 7*7 }}", "${x}", "\\input{x}"),
    *("\u202egnp.exe", "\x9b31m", "\ufeff", "\x00", "\x7f", "\ud800", "a\u0301", "😀", "../../x"),
    *("NaN", "inf", "-inf", "1e999", "-0.0", "9" * 40, "0x1F", "1_000", "1,5", "", " ", "  a"),
    *("2020-01-01", "2020-13-45", "now", "9999-12-31", "0001-01-01", "TRUE", "None", "NA", "?"),
    *('"', '"a\nb"', "a,b", ";", "\t", "|", "\r", "[1, 2]", '{"a": 1}', "1.0000000000000001"),
]


class Run(NamedTuple):
    code: int
    out: str
    err: str
    seconds: float


def run(*words: str) -> Run:
    """One command line in this process, as a terminal would see it."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    began = time.process_time()  # a busy machine is no hang; those end by the suite's timeout
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            code = main(list(words))
        except SystemExit as error:  # argparse's own
            code = error.code if isinstance(error.code, int) else 1
    seconds = time.process_time() - began
    texts = []
    for stream in (out, err):
        stream.flush()
        stream.seek(0)
        texts.append(stream.read())
    return Run(code, texts[0], texts[1], seconds)


# --- files ------------------------------------------------------------------------------------


def frame(random: np.random.Generator, rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": random.normal(size=rows).round(3),
            "label": random.choice(["a", "b", "c"], rows),
            "day": pd.date_range("2020-01-01", periods=rows).strftime("%Y-%m-%d"),
            "flag": random.random(rows) < 0.5,
        }
    )


def hostile(random: np.random.Generator) -> str:
    return HOSTILE[random.integers(len(HOSTILE))]


def with_hostile_cells(random: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    table = table.astype(object)
    for _ in range(random.integers(1, 8)):
        row = int(random.integers(len(table)))
        table.iat[row, int(random.integers(table.shape[1]))] = hostile(random)
    if random.random() < 0.4:
        names = list(table.columns)
        names[random.integers(len(names))] = hostile(random)
        table.columns = pd.Index(names)
    return table


def damaged(random: np.random.Generator, whole: bytes) -> bytes:
    """Bytes cut, flipped, doubled, or with something strange between them."""
    content = bytearray(whole)
    for _ in range(random.integers(1, 4)):
        at = int(random.integers(len(content) + 1))
        match random.integers(6):
            case 0:
                del content[at:]
            case 1:
                content[at : at + 1] = random.bytes(1)
            case 2:
                content[at:at] = hostile(random).encode("utf-8", "surrogatepass")
            case 3:
                content[at:at] = content[max(at - 40, 0) : at]
            case 4:
                del content[at : at + int(random.integers(1, 30))]
            case _:
                content[at:at] = random.bytes(int(random.integers(1, 9)))
    return bytes(content)


def csv_file(random: np.random.Generator) -> tuple[str, bytes]:
    table = frame(random, int(random.integers(1, 40)))
    if random.random() < 0.7:
        table = with_hostile_cells(random, table)
    separator = random.choice([",", ";", "\t", "|"])
    content = table.to_csv(index=bool(random.random() < 0.2), sep=separator)
    encoding = random.choice(["utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig"])
    return ".csv", content.encode(encoding, "surrogatepass")


def gzip_file(random: np.random.Generator) -> tuple[str, bytes]:
    _, content = csv_file(random)
    return ".csv.gz", gzip.compress(content, mtime=0)


def parquet_file(random: np.random.Generator) -> tuple[str, bytes]:
    table = frame(random, int(random.integers(1, 40)))
    rows = len(table)
    strange: list[Callable[[], Sequence[object] | pd.Index]] = [
        lambda: [b"\xff\xfe"] * rows,
        lambda: [{"a": 1}] * rows,
        lambda: [[1, 2]] * rows,
        lambda: pd.to_timedelta(np.arange(rows), "h"),
        lambda: pd.CategoricalIndex(["<b>"] * rows),
        lambda: [None] * rows,
        lambda: [2**63 - 1] * rows,
        lambda: [float("nan")] * rows,
    ]
    if random.random() < 0.6:
        table["x"] = pd.Series(strange[random.integers(len(strange))]())
    if random.random() < 0.3:
        table.columns = pd.Index([hostile(random).replace("\ud800", "?"), *table.columns[1:]])
    file = io.BytesIO()
    try:
        table.to_parquet(file, index=bool(random.random() < 0.3))
    except (ValueError, TypeError, OverflowError):
        return ".parquet", b"PAR1" + random.bytes(30) + b"PAR1"
    return ".parquet", file.getvalue()


def spec_file(random: np.random.Generator) -> tuple[str, bytes]:
    kinds = [
        "continuous",
        "categorical",
        "datetime",
        "boolean",
        "identifier",
        "text",
        "odd",
        3,
        None,
    ]
    columns = [
        {"name": name, "kind": kinds[random.integers(len(kinds))]}
        for name in ["x", "label", "day", "flag", hostile(random)][: random.integers(6)]
    ]
    values: list[object] = [columns, {"columns": columns}, {"columns": 1}, [], None, "x", 1e400]
    content = json.dumps(values[random.integers(len(values))]).encode("utf-8", "surrogatepass")
    return ".json", b"[" * 100_000 if random.random() < 0.03 else content


MAKERS = [csv_file, csv_file, gzip_file, parquet_file, spec_file]


def fuzzed(number: int, folder: Path) -> tuple[Path, np.random.Generator]:
    """The file of a case, and what decides how it is used."""
    random = np.random.default_rng(number)
    suffix, content = MAKERS[random.integers(len(MAKERS))](random)
    if random.random() < 0.6:
        content = damaged(random, content)
    if random.random() < 0.1:
        suffix = str(random.choice([".csv", ".parquet", ".zip", ".xz", ".txt", ".CSV.GZ", ""]))
    stem = str(random.choice(["a", "b c", "<b>", "=1+1", "é", "-x"]))
    path = folder / f"{stem}{suffix}"
    path.write_bytes(content)
    return path, random


def words_for(path: Path, random: np.random.Generator, folder: Path) -> list[str]:
    """A command line with the file in one of the places where files go."""
    good, out = str(folder / "good.csv"), str(folder / "out")
    if path.suffix == ".json" and random.random() < 0.8:
        return ["compare", good, good, "--spec", str(path), "--preset", "sdmetrics", "--out", out]
    preset = str(random.choice(["sdmetrics", "sdmetrics", "sdmetrics", "default"]))
    ends = [["--json"], [], ["--fail-under", "0.5"]][random.integers(3)]
    options = ["--preset", preset, "--rows", "20", "--out", out, *ends]
    places = [
        ["spec", str(path), "--out", str(folder / "out.json")],
        ["compare", str(path), good, *options],
        ["compare", good, str(path), *options],
        ["compare", str(path), str(path), *options],
        ["compare", good, good, "--holdout", str(path), *options],
        ["check", str(path)] if not path.name.endswith(".py") else ["spec", str(path)],
    ]
    return places[random.integers(len(places))]


def check_texts(done: Run, folder: Path, words: list[str]) -> None:
    """Nothing of the data reaches a reader as anything but text."""
    for text in (done.out, done.err):
        assert "Traceback" not in text, words
        assert "\x1b" not in text, words
        assert "\x9b" not in text, words
    if "--json" in words and done.code in (0, 1):
        json.loads(done.out)
    page = folder / "out" / "report.html"
    if page.exists():
        text = page.read_text(encoding="utf-8")
        assert "<img src=x" not in text
        assert "<script" not in text
        assert not any(sign in text for sign in "\x1b\x9b\u202e\x00")
        assert text.rstrip().endswith("</html>")
        json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` uses the cache of the other tests, and does not announce that it fills it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))
    monkeypatch.setattr("synthproto.cli.check.run.is_warm", lambda: True)


@pytest.mark.parametrize("first", range(0, cases(QUICK), PER_TEST))
def test_damaged_files(first: int, tmp_path: Path) -> None:
    throw(range(first, first + PER_TEST), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(QUICK, MANY, PER_TEST))
def test_many_damaged_files(first: int, tmp_path: Path) -> None:
    throw(range(first, first + PER_TEST), tmp_path)


def throw(numbers: range, tmp_path: Path) -> None:
    for number in numbers:
        folder = tmp_path / str(number)
        folder.mkdir()
        frame(np.random.default_rng(0), 30).to_csv(folder / "good.csv", index=False)
        path, random = fuzzed(number, folder)
        words = words_for(path, random, folder)
        before = {each.name for each in folder.iterdir()}
        done = run(*words)
        made = {each.name for each in folder.rglob("*") if each.name not in before}
        told = (number, words, done)
        assert done.code in (0, 1, 2), told
        assert done.seconds < SECONDS, told
        assert done.code == 2 or not done.err, told
        assert done.code != 2 or done.err.count("\n") == 1, told
        assert done.code != 2 or not made, (told, made)
        assert not any("partial" in name for name in made), (told, made)
        check_texts(done, folder, words)
        shutil.rmtree(folder)


# --- the command line itself ------------------------------------------------------------------


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    frame(np.random.default_rng(0), 30).to_csv("good.csv", index=False)
    return "good.csv"


@pytest.mark.parametrize(
    "option",
    [
        *(["--seed", "4294967296"], ["--seed", "-1"], ["--rows", "1"], ["--out", "good.csv"]),
        *(["--tensorboard", "good.csv"], ["--tensorboard", "runs"], ["--fail-under", "x"]),
        *(["--encoding", "hex"], ["--encoding", "rot13"], ["--encoding", "undefined"]),
        *(["--encoding", "nope"], ["--separator", ",,"], ["--decimal", "xx"]),
    ],
)
def test_every_option_is_checked_before_a_file_is_read(good: str, option: list[str]) -> None:
    Path("runs").mkdir()
    Path("runs", "missing").write_text("a file where the run of a table would be")
    done = run("compare", "none.csv", "missing.csv", *option)
    assert done.code == 2
    assert "none.csv" not in done.err, done.err
    assert done.err.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="file systems elsewhere know no such names")
def test_file_names_that_are_not_utf_8(good: str) -> None:
    import os

    path = Path(os.fsdecode(b"caf\xe9.csv"))
    shutil.copy(good, path)
    words = ["--preset", "sdmetrics", "--out", "out", "--tensorboard", "runs"]
    done = run("compare", str(path), str(path), *words)
    assert (done.code, done.err) == (0, "")
    assert "caf\\xe9" in Path("out", "report.html").read_text(encoding="utf-8")
    assert json.loads(run("compare", good, str(path), "--json").out)["synthetic"]
    assert run("spec", str(path), "--out", os.fsdecode(b"\xe9.json")).code == 0


def test_what_nobody_foresaw_has_a_code_of_its_own(
    good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a \x1b[31mfault\nin two lines")

    monkeypatch.setattr("synthproto.cli.compare.run._named", broken)
    done = run("compare", good, good)
    assert done.code == 3
    assert "error inside: ZeroDivisionError: a" in done.err
    assert done.err.count("\n") == 1
    assert "\x1b" not in done.err
    monkeypatch.setenv("SYNTHPROTO_TRACEBACK", "1")
    assert "Traceback" in run("compare", good, good).err


def test_ctrl_c_is_told(good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("synthproto.cli.compare.run._named", stopped)
    assert run("compare", good, good)[:3] == (130, "", "synthproto compare: stopped\n")
