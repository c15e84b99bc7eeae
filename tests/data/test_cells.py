"""Kinds are decided once, and every file is read by them, with a note where one may wonder."""

import csv
import json
import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthproto.cli.main import main
from synthproto.data.kinds import NUMERIC
from synthproto.data.spec import Column, Kind, TableSpec
from synthproto.data.table import Table
from tests.cases import cases

QUICK = ["--preset", "sdmetrics"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2020-01-01", periods=300).to_series()
    codes = np.random.default_rng(0).integers(0, 200, 300)
    frame = pd.DataFrame(
        {
            "x": np.arange(300) + 0.5,
            "day": days.dt.strftime("%Y-%m-%d").to_numpy(),
            "code": [f"c{code}" for code in codes],
            "few": [f"c{code % 100}" for code in codes],
        }
    )
    frame.to_csv("real.csv", index=False)
    frame.assign(day=days.dt.strftime("%d/%m/%Y").to_numpy()).to_csv("european.csv", index=False)
    return tmp_path


def notes(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(["compare", "real.csv", "real.csv", *QUICK, "--json", *words]) == 0
    found: list[str] = json.loads(capsys.readouterr().out)["notes"]
    return [note for note in found if "count as categories" in note]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["real.csv", "european.csv"], "synthetic table 'european.csv'"),
        (["real.csv", "real.csv", "--holdout", "european.csv"], "holdout table 'european.csv'"),
        (["european.csv", "real.csv", "--datetime", "day"], "real table 'european.csv'"),
    ],
)
def test_dates_that_could_be_misread_are_bad_input(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["compare", *words, *QUICK, "--out", "out"]) == 2
    assert not Path("out").exists()
    error = capsys.readouterr().err
    assert f"{said} has dates that are not ISO 8601 in column 'day' (e.g. '01/01/2020')" in error
    assert error.count("\n") == 1


def test_a_spec_decides_which_strings_are_dates(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["spec", "real.csv", "--out", "spec.json"]) == 0
    words = [*QUICK, "--spec", "spec.json"]
    assert main(["compare", "european.csv", "european.csv", *words]) == 2
    assert "real table 'european.csv' has dates that are not ISO" in capsys.readouterr().err


def test_scattered_categories_are_noted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (note,) = notes(capsys, "--out", "out")
    assert note.startswith("['code'] count as categories, but have fewer than 10 rows for each")
    assert "--identifier" in note
    assert "count as categories" in Path("out/report.html").read_text()
    assert main(["compare", "real.csv", "real.csv", *QUICK]) == 0
    assert "note: ['code'] count as categories" in capsys.readouterr().out


def test_categories_that_someone_named_are_not_noted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert notes(capsys, "--categorical", "few,code") == []
    assert main(["spec", "real.csv", "--out", "spec.json"]) == 0
    capsys.readouterr()
    assert notes(capsys, "--spec", "spec.json") == []


def test_many_rows_for_each_category_are_not_noted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.read_csv("real.csv")
    pd.concat([frame] * 10).to_csv("real.csv", index=False)
    assert notes(capsys) == []


# --- cases ------------------------------------------------------------------------------------


def table(path: Path, cells: str, spec: TableSpec | None = None) -> Table:
    path.write_text(cells)
    return Table.read(path, spec)


def column(name: str, *cells: object) -> str:
    return "\n".join([f"{name},row", *(f"{cell},{i}.5" for i, cell in enumerate(cells))]) + "\n"


def test_labels_do_not_depend_on_which_values_a_file_happens_to_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    labels = generator.choice(["01", "02", "03", "U"], 400, p=[0.33, 0.33, 0.33, 0.01])
    frame = pd.DataFrame({"x": generator.normal(size=400).round(3), "c": labels})
    frame.to_csv("real.csv", index=False)
    frame[frame.c != "U"].to_csv("copy.csv", index=False)
    limit = ["--fail-under", "privacy/exact_match_share=0.01"]
    assert main(["compare", "real.csv", "copy.csv", *limit]) == 1
    assert "privacy/exact_match_share is 1.0" in capsys.readouterr().out


def test_digits_with_zeros_before_them_are_labels(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    real = table(path, column("zip", "08654", "10001", "08654", ""))
    assert real.spec.kind("zip") == "categorical"
    assert real.levels("zip").labels == ("08654", "10001")
    assert "zeros before other digits in 2 of 3 cells, e.g. '08654'" in real.notes[0]
    other = table(path, column("zip", "8654", "10001"), real.spec)
    assert other.unseen(real.levels("zip")) == ("8654",)
    phones = [f"0{143060386 + i}" for i in range(30)]
    assert table(path, column("phone", *phones)).spec.kind("phone") == "identifier"
    assert TableSpec.read(path, continuous=["phone"]).kind("phone") == "continuous"
    for cells in (["0", "1", "10"], ["0.5", "1.5", "00.5"], ["0800", "1", "x"]):
        kind = table(path, column("n", *cells * 3)).spec.kind("n")
        assert kind == ("categorical" if "x" in cells else "continuous")


def test_words_for_missing_are_labels_among_labels_and_missing_among_numbers(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.csv"
    real = table(path, column("country", "NA", "DE", "None", ""))
    assert real.missing("country") == 1
    assert set(real.levels("country").labels) == {"NA", "DE", "None"}
    assert "2 of 4 cells of 'country' are ['NA', 'None']: a label like others" in real.notes[0]
    told = Table.read(path, missing=["NA"])
    assert (told.missing("country"), set(told.levels("country").labels)) == (2, {"DE", "None"})
    numbers = table(path, column("n", "NA", "1.5", "nan", "", "null"))
    assert (numbers.spec.kind("n"), numbers.missing("n")) == ("continuous", 4)
    days = table(path, column("day", "NA", "2020-01-31", "None"))
    assert (days.spec.kind("day"), days.missing("day")) == ("datetime", 2)
    assert table(path, column("c", "NA", "NA")).spec.kind("c") == "categorical"


def test_question_marks_among_numbers_are_missing_and_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    real = table(path, column("income", "?", "1500", "?", "1700"))
    assert (real.spec.kind("income"), real.missing("income")) == ("continuous", 2)
    assert "2 of 4 cells of 'income' are missing: ['?']" in real.notes[0]
    labels = table(path, column("work", "?", "private", "public"))
    assert (labels.missing("work"), labels.distinct("work")) == (0, 3)


def test_a_word_among_numbers_is_said(tmp_path: Path) -> None:
    real = table(tmp_path / "t.csv", column("age", *range(30), *range(30), "unknown", "unknown"))
    assert real.spec.kind("age") == "categorical"
    (note,) = real.notes
    assert "2 of 62 cells are no numbers: ['unknown']" in note
    assert "--missing unknown" in note
    again = Table.read(tmp_path / "t.csv", missing=["unknown"])
    assert (again.spec.kind("age"), again.missing("age")) == ("continuous", 2)


def test_floats_are_read_as_they_were_written(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=20_000) ** 3})
    frame.to_csv(tmp_path / "t.csv", index=False)
    np.testing.assert_array_equal(Table.read(tmp_path / "t.csv").frame["x"], frame["x"])


def test_what_is_left_out_is_named_with_what_to_do(tmp_path: Path) -> None:
    days = pd.date_range("2020-12-27", periods=60, freq="61min").strftime("%d %b %Y %H:%M:%S")
    frame = pd.DataFrame({"x": np.arange(60) + 0.5, "when": days})
    frame["kg"] = [f"{60 + i / 7:.4f} kg" for i in range(60)]
    frame["eur"] = [f"€{5000 + i / 7:.2f}" for i in range(60)]
    frame["pct"] = [f"{i / 7:.3f}%" for i in range(60)]
    frame["id"] = [f"u{i}" for i in range(60)]
    frame.to_csv(tmp_path / "t.csv", index=False)
    (note,) = Table.read(tmp_path / "t.csv").notes
    assert note.startswith("left out of comparisons: 'when' (text; looks like dates that are not")
    for said in (
        "'kg' (identifier; looks like numbers with a unit, e.g. '60.0000 kg'; write the",
        "'eur' (identifier; looks like amounts of money",
        "'pct' (",
        "'id' (identifier)",
    ):
        assert said in note
    frame.assign(when=frame["when"].str[:11]).to_csv(tmp_path / "t.csv", index=False)


def test_a_real_column_without_values_takes_any_cell_of_other_files(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    real = table(path, column("c", "", ""))
    assert "'c' has no values: any cell of other files is a label" in real.notes
    for cells in (["a", "b"], ["1", "2"], ["", ""]):
        assert table(path, column("c", *cells), real.spec).distinct("c") == len({*cells} - {""})
    for kind in ("datetime", "boolean", "text", "continuous", "identifier"):
        spec = TableSpec((Column("c", kind), Column("row", "continuous")))
        assert table(path, column("c", "", ""), spec).missing("c") == 2


def test_typed_parquet_columns_compare_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(
        pyarrow.table(
            {
                "money": pyarrow.array([Decimal("1.50"), None, Decimal("2.25")]),
                "span": pyarrow.array([timedelta(seconds=90), None, timedelta(days=1)]),
                "clock": pyarrow.array([time(1), None, time(0, 0, 30)]),
                "month": pd.Series(pd.period_range("2020-01", periods=3, freq="M")),
                "band": pd.Series(pd.interval_range(0, 3)),
            }
        ),
        path,
    )
    real = Table.read(path)
    assert real.spec.kinds == {
        "money": "continuous",
        "span": "continuous",
        "clock": "continuous",
        "month": "datetime",
        "band": "categorical",
    }
    np.testing.assert_array_equal(real.values("money"), [1.5, np.nan, 2.25])
    np.testing.assert_array_equal(real.values("span"), [90, np.nan, 86_400])
    np.testing.assert_array_equal(real.values("clock"), [3600, np.nan, 30])


def test_another_mark_between_fields_is_suspected(tmp_path: Path) -> None:
    real = table(tmp_path / "t.csv", "age  sex\n1  f\n2  m\n")
    assert "one column: another mark between fields is told by --separator" in real.notes
    assert table(tmp_path / "t.csv", "age\n1\n2\n").notes == ()


def test_separators_at_the_ends_of_lines_make_no_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    real = table(path, "a,b,,\n1.5,x,,\n2.5,y,,\n")
    assert real.spec.names == ("a", "b")
    assert "left out, having neither a name nor a value: Unnamed: 2, Unnamed: 3" in real.notes
    assert table(path, "a,b\n1.5,x\n", real.spec).notes == ()
    assert table(path, "a,\n1.5,\n2.5,k\n").spec.names == ("a", "Unnamed: 1")


def test_free_text_is_no_category_of_thousands_of_levels(tmp_path: Path) -> None:
    words = np.random.default_rng(0).choice(
        ["good", "bad", "late", "room", "very", "clean"], (3000, 6)
    )
    reviews = [" ".join(row) + "." for row in words]
    frame = pd.DataFrame({"review": [*reviews, *reviews[:1500]], "x": 0.5})
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert TableSpec.read(tmp_path / "t.csv").kind("review") == "text"
    assert TableSpec.infer(frame).kind("review") == "text"
    assert TableSpec.infer(frame.assign(review=frame["review"].str[:4])).kind("review") == (
        "categorical"
    )


# --- one reading of every file ------------------------------------------------------------------


def values_of(table: Table, real: Table) -> dict[str, list[object]]:
    """Numbers of each row, and which of the real table's labels it has."""
    found: dict[str, list[object]] = {}
    for column in table.spec.columns:
        if column.kind in NUMERIC:
            found[column.name] = [x.hex() for x in table.values(column.name).tolist()]
        else:
            levels = real.levels(column.name)
            names = (None, *levels.labels, *table.unseen(levels))
            found[column.name] = [names[code] for code in table.codes(levels).tolist()]
    return found


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n",;é\t'),
    min_size=1,
    max_size=6,
).filter(lambda label: label.strip() == label and not re.search(r"\d,|,\d", label))
LABELS = TEXTS | st.sampled_from(
    [
        "NA",
        "None",
        "null",
        "nan",
        "?",
        "01",
        "1",
        "1.0",
        "1e+16",
        "007",
        "True",
        "False",
        "0",
        "2020-01-31",
        "-0.0",
    ]
)
INSTANTS = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))
CELLS: dict[str, tuple[Kind, st.SearchStrategy[object]]] = {
    "number": ("continuous", st.floats(-1e150, 1e150)),
    "single": ("continuous", st.floats(-1e5, 1e5, width=32).map(lambda x: round(x, 3))),
    "whole": ("continuous", st.integers(-(2**53), 2**53)),
    "label": ("categorical", LABELS),
    "code": ("categorical", st.integers(0, 20)),
    "price": ("categorical", st.floats(-1e20, 1e20)),
    "flag": ("boolean", st.booleans()),
    "time": ("datetime", INSTANTS),
    "day": ("datetime", INSTANTS.map(lambda moment: moment.date().isoformat())),
    "key": ("identifier", LABELS),
    "note": ("text", TEXTS),
}
FORMS = ("csv", "quoted", "gz", "xz", "semicolon", "utf-16", "parquet", "arrow", "frame")


@st.composite
def columns(draw: st.DrawFn) -> tuple[pd.DataFrame, TableSpec]:
    rows = draw(st.integers(1, 12))
    names = draw(st.lists(st.sampled_from([*CELLS]), min_size=1, max_size=6, unique=True))
    frame = pd.DataFrame({"row": np.arange(rows) + 0.5})
    for name in names:
        gaps = st.none() if draw(st.booleans()) else st.nothing()
        cells = draw(st.lists(CELLS[name][1] | gaps, min_size=rows, max_size=rows))
        frame[name] = pd.Series(cells, dtype=object)
        if CELLS[name][0] in ("continuous", "datetime") or name in ("code", "price"):
            known = pd.to_datetime(frame[name]) if CELLS[name][0] == "datetime" else frame[name]
            frame[name] = known.astype(float) if known.dtype == object else known
            if name == "whole" and not frame[name].isna().any():
                frame[name] = pd.Series(cells, dtype=np.int64)
    kinds = [Column("row", "continuous"), *(Column(name, CELLS[name][0]) for name in names)]
    return frame, TableSpec(tuple(kinds))


def written(frame: pd.DataFrame, form: str, folder: Path) -> Path:
    path = folder / f"t.{form}"
    match form:
        case "parquet":
            frame.to_parquet(path)
        case "quoted":
            frame.to_csv(path, index=False, quoting=csv.QUOTE_ALL)
        case "gz" | "xz":
            frame.to_csv(path, index=False, compression="gzip" if form == "gz" else form)
        case "semicolon":
            frame.to_csv(path, index=False, sep=";", decimal=",")
        case "utf-16":
            frame.to_csv(path, index=False, encoding="utf-16")
        case _:
            frame.to_csv(path, index=False)
    return path


def read_as(frame: pd.DataFrame, spec: TableSpec, form: str, folder: Path) -> Table:
    if form == "frame":
        return Table(frame, spec)
    if form == "arrow":
        return Table(pyarrow.Table.from_pandas(frame), spec)
    path = written(frame, form, folder)
    return Table.read(
        path,
        spec,
        decimal="," if form == "semicolon" else ".",
        separator=";" if form == "semicolon" else ",",
        encoding="utf-16" if form == "utf-16" else "utf-8",
    )


def holds(made: tuple[pd.DataFrame, TableSpec], seed: int, folder: Path) -> None:
    frame, spec = made
    generator = np.random.default_rng(seed)
    real = Table(frame, spec)
    whole = values_of(real, real)
    chosen = np.sort(generator.permutation(len(frame))[: generator.integers(1, len(frame) + 1)])
    some = frame.iloc[chosen].reset_index(drop=True)
    for form in FORMS:
        found = values_of(read_as(some, spec, form, folder), real)
        wanted = {name: [cells[row] for row in chosen] for name, cells in whole.items()}
        assert found == wanted, form


@pytest.mark.parametrize("form", FORMS)
def test_labels_that_differ_in_decimals_only_are_two_where_a_table_has_both(
    form: str, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"x": [0.5, 1.5, 2.5, 3.5], "version": ["1", "1.0", "2.0", "1"]})
    spec = TableSpec.infer(frame, categorical=["version"])
    real = read_as(frame, spec, form, tmp_path)
    levels = real.levels("version")
    assert levels.labels == ("1", "1.0", "2")
    assert real.distinct("version") == 3
    copy = read_as(frame.iloc[1:3], spec, form, tmp_path)  # only "1.0" and "2.0"
    assert copy.counts(levels).tolist() == [0, 0, 1, 1]
    assert copy.unseen(levels) == ()
    numbers = Table(pd.DataFrame({"x": [0.5, 1.5], "version": [1.0, 2.0]}), spec)
    assert numbers.counts(levels).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    "labels",
    [
        ["-0.0", "False", "True", "0"],
        ["-0.0", "False"],
        ["1.0", "True"],
        ["1.0", "1e0", "true"],
        ["1e+16", "10000000000000000", "1.0e16"],
        ["2.0", "2.00", "+2"],
        ["-0.0", "0.0", "0"],
    ],
    ids=repr,
)
def test_a_table_has_all_of_its_own_labels(labels: list[str]) -> None:
    frame = pd.DataFrame({"c": labels})
    table = Table(frame, TableSpec.infer(frame, categorical=["c"]))
    levels = table.levels("c")
    assert table.unseen(levels) == ()
    assert sorted(table.codes(levels).tolist()) == list(range(1, len(labels) + 1))
    assert table.distinct("c") == levels.size == len(labels)


def test_labels_of_whole_numbers_are_shown_without_decimals(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,code\n0.5,1.0\n1.5,2.0\n2.5,\n")  # whole numbers and a gap, by pandas
    spec = TableSpec.read(path, categorical=["code"])
    assert Table.read(path, spec).levels("code").labels == ("1", "2")


@settings(max_examples=cases(120), deadline=None)
@given(made=columns(), seed=st.integers(0, 1000))
def test_any_rows_in_any_form_have_the_same_values(
    made: tuple[pd.DataFrame, TableSpec], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    holds(made, seed, tmp_path_factory.mktemp("forms", numbered=True))


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(made=columns(), seed=st.integers(0, 1000))
def test_any_rows_in_any_form_have_the_same_values_in_a_thousand_tables(
    made: tuple[pd.DataFrame, TableSpec], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    holds(made, seed, tmp_path_factory.mktemp("forms", numbered=True))


def test_the_dtypes_of_labels_do_not_depend_on_how_their_kind_is_known(tmp_path: Path) -> None:
    """Or else no synthetic table, which is read by the real one's kinds, would have its dtypes."""
    path = tmp_path / "labels.csv"
    path.write_text("word,zip,gap,code\na,01,x,1\nb,02,,2\na,01,y,x3\n")
    first = Table.read(path)
    assert first.spec.of_kind("categorical") == first.spec.names
    assert Table.read(path, first.spec).dtypes == first.dtypes
    assert len(set(first.dtypes)) == 1
