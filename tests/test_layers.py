"""The house stands: files import only from lower floors, and the face stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import synthproto

PACKAGE = Path(synthproto.__file__).parent
FLOORS = {
    "errors": 1,
    "guard": 2,
    "contracts": 1,
    "checks": 2,
    "files": 2,
    "progress": 3,
    "formatting": 2,
    "measures": 3,
    "drawing": 3,
    "conformance": 3,
    "data": 4,
    "samplers": 3,
    "report": 4,
    "artifacts": 5,
    "trackers": 6,
    "adapters": 6,
    "plan": 6,
    "training": 7,
    "presets": 7,
    "cli": 8,
    "__main__": 9,
}
pytestmark = pytest.mark.interpreter_independent

HEAVY = ("torch", "matplotlib", "scipy.stats", "tensorboard", "mlflow", "sklearn", "pandas")
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively; the house uses full names"
            names = [node.module or ""]
            if node.module == "synthproto":
                names = [f"synthproto.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("synthproto.")}
    return rooms


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_from_lower_floors(path: Path) -> None:
    own = room(path)
    assert own in FLOORS, f"{own} has no floor; give it one here and in synthproto's docstring"
    for other in imported_rooms(path) - {own}:
        assert FLOORS[other] < FLOORS[own], (
            f"{path} ({FLOORS[own]}) imports {other} ({FLOORS[other]})"
        )


def test_every_room_is_used() -> None:
    assert {room(path) for path in FILES} <= set(FLOORS)


def test_no_file_uses_global_plotting_state() -> None:
    assert [str(path) for path in FILES if "pyplot" in path.read_text()] == []


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*[n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_face_is_light() -> None:
    assert loaded_after("import synthproto") == set()


def test_tables_and_scores_need_no_torch() -> None:
    code = "import synthproto.artifacts.columns, synthproto.artifacts.statistics"
    assert loaded_after(code) <= {"pandas"}


def test_training_needs_no_pandas() -> None:
    assert loaded_after("import synthproto.training.trainer") == {"torch"}
