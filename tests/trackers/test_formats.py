"""Tags as file names, arrays as tables and files, a run's parts as texts."""

import csv
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from synthproto.trackers.formats import (
    array_file,
    array_table,
    describe_run,
    original_name,
    params_table,
    safe_name,
    safe_path,
)
from synthproto.trackers.memory import MemoryTracker

texts = st.text(st.characters(exclude_categories=()), max_size=60)


@given(texts)
def test_a_name_is_one_visible_part_and_comes_back(text: str) -> None:
    name = safe_name(text)
    assert PurePosixPath(name).parts == (name,)
    assert not set(name) & set('/\\:*?"<>|\x00\n')
    assert name not in {".", ".."}
    assert name[0] != "."
    assert name[-1] not in ". "
    assert len(name.encode()) <= 120
    if "~" not in name:
        assert original_name(name) == text


@given(texts, texts)
def test_different_texts_have_different_names(one: str, other: str) -> None:
    assert (safe_name(one) == safe_name(other)) == (one == other)


@pytest.mark.parametrize(
    ("tag", "path"),
    [
        ("fidelity/js_distance/age", "fidelity/js_distance/age"),
        ("fidelity/js/../../x", "fidelity/js/%2E%2E/%2E%2E/x"),
        ("fidelity/js/größe (cm)", "fidelity/js/größe (cm)"),
        ("/etc/passwd", "%/etc/passwd"),
        ("a//b", "a/%/b"),
        ("a/C:\\x", "a/C%3A%5Cx"),
        ("a/con", "a/%63on"),
        ("a/100%", "a/100%25"),
        ("a/x.", "a/x%2E"),
    ],
)
def test_tags_stay_readable_where_they_can(tag: str, path: str) -> None:
    assert safe_path(tag) == path
    assert "/".join(original_name(part) for part in path.split("/")) == tag


@given(texts)
def test_no_tag_leads_out_of_the_folder(tag: str) -> None:
    folder = Path("/runs/vae")
    assert Path(folder, safe_path(tag)).resolve().is_relative_to(folder)


def test_long_names_are_cut_and_still_differ() -> None:
    one, other = "ä" * 300 + "1", "ä" * 300 + "2"
    assert safe_name(one) != safe_name(other)
    assert len(safe_name(one).encode()) <= 120


@dataclass(frozen=True)
class Score:
    name: str
    bins: int


def test_parts_are_shown_with_their_arguments() -> None:
    with MemoryTracker() as tracker:
        describe_run(
            tracker,
            {
                "scores": [Score("js", 30), Score("ks", 10)],
                "note": "a ``` b",
                "params": {"z": 1, "a": 2},
            },
        )
    kept = dict(zip(tracker.texts["tag"], tracker.texts["value"], strict=True))
    assert kept == {
        "run/scores": "```\n[Score(name='js', bins=30), Score(name='ks', bins=10)]\n```",
        "run/note": "``````\na ``` b\n``````",
        "run/params": "```\n{'z': 1, 'a': 2}\n```",
    }


def test_tables_have_short_numbers_and_no_markup_of_their_own() -> None:
    frame = pd.DataFrame(
        {"real": [1234.5678, np.nan], "a|b": ["x*y*", "<b>"]},
        index=pd.Index(["c_d", "e\nf"], name="column"),
    )
    assert array_table(frame).split("\n") == [
        "| column | real | a\\|b |",
        "| --- | ---: | ---: |",
        "| c\\_d | 1234.5678 | x\\*y\\* |",
        "| e f | nan | &lt;b&gt; |",
    ]
    assert params_table({"lr": 0.001, "ema": True}).endswith("| lr | 0.001 |\n| ema | True |")


@pytest.mark.parametrize(
    ("array", "rows"), [(np.array(2.0), 1), (np.ones(3), 3), (np.ones((2, 5)), 2), (np.ones(0), 0)]
)
def test_arrays_are_tables_of_their_indices(array: NDArray[np.float64], rows: int) -> None:
    assert len(array_table(array).split("\n")) == 2 + rows


def test_a_large_array_is_cut_and_says_so() -> None:
    told = array_table(np.ones((100, 20)))
    assert told.endswith("\n\nThe first 60 of 100 rows and 16 of 20 columns.")
    assert array_table(np.arange(24.0).reshape(2, 3, 4)) == "array of shape (2, 3, 4), from 0 to 23"


def test_no_cell_of_a_csv_file_is_a_formula() -> None:
    frame = pd.DataFrame(
        {"=cmd|' /C calc'!A0": ["@SUM(1)", "a"], "x": [-1.5, 0.1 + 0.2]}, index=["+1", "b"]
    )
    suffix, content = array_file(frame)
    rows = list(csv.reader(StringIO(content.decode())))
    assert suffix == ".csv"
    assert rows == [
        ["", "'=cmd|' /C calc'!A0", "x"],
        ["'+1", "'@SUM(1)", "-1.5"],
        ["b", "a", "0.30000000000000004"],
    ]
