"""Six checkers: the rejecting files, every part in every seat, and signatures made loose."""

import ast
import inspect
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_origin

import pytest

import synthproto
from tests.typing_runs import ROOT, alone, once
from typecheck.blame import ALARMS, CALL, INSIDE, LATER, MISSED, listed
from typecheck.checkers import CHECKERS, Checker
from typecheck.golden import without_ignores
from typecheck.joints import FOREIGN, MADE, NOT_MADE, SEATS, fits, parts, refused, script
from typecheck.suite import alarms, outcomes

pytestmark = pytest.mark.interpreter_independent

# Minutes. The rejecting files ask pyright in every run, through unnecessary ignores: test_types.py.
SLOW = ("pyright", "basedpyright")
# What a user's checker sees; the library's own code is proved by mypy and pyright: test_types.py.
RIGHT = [ROOT / "examples", ROOT / "typecheck"]


def by_name(slow: tuple[str, ...]) -> list[object]:
    marks = {name: [pytest.mark.slow, pytest.mark.timeout(1800)] for name in slow}
    return [pytest.param(each, id=each.name, marks=marks.get(each.name, [])) for each in CHECKERS]


# --- the rejecting files -------------------------------------------------------------------------


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("checker", by_name(SLOW))
def test_every_checker_finds_every_mistake(
    checker: Checker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def make(folder: Path) -> list[str]:
        bare = folder / f"bare_for_{checker.name}"
        bare.mkdir()
        errors = checker.run([*RIGHT, *without_ignores(bare)])
        return [json.dumps([name, line, texts]) for (name, line), texts in errors.items()]

    rows = [json.loads(row) for row in once(tmp_path_factory, f"six-{checker.name}", make)]
    errors = {(name, line): texts for name, line, texts in rows}
    found = outcomes(errors)
    assert len(found) >= 130
    for outcome, table in (("call", CALL), ("later", LATER), ("missed", MISSED)):
        names = {name for name, each in found.items() if each == outcome}
        assert names == listed(table, checker.name), f"typecheck/blame.py: {outcome}"
    said = {name.removeprefix(f"{ROOT}/"): texts for name, texts in alarms(errors).items()}
    assert said.keys() == listed(ALARMS, checker.name), said


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("checker", CHECKERS[3:], ids=lambda checker: checker.name)
def test_what_a_checker_sees_inside_the_package_has_its_reason(checker: Checker) -> None:
    found = {path for path, _ in checker.run([Path("synthproto")])}
    assert {name.removeprefix("synthproto/") for name in found} == listed(INSIDE, checker.name)


# --- every part in every seat --------------------------------------------------------------------


def test_every_public_part_is_tried() -> None:
    assert MADE.keys() <= parts().keys()
    assert NOT_MADE.keys() <= set(dir(synthproto))
    assert list(fits()) == list(SEATS), "python -m typecheck.joints"
    assert len(script()[1]) == len(SEATS) * (len(parts()) + 1) > 9_000


def test_every_part_fits_somewhere_or_is_known_not_to() -> None:
    seated = set().union(*fits().values())
    homeless = parts().keys() - seated - FOREIGN.keys()
    assert homeless == {
        "Association",  # of artifacts
        *("PaperTable", "Predicate", "Report", "TableCodec", "Trainer"),  # at the ends of a script
    }


def refused_by(checker: Checker, factory: pytest.TempPathFactory) -> set[int]:
    def make(folder: Path) -> list[str]:
        own = folder / f"joints_for_{checker.name}"
        own.mkdir()
        return [str(line) for line in refused(checker, own)]

    return {int(line) for line in once(factory, f"joints-{checker.name}", make)}


def wrong(found: set[int]) -> Iterator[str]:
    """Pairs of which a checker says something else than fits.txt."""
    fitting, pairs = fits(), script()[1]
    for line, (seat, name) in pairs.items():
        if (line in found) == (name in fitting[seat]):
            yield f"{name} in {seat}: {'refused' if line in found else 'accepted'}"
    yield from (f"line {line}" for line in found - pairs.keys())


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("checker", by_name(SLOW))
def test_only_what_fits_is_accepted(
    checker: Checker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert list(wrong(refused_by(checker, tmp_path_factory))) == []


# --- signatures made loose -----------------------------------------------------------------------


def seat_parameter(seat: str) -> tuple[Any, str]:
    """The function or class that a seat calls, and the parameter that is its gap."""
    call = ast.parse(SEATS[seat].format("GAP"), mode="eval").body
    assert isinstance(call, ast.Call)
    callee = re.sub(r"\(.*?\)", "", ast.unparse(call.func)).replace("VALIDATION", "Validation")
    owner, _, method = callee.partition(".")
    value: Any = getattr(synthproto, owner)
    value = getattr(get_origin(value) or value, method) if method else get_origin(value) or value
    for keyword in call.keywords:
        if keyword.arg and "GAP" in ast.unparse(keyword.value):
            return value, keyword.arg
    place = next(i for i, given in enumerate(call.args) if "GAP" in ast.unparse(given))
    names = [name for name in inspect.signature(value).parameters if name != "self"]
    return value, names[min(place, len(names) - 1)]


def annotation_of(function: Any, parameter: str) -> tuple[Path, ast.expr]:
    """Where the type of a parameter is written: in a signature, or as a field of a dataclass."""
    inner = inspect.unwrap(getattr(function, "__func__", function))
    path = Path(inspect.getfile(inner))
    node: ast.AST = ast.parse(path.read_text())
    for name in (*inner.__qualname__.split("."), "__init__"):
        held = [each for each in ast.iter_child_nodes(node) if getattr(each, "name", "") == name]
        node = held[-1] if held else node
    arguments: Any = getattr(node, "args", None)
    if arguments is None:
        fields = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.AnnAssign)]
        return path, {ast.unparse(each.target): each.annotation for each in fields}[parameter]
    lists = (arguments.posonlyargs, arguments.args, arguments.kwonlyargs, [arguments.vararg])
    every = [each for group in lists for each in group if each is not None]
    return path, {each.arg: each.annotation for each in every}[parameter]


def loosened(path: Path, annotation: ast.expr, loose: str) -> str:
    """The text of a file with one annotation replaced; a default is put behind it."""
    lines = path.read_text().splitlines(keepends=True)
    first, last = annotation.lineno - 1, (annotation.end_lineno or 0) - 1
    text = "".join(lines[first : last + 1])
    end = len(text) - len(lines[last]) + (annotation.end_col_offset or 0)
    kept = text[annotation.col_offset : end]
    changed = f"{kept} = cast(Any, None)" if loose == "default" else loose
    words = [*lines[:first], text[: annotation.col_offset], changed, text[end:], *lines[last + 1 :]]
    return "from typing import Any, cast\n" + "".join(words)


def mutants() -> Iterator[tuple[str, str]]:
    """Each seat's signature made loose, in the three ways by turns."""
    for number, seat in enumerate(SEATS):
        function, parameter = seat_parameter(seat)
        declared = inspect.signature(function).parameters[parameter]
        ways = ["object", "Any"]
        if declared.default is declared.empty and declared.kind is declared.KEYWORD_ONLY:
            ways.insert(0, "default")
        yield seat, ways[number % len(ways)]


MUTANTS = list(mutants())


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package in which one signature at a time is made loose."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen") else base) / "loosened"
    with alone(base.parent, "loosened"):
        if not folder.exists():
            for name in ("synthproto", "typecheck", "stubs"):
                shutil.copytree(ROOT / name, folder / name)
            for name in ("examples", "tests/benchmarks"):  # named in pyproject.toml
                (folder / name).mkdir(parents=True)
            shutil.copy2(ROOT / "pyproject.toml", folder)
    return folder


def survives(seat: str, loose: str, bench: Path) -> bool:
    """Whether the joints are judged as before with one signature made loose."""
    path, annotation = annotation_of(*seat_parameter(seat))
    target = bench / path.relative_to(ROOT)
    ty = next(each for each in CHECKERS if each.name == "ty")
    with alone(bench, "mutant"):
        kept = target.read_text()
        target.write_text(loosened(path, annotation, loose))
        try:
            joints = bench / "all_joints.py"
            joints.write_text(script()[0])
            errors = ty.run([joints], bench)
        finally:
            target.write_text(kept)
    return not list(wrong({line for (_, line) in errors}))


def test_every_constructor_has_its_mutant() -> None:
    assert len(MUTANTS) >= 60
    assert {loose for _, loose in MUTANTS} == {"object", "Any", "default"}


@pytest.mark.parametrize(("seat", "loose"), MUTANTS[:3])
def test_a_loose_signature_turns_the_suite_red(seat: str, loose: str, bench: Path) -> None:
    assert not survives(seat, loose, bench)


@pytest.mark.slow
@pytest.mark.parametrize(("seat", "loose"), MUTANTS[3:])
def test_each_loose_signature_turns_the_suite_red(seat: str, loose: str, bench: Path) -> None:
    assert not survives(seat, loose, bench)
