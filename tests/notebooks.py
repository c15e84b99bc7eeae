"""Runs a notebook without Jupyter: each cell's last expression is shown as a notebook shows it.

    python -m tests.notebooks examples/notebook.ipynb

writes what the cells show into the file.
"""

import ast
import base64
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from types import CodeType
from typing import Any

_LONG = 60_000  # signs of one output, so that the file stays small


def executed(path: Path) -> dict[str, Any]:
    """The notebook with the outputs of its cells."""
    notebook: dict[str, Any] = json.loads(path.read_text())
    names: dict[str, object] = {"__name__": "__main__"}
    sys.path.insert(0, str(path.parent))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for count, cell in enumerate(code, 1):
        cell["execution_count"], cell["outputs"] = count, _outputs("".join(cell["source"]), names)
    return notebook


def _outputs(source: str, names: dict[str, object]) -> list[dict[str, Any]]:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = StringIO()
    with redirect_stdout(printed), redirect_stderr(StringIO()):
        exec(compile(tree, "<cell>", "exec"), names)
        value: object = None
        if isinstance(last, ast.Expr):
            compiled: CodeType = compile(ast.Expression(last.value), "<cell>", "eval")
            value = eval(compiled, names)
    stream = {"name": "stdout", "output_type": "stream", "text": printed.getvalue()}
    shown = {"data": _data(value), "metadata": {}, "output_type": "display_data"}
    return ([stream] if printed.getvalue() else []) + ([] if value is None else [shown])


def _data(value: object) -> dict[str, str]:
    data = {"text/plain": repr(value)}
    html = getattr(value, "_repr_html_", None)
    png = getattr(value, "_repr_png_", None)
    if png is not None:
        data["image/png"] = base64.b64encode(png()).decode()
    elif html is not None:
        data["text/html"] = html()
    assert all(len(text) < _LONG for text in data.values())
    return data


def main() -> None:
    path = Path(sys.argv[1])
    path.write_text(json.dumps(executed(path), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
