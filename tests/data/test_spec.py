import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthproto.data.kinds import KINDS
from synthproto.data.spec import Column, Kind, TableSpec
from synthproto.errors import SchemaError

N = 40
DAYS = pd.date_range("2020-02-28", periods=N)


def kind_of(values: object, name: str = "x") -> Kind:
    return TableSpec.infer(pd.DataFrame({name: values})).kind(name)


def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": [25, 31, 47],
            "sex": ["m", "f", "f"],
            "born": pd.DatetimeIndex(["1990-01-01", "1991-02-03", "NaT"]),
            "smoker": [True, False, True],
            "note": ["a", "b", "c"],
        }
    )


SPEC = TableSpec(
    (
        Column("age", "continuous"),
        Column("sex", "categorical"),
        Column("born", "datetime"),
        Column("smoker", "boolean"),
        Column("note", "text"),
    )
)


def test_named_kinds_win_and_the_order_is_the_frames() -> None:
    spec = TableSpec.infer(people(), categorical=["age"], text=["note"], identifier=("sex",))
    assert spec.names == ("age", "sex", "born", "smoker", "note")
    assert [c.kind for c in spec.columns] == [
        "categorical",
        "identifier",
        "datetime",
        "boolean",
        "text",
    ]
    assert spec.of_kind("text", "categorical") == ("age", "note")
    assert spec.of_kind() == ()


def test_zeros_and_ones_can_be_named_boolean() -> None:
    frame = pd.DataFrame({"a": [0, 1, 1], "b": [0.0, 1.0, np.nan]})
    assert TableSpec.infer(frame, boolean=["a", "b"]).of_kind("boolean") == ("a", "b")


def test_the_frame_is_left_as_it_is() -> None:
    frame = people()
    TableSpec.infer(frame, categorical=["age"])
    pd.testing.assert_frame_equal(frame, people())


def test_all_faults_of_names_are_told_at_once() -> None:
    with pytest.raises(SchemaError) as caught:
        TableSpec.infer(
            people(), categorical=["Age", "foo", "sex"], text=["sex"], continuous=["sex"]
        )
    message = str(caught.value)
    assert "frame has 2 faults" in message
    assert "lacks 2 of 3 named columns: ['Age', 'foo']; it has ['age', 'sex'" in message
    assert "Did you mean 'age' for 'Age'?" in message
    assert "column 'sex' named as more than one kind: ['continuous', 'categorical', 'text']" in (
        message
    )


def test_a_bare_string_is_no_list_of_names() -> None:
    with pytest.raises(SchemaError, match="takes a list of names as categorical; got 'sex'"):
        TableSpec.infer(people(), categorical="sex")  # type: ignore[arg-type]  # what is refused


def test_all_misread_columns_are_told_at_once() -> None:
    with pytest.raises(SchemaError) as caught:
        TableSpec.infer(people(), continuous=["sex"], datetime=["note"], boolean=["age"])
    message = str(caught.value)
    assert "in the continuous column 'sex', e.g. 'm'; it takes numbers" in message
    assert "in the datetime column 'note', e.g. 'a'; it takes datetime64" in message
    assert "int64 in the boolean column 'age', e.g. 25; it takes True and False" in message


def two_named_a(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis(["a", "a", "b", "c", "d"], axis=1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda frame: frame[:0], "frame has no rows"),
        (lambda frame: frame[[]], "frame has no columns"),
        (two_named_a, r"frame has duplicate columns: \['a'\]"),
        (lambda frame: frame.set_axis(range(5), axis=1), r"not strings, or empty: \[0, 1, 2, 3"),
        (lambda frame: frame.rename(columns={"age": ""}), r"not strings, or empty: \[''\]"),
        (lambda frame: frame.assign(sex=[[1], {}, {1}]), "'sex', e.g. .1.; it takes hashable"),
    ],
)
def test_frames_that_are_no_tables_are_refused(
    change: Callable[[pd.DataFrame], pd.DataFrame], told: str
) -> None:
    with pytest.raises(SchemaError, match=told):
        TableSpec.infer(change(people()))


def test_a_frame_of_many_faults_has_them_all_told() -> None:
    frame = people().set_axis(["a", "a", 3, "b", "c"], axis=1)[:0]
    with pytest.raises(SchemaError) as caught:
        TableSpec.infer(frame)
    for told in ("no rows", "duplicate columns: ['a']", "not strings, or empty: [3]"):
        assert told in str(caught.value)


# --- faults of a frame ------------------------------------------------------------------------


def test_a_frame_that_fits_has_no_faults() -> None:
    assert SPEC.faults(people()) == []
    SPEC.check(people())


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame[frame.columns[::-1]],
        lambda frame: frame.astype({"age": "float32", "sex": "category"}),
        lambda frame: frame.astype({"age": "Int8", "smoker": "boolean", "note": "string"}),
        lambda frame: frame.assign(smoker=[1.0, 0.0, np.nan]),
        lambda frame: frame.assign(smoker=None, note=None, sex=None),
        lambda frame: frame.assign(born=frame["born"].dt.tz_localize("UTC")),
        lambda frame: frame.assign(sex=[1, "f", None], age=[np.nan] * 3),
        lambda frame: frame.assign(note=pd.Categorical(["a", "b", None])),
    ],
)
def test_dtypes_and_order_are_no_faults(change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    assert SPEC.faults(change(people())) == []


def test_every_misfit_is_told_in_one_go() -> None:
    frame = people().rename(columns={"age": "Age", "sex": "gender"})
    frame = frame.assign(born="1990", smoker=[0, 1, 2], note=[1, 2, 3])
    faults = SPEC.faults(frame)
    assert faults == [
        "lacks 2 of 5 columns: ['age', 'sex']; it has ['Age', 'gender', 'born', 'smoker', "
        "'note']. Did you mean 'Age' for 'age'?",
        "has 2 columns that the spec does not: ['Age', 'gender']",
        f"has {frame['born'].dtype} in the datetime column 'born', e.g. '1990'; it takes "
        "datetime64",
        "has int64 in the boolean column 'smoker', e.g. 2; it takes True and False, or 0 and 1",
        "has int64 in the text column 'note', e.g. 1; it takes strings",
    ]
    with pytest.raises(SchemaError, match="synthetic table has 5 faults:\n  - it lacks 2 of 5"):
        SPEC.check(frame, "synthetic table")
    one = SPEC.faults(people().assign(row=range(3)))
    assert one == ["has 1 column that the spec does not: ['row']"]


def test_empty_and_duplicate_frames_do_not_fit() -> None:
    assert SPEC.faults(people()[:0]) == ["has no rows"]
    twice = pd.concat([people(), people()[["age"]]], axis=1)
    assert SPEC.faults(twice) == ["has duplicate columns: ['age']"]
    assert SPEC.faults(pd.DataFrame())[:2] == ["has no columns", "has no rows"]


def test_numbers_for_strings_and_strings_for_numbers() -> None:
    frame = people().assign(age=["25", "31", "47"], smoker=["yes", "no", "yes"])
    faults = SPEC.faults(frame)
    assert len(faults) == 2
    assert "in the continuous column 'age', e.g. '25'; it takes numbers" in faults[0]
    assert "in the boolean column 'smoker', e.g. 'yes'" in faults[1]


def test_long_lists_are_cut() -> None:
    wide = pd.DataFrame(np.ones((2, 500)), columns=[f"c{i}" for i in range(500)])
    spec = TableSpec.infer(wide)
    assert max(map(len, spec.faults(people()))) < 1000
    assert "... 488 more" in spec.faults(people())[0]


# --- the spec itself ---------------------------------------------------------------------------


def test_kind_of_an_unknown_column() -> None:
    with pytest.raises(SchemaError, match=r"no column 'Sex'; .* Did you mean 'sex' for 'Sex'\?"):
        SPEC.kind("Sex")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ([], "spec has no columns"),
        ([Column("a", "text"), Column("a", "boolean")], r"more than once: \['a'\]"),
        ([Column("", "text")], "without a name"),
    ],
)
def test_a_spec_has_named_unique_columns(columns: Sequence[Column], told: str) -> None:
    with pytest.raises(SchemaError, match=told):
        TableSpec(tuple(columns))


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(columns=st.dictionaries(names, st.sampled_from(KINDS), min_size=1, max_size=20))
def test_saved_specs_come_back(
    columns: dict[str, Kind], tmp_path_factory: pytest.TempPathFactory
) -> None:
    spec = TableSpec(tuple(Column(name, kind) for name, kind in columns.items()))
    path = tmp_path_factory.mktemp("spec") / "spec.json"
    spec.save(path)
    assert TableSpec.load(path) == spec
    assert [file.name for file in path.parent.iterdir()] == ["spec.json"]


def test_the_file_is_meant_to_be_read_and_edited(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    SPEC.save(path)
    text = path.read_text(encoding="utf-8")
    assert '    {"name": "age", "kind": "continuous"},\n' in text
    path.write_text(text.replace('"continuous"', '"categorical"'), encoding="utf-8")
    assert TableSpec.load(str(path)).kind("age") == "categorical"


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "spec.json"
    SPEC.save(path)

    def fail(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        TableSpec((Column("x", "text"),)).save(path)
    assert TableSpec.load(path) == SPEC
    assert [file.name for file in tmp_path.iterdir()] == ["spec.json"]


def edited(tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "spec.json"
    SPEC.save(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, **changes}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not readable as JSON"),
        ('{"format": ', "not readable as JSON"),
        ("\xff\xfe", "not readable as JSON"),
        ("[1, 2]", "not a table spec"),
        ('{"columns": []}', "not a table spec"),
    ],
)
def test_damaged_and_foreign_files_are_refused_by_name(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SchemaError, match=rf"spec file '.*other\.json' .*{told}"):
        TableSpec.load(path)


def test_newer_versions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="version 9; this release reads up to 1"):
        TableSpec.load(edited(tmp_path, version=9))
    with pytest.raises(SchemaError, match="version None"):
        TableSpec.load(edited(tmp_path, version=None))


def test_all_bad_entries_are_told_at_once(tmp_path: Path) -> None:
    columns = [
        {"name": "a", "kind": "categoric"},
        {"name": 3, "kind": ["text"]},
        "b",
        {"name": "c"},
        {"name": "d", "kind": "text"},
    ]
    with pytest.raises(SchemaError) as caught:
        TableSpec.load(edited(tmp_path, columns=columns))
    message = str(caught.value)
    assert "kind 'categoric' in columns[0]" in message
    assert "Did you mean 'categorical' for 'categoric'?" in message
    assert "name 3 in columns[1]" in message
    assert "kind ['text'] in columns[1]" in message
    assert "'b' as columns[2]" in message
    assert "{'name': 'c'} as columns[3]" in message
    assert "columns[4]" not in message
    assert message.count("'identifier'") == 1


def test_files_without_usable_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match='has no list "columns"'):
        TableSpec.load(edited(tmp_path, columns={"a": "text"}))
    with pytest.raises(SchemaError, match=r"spec file '.*spec\.json': spec has no columns"):
        TableSpec.load(edited(tmp_path, columns=[]))
    twice = [{"name": "a", "kind": "text"}] * 2
    with pytest.raises(SchemaError, match=r"spec\.json'.*more than once: \['a'\]"):
        TableSpec.load(edited(tmp_path, columns=twice))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"spec\.json"):
        TableSpec.load(tmp_path / "spec.json")
