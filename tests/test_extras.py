"""Without any extra every public name loads, and a part that needs one says so when it is made."""

import subprocess
import sys
from pathlib import Path

import pytest

import synthproto
from synthproto import MissingExtraError, MlflowTracker, TSNEJuxtaposition


def test_the_package_holds_without_extras() -> None:
    script = Path(__file__).with_name("without_extras.py")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "0 faults\n", done.stdout + done.stderr


@pytest.mark.parametrize(
    ("package", "part", "extra"),
    [
        ("mlflow", lambda: MlflowTracker("experiment"), "mlflow"),
        ("sklearn", TSNEJuxtaposition, "learn"),
    ],
    ids=["mlflow", "learn"],
)
def test_the_error_names_part_package_and_extra(
    package: str, part: "type[object]", extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"needs .*pip install 'synthproto\[{extra}\]'"):
        part()


def test_dir_lists_public_names_and_nothing_else() -> None:
    assert dir(synthproto) == sorted(getattr(synthproto, "__all__"))  # noqa: B009  not in the stub
