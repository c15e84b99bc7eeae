"""Tags as file names: inside the folder, apart from each other, and recoverable."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthproto.trackers.formats import original_name, safe_name, safe_path

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
