"""Files that are read as Python, and those that are refused."""

import json
from pathlib import Path

import pytest

from synthproto.cli.check.sources import ScriptError, cells_of
from synthproto.cli.main import main
from tests.cli.check.runs import notebook

pytestmark = pytest.mark.interpreter_independent


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be used: No such file"),
        ("def f(:", "a.py:1:7 is no Python"),
        (b"\xff", "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_refused(
    text: str | bytes | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "a.py"
    if text is not None:
        script.write_bytes(text.encode() if isinstance(text, str) else text)
    assert main(["check", str(script)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.py", "x = " + "(" * 20_000 + "1" + ")" * 20_000, "a.py"),  # too deep for any parser
        ("a.py", "x = '\0'", "is no Python"),
        ("a.py", "# coding: nope\n", "unknown encoding"),
        ("a.ipynb", "{", "it is not JSON"),
        ("a.ipynb", "[1]", "it has no cells"),
        ("a.ipynb", notebook("x = 1", "def f(:"), "cell 2, line 1"),
        ("empty", None, "without a script"),
    ],
)
def test_a_refusal_is_one_line_and_json_if_asked_for(
    name: str, text: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if text is None:
        path.mkdir()
    else:
        path.write_text(text)
    assert main(["check", str(path), "--json"]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    content = json.loads(captured.out)
    assert (content["fits"], said in content["error"]) == (False, True)


def test_cells_keep_their_lines_without_what_only_ipython_reads(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    cells = ["%matplotlib inline\nx = 1\n", "files = !ls\ny?", "%%bash\nls\n", "%%time\nz = 2"]
    path.write_text(notebook(*cells))
    assert cells_of(path) == ["pass\nx = 1", "files = eval('')\npass", "pass\n", "pass\nz = 2"]


def test_a_notebook_of_an_old_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text('{"worksheets": []}')
    with pytest.raises(ScriptError, match="is no notebook of version 4"):
        cells_of(path)
