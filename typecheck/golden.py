"""What mypy says of each mistake in the rejecting files, as ``messages.txt`` holds it.

python typecheck/golden.py     # write messages.txt anew, to read what changed
"""

import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
REJECTS = (HERE / "rejects.py", HERE / "rejects_tables.py")
GOLDEN = HERE / "messages.txt"
_IGNORE = re.compile(r"  # type: ignore\[[^\]]*\]")
_LINE = re.compile(r"(?P<path>.*?):(?P<line>\d+): (?P<text>(error|note): .*)")


def without_ignores(folder: Path) -> list[Path]:
    """Write the rejecting files without their ignores, so that mypy says what it thinks."""
    copies = []
    for path in REJECTS:
        copy = folder / f"bare_{path.name}"
        copy.write_text(_IGNORE.sub("", path.read_text()))
        copies.append(copy)
    return copies


def cases(path: Path) -> Iterator[ast.FunctionDef]:
    """The mistakes of a rejecting file, or the compositions of an accepting one, in order."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
            yield node


def messages(copies: Iterable[Path], lines: Iterable[str]) -> str:
    """The text of the golden file, from what mypy printed about the copies."""
    said: dict[tuple[str, int], list[str]] = {}
    for line in lines:
        if found := _LINE.match(line):
            place = (Path(found["path"]).name, int(found["line"]))
            said.setdefault(place, []).append(found["text"])
    blocks = []
    for copy in copies:
        source = copy.read_text().splitlines()
        for case in cases(copy):
            block = [f"{case.name}: {ast.get_docstring(case)}"]
            for number in range(case.lineno, (case.end_lineno or case.lineno) + 1):
                texts = said.pop((copy.name, number), [])
                block += [f"    {source[number - 1].strip()}"] if texts else []
                block += [f"        {text}" for text in texts]
            blocks.append("\n".join(block) + "\n")
        blocks += [
            f"outside of any case: {key} {text}\n"
            for key, text in said.items()
            if key[0] == copy.name
        ]
    return "\n".join(blocks)


def main() -> None:
    """Write the golden file."""
    with tempfile.TemporaryDirectory() as folder:
        copies = without_ignores(Path(folder))
        command = [sys.executable, "-m", "mypy", "--hide-error-context", *map(str, copies)]
        done = subprocess.run(
            [*command, *sys.argv[1:]], capture_output=True, text=True, check=False, cwd=HERE.parent
        )
        if done.returncode != 1:
            sys.exit(done.stdout + done.stderr)
        GOLDEN.write_text(messages(copies, done.stdout.splitlines()))


if __name__ == "__main__":
    main()
