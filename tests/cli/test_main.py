"""The command line itself: its version, help without heavy imports, and what a wheel must hold."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import synthproto
from synthproto.cli.main import main
from synthproto.errors import SynthprotoWarning


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"synthproto {synthproto.__version__}\n"


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["compare", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys, contextlib\nfrom synthproto.cli.main import main\n"
        f"with contextlib.suppress(SystemExit): main({words!r})\n"
        "heavy = ('torch', 'pandas', 'numpy', 'matplotlib', 'jinja2', 'mypy')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_page_has_its_files_beside_it() -> None:
    folder = Path(synthproto.__file__).parent / "cli" / "compare"
    assert {"page.html", "page.css"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    "redirection", [">&-", "2>&-", ">&- 2>&-", "| true", "| head -c 1 >/dev/null"]
)
def test_an_output_that_nobody_reads_changes_no_exit_code(redirection: str, tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("x,c\n" + "".join(f"{n},{n % 3}\n" for n in range(30)))
    command = f"'{sys.executable}' -m synthproto spec '{table}' {redirection}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_no_verdict(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    table = tmp_path / "a.csv"
    table.write_text("x\n1\n2\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "synthproto", "spec", str(table)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("synthproto spec: error:")
    assert done.stderr.count("\n") == 1


def test_warnings_are_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def noisy(_: object) -> None:
        warnings.warn("of a\nlibrary", DeprecationWarning, stacklevel=1)
        warnings.warn("12 columns\nof one kind", SynthprotoWarning, stacklevel=1)

    monkeypatch.setattr("synthproto.cli.spec.write_spec", noisy)
    assert main(["spec", str(tmp_path / "a.csv")]) == 0
    told = capsys.readouterr().err
    assert told.startswith("synthproto spec: warning: 12 columns")
    assert told.count("\n") == 1
