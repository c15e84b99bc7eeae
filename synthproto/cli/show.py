"""Findings for a terminal and as JSON."""

import json
import os
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version

from synthproto.cli.findings import Finding
from synthproto.cli.scripts import Script

_WIDTH = 96
_BOLD, _RED, _YELLOW, _GREEN, _DIM, _END = (
    f"\x1b[{code}m" for code in ("1", "31", "33", "32", "2", "0")
)


def as_json(
    scripts: Sequence[Script], found: Sequence[Finding], fits: bool, seconds: float, _: bool
) -> str:
    """Findings as one JSON object: ``fits``, ``scripts``, ``findings``, ``seconds``, ``mypy``."""
    content = {
        "fits": fits,
        "scripts": [str(script.path) for script in scripts],
        "findings": [asdict(each) for each in found],
        "seconds": round(seconds, 2),
        "mypy": version("mypy"),
    }
    return json.dumps(content, indent=2) + "\n"


def as_text(
    scripts: Sequence[Script], found: Sequence[Finding], fits: bool, seconds: float, colored: bool
) -> str:
    """Findings as text: place, explanation, the line itself, and mypy's own words.

    Args:
        scripts: What was checked.
        found: What was found.
        fits: Whether all is well.
        seconds: How long it took.
        colored: Whether a terminal shows it.
    """
    texts = [_finding(each, scripts) for each in found]
    texts.append(_summary(scripts, found, fits, seconds))
    text = "\n\n".join(texts) + "\n"
    if colored and "NO_COLOR" not in os.environ:
        return text
    for code in (_BOLD, _RED, _YELLOW, _GREEN, _DIM, _END):
        text = text.replace(code, "")
    return text


def _finding(found: Finding, scripts: Sequence[Script]) -> str:
    color = _RED if found.severity == "error" else _YELLOW
    where = f"{found.file}:{found.line}:{found.column}"
    verdict = "does not fit" if found.severity == "error" else "not proved"
    what = f"{verdict}: {found.place}" if found.place else found.severity
    lines = [f"{_BOLD}{where}{_END}  {color}{what}{_END}"]
    if found.explanation:
        lines += textwrap.wrap(
            found.explanation, _WIDTH, initial_indent="  ", subsequent_indent="  "
        )
    lines += _excerpt(found, scripts)
    if found.mypy:
        first, *notes = found.mypy.split("\n")
        code = f"  [{found.code}]" if found.code else ""
        said = [f"mypy: {first}{code}", *(f"      {note}" for note in notes)]
        lines += [f"  {_DIM}{line}{_END}" for line in said]
    return "\n".join(lines)


def _excerpt(found: Finding, scripts: Sequence[Script]) -> list[str]:
    """The line itself, with the guilty place underlined."""
    script = next((each for each in scripts if str(each.path) == found.file), None)
    if script is None or not 0 < found.line <= len(script.lines):
        return []
    line = script.lines[found.line - 1].expandtabs(1)
    last = found.end_column if found.end_line == found.line else len(line)
    number = f"  {found.line:>4} | "
    mark = " " * (len(number) - 2) + "| " + " " * (found.column - 1)
    return [f"{number}{line}", f"{mark}{'^' * max(1, last - found.column + 1)}"]


def _summary(
    scripts: Sequence[Script], found: Sequence[Finding], fits: bool, seconds: float
) -> str:
    faults = sum(each.severity == "error" for each in found)
    warnings = len(found) - faults
    if not fits:
        verdict = f"{_RED}Does not fit{_END}"
    elif warnings:
        verdict = f"{_YELLOW}What can be proved fits{_END}"
    else:
        verdict = f"{_GREEN}Everything fits{_END}"
    counts = f"{_counted(faults, 'fault')}, {_counted(warnings, 'warning')}"
    return f"{verdict}: {counts} in {_counted(len(scripts), 'script')} ({seconds:.1f} s)"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
