"""What ``compare`` does: read, check, compare, write; in this order."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import final

from synthproto.artifacts.dependence import Similarity
from synthproto.checks import did_you_mean, listed
from synthproto.cli.compare.comparer import SIMILARITY, Comparer, Comparison
from synthproto.cli.compare.document import FORMAT, Request, document
from synthproto.cli.compare.latex import latex
from synthproto.cli.compare.limits import Limit, check_limits, failures, hint
from synthproto.cli.compare.page import GENERATOR, page
from synthproto.cli.compare.terminal import lines
from synthproto.cli.compare.words import WORDS
from synthproto.cli.console import colored, say, shown_path
from synthproto.cli.spec import file_format, named_columns
from synthproto.data.cells import Cells
from synthproto.data.kinds import DISCRETE, KINDS, NUMERIC, may_hold_strings
from synthproto.data.spec import TableSpec, spec_of
from synthproto.data.table import Table, table_of
from synthproto.errors import ParameterError
from synthproto.files import replace_file
from synthproto.formatting import plain
from synthproto.plan import TablePlan
from synthproto.presets.default import preset
from synthproto.progress import Bar
from synthproto.trackers.formats import safe_name


def check_folder(option: str, path: Path) -> None:
    """Refuse a folder that can be neither made nor written to.

    Raises:
        ParameterError: It, or what it would be in, is a file or may not be written to.
    """
    ancestor = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not ancestor.is_dir():
        raise ParameterError(f"{option} must be a folder; {str(ancestor)!r} is a file")
    if not os.access(ancestor, os.W_OK | os.X_OK):
        raise ParameterError(f"{option} cannot be written: no permission in {str(ancestor)!r}")


_MARKS = {"report.html": GENERATOR, "report.json": f'"format": "{FORMAT}"'}


@final
@dataclass(frozen=True)
class ReportFolder:
    """Where ``report.html`` and ``report.json`` are written.

    Attributes:
        path: The folder; made when something is written.

    Raises:
        ParameterError: It is a file, cannot be written to, or holds files of these names that an
            earlier comparison did not write.
    """

    path: Path

    def __post_init__(self) -> None:
        check_folder("--out", self.path)
        foreign = [name for name, mark in _MARKS.items() if not self._ours(name, mark)]
        if foreign:
            raise ParameterError(
                f"--out {str(self.path)!r} has {' and '.join(foreign)} that no comparison wrote; "
                "they are left alone. Choose another folder"
            )

    def _ours(self, name: str, mark: str) -> bool:
        path = self.path / name
        if not path.exists():
            return True
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return mark.encode() in file.read(1000)

    @property
    def holds_a_report(self) -> bool:
        """Whether an earlier comparison wrote here."""
        return any((self.path / name).exists() for name in _MARKS)

    def write(self, page: str, document: str) -> None:
        """Write both files, each in one piece; those of an earlier comparison are replaced."""
        replace_file(self.path / "report.html", page.encode())
        replace_file(self.path / "report.json", document.encode())


_WITH_TARGET = ("default", "tabsyn")
# Categories are scattered where there are more than so many, with fewer rows for each on average:
# two halves of a table of ten rows for each differ by a fourth.
_MANY, _ROWS_EACH = 100, 10
# So many times the rows of the holdout make scores visibly better.
_LONGER = 1.25
_MOST_SEED = 2**32 - 1  # of scikit-learn and of numpy's older generators


def compare_files(given: argparse.Namespace) -> int:
    """Compare the files that were given, and write what was asked for.

    Returns:
        0, or 1 if a limit is not kept.

    Raises:
        SynthprotoError: Bad input; nothing was written.
        OSError: A file cannot be read or written.
    """
    limits = [Limit.parse(text) for text in given.fail_under]
    folder = ReportFolder(given.out) if given.out is not None else None
    _check_options(given)
    paths, models = _named(given.synthetic)
    for run in _runs(given.tensorboard, paths) if given.tensorboard is not None else ():
        check_folder("--tensorboard", run)
    with Bar() as bar:
        real, holdout, synthetic = _tables(given, paths, bar)
        reading = [
            f"{table.name}: {'; '.join(table.notes)}"
            for table in (real, holdout, *synthetic.values())
            if table is not None and table.notes
        ]
        _check_target(given.target, real.spec)
        plan = _plan(given, real.spec)
        check_limits(limits, plan)
        _check_columns(given.columns, plan)
        bar.expect(Comparer.steps(plan, len(synthetic), holdout is not None))
        comparison = _compared(plan, real, holdout, synthetic, given.seed, bar)
    request = Request(
        preset=given.preset,
        seed=given.seed,
        rows=given.rows,
        real=shown_path(given.real),
        holdout="" if given.holdout is None else shown_path(given.holdout),
        synthetic={name: shown_path(path) for name, path in paths.items()},
        notes=_notes(given, comparison, reading),
        failed=failures(limits, comparison),
        models=models,
    )
    _write(comparison, request, given, folder)
    return 1 if request.failed else 0


# --- what was asked for -------------------------------------------------------------------------


def _check_options(given: argparse.Namespace) -> None:
    named = [f"--{kind}" for kind in KINDS if getattr(given, kind)]
    bad_seed = not 0 <= given.seed <= _MOST_SEED
    faults = [
        *([f"--rows must be at least 2; got {given.rows}"] if given.rows < 2 else []),
        *([f"--seed must be from 0 to {_MOST_SEED}; got {given.seed}"] if bad_seed else []),
        *([f"{', '.join(named)} beside --spec: edit the spec"] if given.spec and named else []),
        *(["--json beside --latex: choose one"] if given.json and given.latex else []),
        *(["--columns is of --latex"] if given.columns and not given.latex else []),
    ]
    if faults:
        raise ParameterError("; ".join(faults))


def _named(given: Sequence[Path]) -> tuple[dict[str, Path], dict[str, list[str]]]:
    """Paths by a short name, and the names of the tables of each model.

    The name is the file's without its suffix, where that is not used twice, or that of its model:
    ``ctgan=c1.csv,c2.csv`` are ``ctgan 1`` and ``ctgan 2``.
    """
    models = [_model(path) for path in given]
    alone = [files[0] for name, files in models if not name]
    stems = [shown_path(Path(path.stem)) for path in alone]
    found: dict[str, Path] = {}
    names: dict[str, list[str]] = {}
    for model, files in models:
        if not model:
            stem, path = shown_path(Path(files[0].stem)), files[0]
            tables = {stem if stems.count(stem) == 1 else shown_path(path): path}
        elif len(files) == 1:
            tables = {model: files[0]}
        else:
            tables = {f"{model} {number}": path for number, path in enumerate(files, start=1)}
        if found.keys() & tables.keys():
            raise ParameterError(
                f"a synthetic table is given twice: {listed(map(shown_path, given))}"
            )
        found |= tables
        names.setdefault(model or next(iter(tables)), []).extend(tables)
    return found, names


def _model(given: Path) -> tuple[str, list[Path]]:
    """What stands before the first ``=``, and the files behind it; unless it all names one file."""
    model, found, files = str(given).partition("=")
    if not found or not model or given.exists():
        return "", [given]
    return shown_path(Path(model)), [Path(file) for file in files.split(",") if file] or [given]


def _tables(
    given: argparse.Namespace, paths: Mapping[str, Path], bar: Bar
) -> tuple[Table, Table | None, dict[str, Table]]:
    """All tables, read and checked."""
    written = file_format(given)
    bar.expect(1 + len(paths) + (given.holdout is not None))
    spec = TableSpec.load(given.spec) if given.spec is not None else None
    bar(f"reading {given.real}")
    cells = Cells(given.real, written, None if spec is None else spec.kinds)
    named = f"real table {str(given.real)!r}"
    if spec is None:
        spec = spec_of(cells, named_columns(list(cells.frame.columns), given), named)
    real = table_of(cells, spec, named)

    def read(path: Path, name: str) -> Table:
        bar(f"reading {path}")
        return table_of(Cells(path, written, spec.kinds), spec, f"{name} {str(path)!r}")

    holdout = None if given.holdout is None else read(given.holdout, "holdout table")
    return real, holdout, {n: read(path, "synthetic table") for n, path in paths.items()}


def _check_target(target: str | None, spec: TableSpec) -> None:
    allowed = spec.of_kind(*NUMERIC, *DISCRETE)
    if target is not None and target not in allowed:
        raise ParameterError(
            f"--target must be a column that is not an identifier or text; got {target!r}. The "
            f"real table has {listed(allowed)}.{did_you_mean([target], allowed)}"
        )


def _check_columns(columns: str, plan: TablePlan) -> None:
    for tag in filter(None, columns.split(",")):
        if not any(tag == known or tag.startswith(f"{known}/") for known in plan.score_tags):
            raise ParameterError(
                f"--columns names no score of this plan: {tag!r}; it has "
                f"{listed(plan.score_tags)}.{hint(tag, plan.score_tags)}"
            )


def _plan(given: argparse.Namespace, spec: TableSpec) -> TablePlan:
    plan = preset(
        given.preset,
        spec,
        holdout=given.holdout is not None,
        target=given.target,
        rows=given.rows,
        seed=given.seed,
    )
    # Tables are ranked by this score, whatever else is computed.
    first = [] if SIMILARITY in plan.score_tags else [Similarity()]
    # Drawing may take a third of the time: only what is shown somewhere is drawn.
    plots = plan.plots if given.out is not None or given.tensorboard is not None else ()
    return TablePlan(scores=[*first, *plan.scores], arrays=plan.arrays, plots=plots)


def _compared(
    plan: TablePlan,
    real: Table,
    holdout: Table | None,
    synthetic: dict[str, Table],
    seed: int,
    bar: Bar,
) -> Comparison:
    comparer = Comparer(plan, real, holdout, seed, bar)
    # A table is let go when it has been compared: with it goes what was computed of it.
    found = [comparer.compare(name, synthetic.pop(name)) for name in list(synthetic)]
    return comparer.ranked(found)


# --- notes --------------------------------------------------------------------------------------


def _notes(given: argparse.Namespace, comparison: Comparison, reading: Sequence[str]) -> list[str]:
    scattered = _scattered(given, comparison.real)
    return [
        *reading,
        *_left_out(given, comparison),
        *scattered,
        *(f"{table.name}: {note}" for table in comparison.tables for note in table.notes),
        *_longer_than_holdout(comparison),
    ]


def _left_out(given: argparse.Namespace, comparison: Comparison) -> list[str]:
    """What is not in the report although one may expect it, and how to get it."""
    if given.preset not in _WITH_TARGET:
        return ["--target and --rows are not used by this preset"] if given.target else []
    found = []
    if given.target is not None and given.holdout is None:
        found.append("utility was left out: it needs --holdout as well as --target")
    if given.preset == "tabsyn" and (given.target is None or given.holdout is None):
        found.append("TSTR and the DCR share need --holdout, and TSTR --target as well")
    if find_spec("sklearn") is None:
        found.append(
            "C2ST and utility need scikit-learn and were left out: pip install 'synthproto[learn]'"
        )
    tables = [comparison.real, *([comparison.holdout] if comparison.holdout else [])]
    longest = max(*map(len, tables), *(table.rows for table in comparison.tables))
    if longest > given.rows:
        found.append(
            f"joint scores, utility and distances to the closest record are from {given.rows:,} "
            "random rows of longer tables, which hold few of the pairs of a copied row and its "
            "original; --rows changes that"
        )
    return found


def _scattered(given: argparse.Namespace, real: Table) -> list[str]:
    """Strings that count as categories although few rows share one, unless a kind was said."""
    if given.spec is not None:
        return []
    frame = real.frame
    known = [name for names in named_columns(list(frame.columns), given).values() for name in names]
    found = [
        name
        for name in real.spec.of_kind("categorical")
        if name not in known
        and may_hold_strings(frame[name])
        and real.distinct(name) > max(_MANY, (len(real) - real.missing(name)) / _ROWS_EACH)
    ]
    if not found:
        return []
    return [
        f"{listed(found)} count as categories, but have fewer than {_ROWS_EACH} rows for each "
        "value: that makes every table, the reference too, look worse; name them with --identifier "
        "or --text, write dates as 2020-01-31, or leave them out"
    ]


def _longer_than_holdout(comparison: Comparison) -> list[str]:
    """Tables whose references are noisier than they are."""
    rows = len(comparison.holdout) if comparison.holdout is not None else None
    longer = [each.name for each in comparison.tables if rows and each.rows > _LONGER * rows]
    if not longer:
        return []
    return [
        f"{listed(longer)}: longer than the holdout ({rows:,} rows). Most scores depend on the "
        "number of rows: as many real rows would reach better references"
    ]


# --- outputs ------------------------------------------------------------------------------------


def _write(
    comparison: Comparison, request: Request, given: argparse.Namespace, folder: ReportFolder | None
) -> None:
    report = document(comparison, request)
    replaced = folder is not None and folder.holds_a_report
    if folder is not None:
        folder.write(page(comparison, request), report)
    runs = _track(comparison, given.tensorboard) if given.tensorboard is not None else ""
    if given.json or given.latex:
        columns = [tag for tag in given.columns.split(",") if tag]
        say(report if given.json else latex(comparison, request.models, columns))
        return
    width = shutil.get_terminal_size().columns
    say("\n".join(lines(comparison, request, width, colored(sys.stdout))) + "\n")
    if folder is not None:
        written = [plain(shown_path(folder.path / name)) for name in _MARKS]
        earlier = " (in place of those of an earlier comparison)" if replaced else ""
        say(f"report: {', '.join(written)}{earlier}\n")
    if runs:
        say(f"TensorBoard: {plain(runs)}\n")


def _runs(folder: Path, names: Iterable[str]) -> list[Path]:
    """The folder of each table's run, by a name that no file system misreads."""
    return [folder / safe_name(name) for name in names]


def _track(comparison: Comparison, folder: Path) -> str:
    """Log every table as a run; the command that shows them."""
    # Loads tensorboard, which few comparisons need.
    from synthproto.trackers.tensorboard import TensorBoardTracker

    said = {tag: f"{words.says} {words.scale} {words.caution}" for tag, words in WORDS.items()}
    command = ""
    names = [table.name for table in comparison.tables]
    for table, run in zip(comparison.tables, _runs(folder, names), strict=True):
        with TensorBoardTracker(run, descriptions=said) as tracker:
            table.report.track(tracker, step=0)
            command = tracker.command
    return command
