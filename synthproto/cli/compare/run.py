"""What ``compare`` does: read, check, compare, write; in this order."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, final

from synthproto.artifacts.dependence import Similarity
from synthproto.checks import did_you_mean, listed
from synthproto.cli.compare.comparer import SIMILARITY, Comparer, Comparison
from synthproto.cli.compare.document import FORMAT, Request, document
from synthproto.cli.compare.latex import latex
from synthproto.cli.compare.limits import Limit, check_limits, failures, hint
from synthproto.cli.compare.notes import notes_of, of_samples
from synthproto.cli.compare.page import GENERATOR, page
from synthproto.cli.compare.terminal import lines
from synthproto.cli.compare.words import WORDS
from synthproto.cli.console import colored, say, shown_path
from synthproto.cli.scanned import (
    Watched,
    check_workers,
    engine,
    first_cells,
    is_read_in_pieces,
    scan_of,
)
from synthproto.cli.spec import file_format, named_columns
from synthproto.data.cells import Cells
from synthproto.data.kinds import DISCRETE, KINDS, NUMERIC
from synthproto.data.pair import Pair, SummaryPair, some_columns
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec, spec_of
from synthproto.data.summary import Summary
from synthproto.data.table import Table, table_of
from synthproto.errors import ParameterError
from synthproto.files import replace_file
from synthproto.formatting import plain
from synthproto.plan import Plan, TablePlan
from synthproto.presets.default import preset, scanned_preset
from synthproto.progress import Bar
from synthproto.trackers.formats import safe_name

Side = TypeVar("Side", bound=Summary)


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
    every = [given.real, *paths.values(), *([given.holdout] if given.holdout else [])]
    check_workers(given.workers, every)
    compare = _compare_scans if any(map(is_read_in_pieces, every)) else _compare_tables
    with Bar() as bar:
        comparison, reading = compare(given, paths, limits, bar)
    request = Request(
        preset=given.preset,
        seed=given.seed,
        rows=given.rows,
        real=shown_path(given.real),
        holdout="" if given.holdout is None else shown_path(given.holdout),
        synthetic={name: shown_path(path) for name, path in paths.items()},
        notes=notes_of(given, comparison, reading),
        failed=failures(limits, comparison),
        models=models,
    )
    _write(comparison, request, given, folder)
    return 1 if request.failed else 0


def _compare_tables(
    given: argparse.Namespace, paths: Mapping[str, Path], limits: Sequence[Limit], bar: Bar
) -> tuple[Comparison, list[str]]:
    """The comparison of tables in memory, and notes on how they were read."""
    real, holdout, synthetic = _tables(given, paths, bar)
    reading = [
        f"{table.name}: {'; '.join(table.notes)}"
        for table in (real, holdout, *synthetic.values())
        if table is not None and table.notes
    ]
    _check_target(given.target, real.spec)
    plan = _plan(given, real.spec)
    _check_scores(given, plan, limits)
    together = some_columns(real.spec, given.most_columns, given.target, given.seed)
    return _compared(plan, real, holdout, synthetic, given.seed, bar, together), reading


def _compare_scans(
    given: argparse.Namespace, paths: Mapping[str, Path], limits: Sequence[Limit], bar: Bar
) -> tuple[Comparison, list[str]]:
    """The comparison of tables that are read in pieces, and notes on how they are."""
    written, reading, named = file_format(given), list[str](), f"real table {str(given.real)!r}"
    if given.spec is not None:
        spec = TableSpec.load(given.spec)
    else:
        cells = first_cells(given.real, written)
        spec = spec_of(cells, named_columns(list(cells.frame.columns), given), named)
        reading = [f"{named}: {'; '.join(cells.notes)}"]
    _check_target(given.target, spec)
    plan = _plan_of_scans(given, spec)
    _check_scores(given, plan, limits)
    with engine(given.workers or 1) as workers:
        watched = Watched(workers, bar)

        def scan(path: Path, name: str) -> Scan:
            return scan_of(path, spec, written, f"{name} {str(path)!r}", watched)

        real = scan(given.real, "real table")
        holdout = None if given.holdout is None else scan(given.holdout, "holdout table")
        synthetic = {name: scan(path, "synthetic table") for name, path in paths.items()}
        comparison = _compared(plan, real, holdout, synthetic, given.seed, bar, spec)
    return comparison, [*reading, of_samples(given.rows, plan, _plan(given, spec))]


# --- what was asked for -------------------------------------------------------------------------


def _check_options(given: argparse.Namespace) -> None:
    named = [f"--{kind}" for kind in KINDS if getattr(given, kind)]
    bad_seed = not 0 <= given.seed <= _MOST_SEED
    faults = [
        *(
            f"--{name.replace('_', '-')} must be at least 2; got {most}"
            for name in ("rows", "most_columns")
            if (most := getattr(given, name)) < 2
        ),
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


def _check_scores(given: argparse.Namespace, plan: TablePlan, limits: Sequence[Limit]) -> None:
    """Refuse limits on scores, and columns of --latex, that the plan does not have."""
    check_limits(limits, plan)
    for tag in filter(None, given.columns.split(",")):
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


def _plan_of_scans(given: argparse.Namespace, spec: TableSpec) -> Plan[SummaryPair]:
    plan = scanned_preset(
        given.preset,
        spec,
        holdout=given.holdout is not None,
        target=given.target,
        rows=given.rows,
        seed=given.seed,
    )
    first = [] if SIMILARITY in plan.score_tags else [Similarity()]
    plots = plan.plots if given.out is not None or given.tensorboard is not None else ()
    return Plan[SummaryPair](scores=[*first, *plan.scores], arrays=plan.arrays, plots=plots)


def _compared(
    plan: Plan[Pair[Side]],
    real: Side,
    holdout: Side | None,
    synthetic: dict[str, Side],
    seed: int,
    bar: Bar,
    together: TableSpec,
) -> Comparison:
    bar.expect(Comparer.steps(plan, len(synthetic), holdout is not None))
    comparer = Comparer(plan, real, holdout, seed, bar, together)
    # A table is let go when it has been compared: with it goes what was computed of it.
    found = [comparer.compare(name, synthetic.pop(name)) for name in list(synthetic)]
    return comparer.ranked(found)


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
