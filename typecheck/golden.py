"""What mypy says of each mistake in the rejecting files, as ``messages.txt`` holds it.

python typecheck/golden.py     # write messages.txt anew, to read what changed
"""

import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
REJECTS = (HERE / "rejects.py", HERE / "rejects_tables.py", HERE / "rejects_models.py")
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


def messages(copies: Mapping[str, Path], lines: Iterable[str]) -> str:
    """The text of the golden file, from what mypy printed about the copies.

    Args:
        copies: The rejecting files by the name of their copy.
        lines: What mypy printed.
    """
    said: dict[tuple[str, int], list[str]] = {}
    for line in lines:
        if found := _LINE.match(line):
            place = (Path(found["path"]).name, int(found["line"]))
            said.setdefault(place, []).append(found["text"])
    blocks = []
    for copy, path in copies.items():
        source = _IGNORE.sub("", path.read_text()).splitlines()
        for case in cases(path):
            block = [f"{case.name}: {ast.get_docstring(case)}"]
            for number in range(case.lineno, (case.end_lineno or case.lineno) + 1):
                texts = said.pop((copy, number), [])
                block += [f"    {source[number - 1].strip()}"] if texts else []
                block += [f"        {text}" for text in texts]
            blocks.append("\n".join(block) + "\n")
        left = {place: texts for place, texts in said.items() if place[0] == copy}
        blocks += [f"outside of any case: {place} {texts}\n" for place, texts in left.items()]
    return "\n".join(blocks)


def main() -> None:
    """Write the golden file."""
    with tempfile.TemporaryDirectory() as folder:
        copies = without_ignores(Path(folder))
        named = {copy.name: path for copy, path in zip(copies, REJECTS, strict=True)}
        command = [sys.executable, "-m", "mypy", "--hide-error-context", *map(str, copies)]
        done = subprocess.run(
            [*command, *sys.argv[1:]], capture_output=True, text=True, check=False, cwd=HERE.parent
        )
        if done.returncode != 1:
            sys.exit(done.stdout + done.stderr)
        GOLDEN.write_text(messages(named, done.stdout.splitlines()))


if __name__ == "__main__":
    main()
