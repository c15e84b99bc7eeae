"""Findings as text for a terminal, or as JSON."""

import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version

from synthproto.cli.check.findings import Finding, Verdict
from synthproto.cli.check.scripts import Script
from synthproto.cli.console import json_text, shown_path
from synthproto.formatting import plain

_WIDTH = 96
_BOLD, _RED, _YELLOW, _GREEN, _DIM, _END = (
    f"\x1b[{code}m" for code in ("1", "31", "33", "32", "2", "0")
)


def as_json(scripts: Sequence[Script], verdict: Verdict, fits: bool, seconds: float) -> str:
    """A check as one JSON object.

    ``fits``, ``scripts``, ``findings`` (the attributes of `Finding`), ``elsewhere`` (errors in
    files that were not asked about, by file), ``seconds`` and ``mypy``, its version.
    """
    content = {
        "fits": fits,
        "scripts": [shown_path(script.path) for script in scripts],
        "findings": [asdict(each) for each in verdict.findings],
        "elsewhere": verdict.elsewhere,
        "seconds": round(seconds, 2),
        "mypy": version("mypy"),
    }
    return json_text(content)


def refusal_as_json(reason: str) -> str:
    """A check that could not run: ``fits`` is false, and ``error`` says why."""
    return json_text({"fits": False, "error": reason, "scripts": [], "findings": []})


def as_text(
    scripts: Sequence[Script], verdict: Verdict, fits: bool, seconds: float, colored: bool
) -> str:
    """Findings as text: place, explanation, the line itself, and mypy's own words.

    Args:
        scripts: What was checked.
        verdict: What was found.
        fits: Whether all is well.
        seconds: How long it took.
        colored: Whether a terminal shows colour.
    """
    texts = ["\n".join(_shown(each, colored)) for each in verdict.findings]
    summary = [_summary(scripts, verdict, fits, seconds, colored)]
    if verdict.elsewhere:
        count, files = sum(verdict.elsewhere.values()), len(verdict.elsewhere)
        summary.append(
            f"Left out: {_counted(count, 'error')} of mypy in {_counted(files, 'other file')} that "
            f"the scripts import, e.g. {plain(next(iter(verdict.elsewhere)))}"
        )
    return "\n\n".join([*texts, "\n".join(summary)]) + "\n"


def _shown(found: Finding, colored: bool) -> list[str]:
    color = _RED if found.severity == "error" else _YELLOW
    cell = "" if found.cell is None else f", cell {found.cell}, line "
    where = f"{plain(found.file)}{cell or ':'}{found.line}:{found.column}"
    verdict = "does not fit" if found.severity == "error" else "not proved"
    what = f"{verdict}: {found.place}" if found.place else found.severity
    lines = [f"{_paint(where, _BOLD, colored)}  {_paint(what, color, colored)}"]
    if found.explanation:
        lines += textwrap.wrap(
            plain(found.explanation), _WIDTH, initial_indent="  ", subsequent_indent="  "
        )
    lines += _excerpt(found)
    if found.mypy:
        first, *notes = found.mypy.split("\n")
        code = f"  [{found.code}]" if found.code else ""
        said = [f"mypy: {plain(first)}{code}", *(f"      {plain(note)}" for note in notes)]
        lines += [f"  {_paint(line, _DIM, colored)}" for line in said]
    return lines


def _paint(text: str, color: str, colored: bool) -> str:
    return f"{color}{text}{_END}" if colored else text


def _excerpt(found: Finding) -> list[str]:
    """The line itself, with the guilty place underlined."""
    if not found.excerpt:
        return []
    line = plain(found.excerpt.replace("\t", " "))
    last = found.end_column if found.end_line == found.line else len(line)
    number = f"  {found.line:>4} | "
    mark = " " * (len(number) - 2) + "| " + " " * (found.column - 1)
    return [f"{number}{line}", f"{mark}{'^' * max(1, last - found.column + 1)}"]


def _summary(
    scripts: Sequence[Script], verdict: Verdict, fits: bool, seconds: float, colored: bool
) -> str:
    faults = sum(each.severity == "error" for each in verdict.findings)
    warnings = len(verdict.findings) - faults
    if not fits:
        said = _paint("Does not fit", _RED, colored)
    elif warnings:
        said = _paint("What can be proved fits", _YELLOW, colored)
    else:
        said = _paint("Everything fits", _GREEN, colored)
    counts = f"{_counted(faults, 'fault')}, {_counted(warnings, 'warning')}"
    return f"{said}: {counts} in {_counted(len(scripts), 'script')} ({seconds:.1f} s)"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
