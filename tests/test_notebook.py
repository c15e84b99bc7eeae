"""The notebook runs from top to bottom, and shows what it promises."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks import executed

PATH = Path(__file__).parents[1] / "examples" / "notebook.ipynb"


def shown(notebook: dict[str, Any]) -> list[dict[str, str]]:
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return [output["data"] for output in outputs if "data" in output]


@pytest.fixture(scope="module")
def fresh() -> list[dict[str, str]]:
    return shown(executed(PATH))


def test_it_shows_spec_training_report_and_figures(fresh: list[dict[str, str]]) -> None:
    spec, table, result, report, density, history, rows = fresh
    assert "<th>health</th><td>categorical</td>" in spec["text/html"]
    assert "1500 rows x 8 columns" in table["text/plain"]
    assert "10 epochs" in result["text/html"]
    assert "<th>privacy/dcr_share/share</th>" in report["text/html"]
    assert "image/png" in density
    assert "train/loss" in history["text/html"]
    assert rows["text/html"].count("<tr") == 6


def test_what_is_stored_is_of_the_cells_as_they_are(fresh: list[dict[str, str]]) -> None:
    stored = shown(json.loads(PATH.read_text()))
    assert [sorted(data) for data in stored] == [sorted(data) for data in fresh]


def test_every_picture_has_a_text_for_those_who_do_not_see_it(fresh: list[dict[str, str]]) -> None:
    pictures = [data["text/plain"] for data in fresh if "image/png" in data]
    assert all(text.startswith("Picture(") for text in pictures), pictures
