"""Tables from files: CSV in any common shape, or parquet; and the spec that fits them."""

import argparse
import codecs
import csv
import gzip
import io
import re
import warnings
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import final

import pandas as pd

from synthproto.checks import listed, refuse, repeated
from synthproto.data.frames import KINDS, Kind
from synthproto.data.spec import TableSpec
from synthproto.errors import MissingExtraError, ParameterError, SchemaError

# A date, or a date with a time, as ISO 8601 writes it.
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
# Strings that pandas takes for the present moment, whatever the format.
_MOMENTS = ("now", "today")
_NUMBER = r"[+-]?\d+(?P<marked>{mark}\d*)?([eE][+-]?\d+)?"
_GROUPED = r"[+-]?(0|[1-9]\d{{0,2}}(?P<marked>{mark}\d{{3}})*)"  # also 1,234,567
_LOOKED_AT = 1000  # values that decide what a column of strings holds
_SHOWN = 12  # columns named in one message; a table may have thousands


def replaced(frame: pd.DataFrame, columns: Mapping[str, pd.Series | None]) -> pd.DataFrame:
    """The frame with some columns exchanged, those that are not ``None``; no cell is copied."""
    exchanged = frame.copy(deep=False)
    for name, values in columns.items():
        if values is not None:
            exchanged[name] = values
    return exchanged


def may_hold_strings(values: pd.Series) -> bool:
    """Whether the column is of objects or strings."""
    return values.dtype == object or isinstance(values.dtype, pd.StringDtype)


# --- dates --------------------------------------------------------------------------------------


def with_dates(frame: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """A frame whose dates are dates, not strings.

    Args:
        frame: As read; left as it is.
        wanted: Columns that are to be dates; left as they are where a cell is not ISO 8601: any
            other format would have to be guessed, and 01/02/2020 is a day of two months.
    """
    return replaced(frame, {name: _as_dates(frame[name]) for name in _strings(frame, wanted)})


def with_found_dates(frame: pd.DataFrame, aside: Sequence[str]) -> pd.DataFrame:
    """A frame whose columns of dates or of ISO 8601 strings are dates, some columns aside."""
    others = [name for name in frame.columns if name not in aside]
    return with_dates(frame, [n for n in _strings(frame, others) if _looks_like_dates(frame[n])])


def date_faults(frame: pd.DataFrame, wanted: Sequence[str]) -> list[str]:
    """Which columns are to be dates and cannot be read as such; none if all can.

    Returns:
        A clause for what is not ISO 8601, and one for what is, but no date that pandas has.
    """
    cells = {name: _undated(frame[name]) for name in _strings(frame, wanted)}
    impossible = {name: cell for name, cell in cells.items() if _is_iso(cell)}
    faults = []
    if shown := _examples({name: cell for name, cell in cells.items() if name not in impossible}):
        faults.append(
            f"has dates that are not ISO 8601 in {shown}; write them as 2020-01-31, with times as "
            "2020-01-31 18:30:00"
        )
    if shown := _examples(impossible):
        faults.append(
            f"has dates of no calendar, or not of the years 1678 to 2261, in {shown}; leave such "
            "cells empty"
        )
    return faults


def _strings(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in frame and may_hold_strings(frame[name])]


def _looks_like_dates(values: pd.Series) -> bool:
    some = values.dropna().head(_LOOKED_AT)
    return len(some) > 0 and all(_is_iso(value) for value in some)


def _is_iso(value: object) -> bool:
    if isinstance(value, str):
        return _ISO_DATE.fullmatch(value.strip()) is not None
    return isinstance(value, date)  # what parquet calls a date comes without a time


def _as_dates(values: pd.Series) -> pd.Series | None:
    try:
        # Dates without a zone are in UTC, as tables read them; zones may differ within a column.
        read = pd.to_datetime(_stripped(values), format="ISO8601", utc=True)
    except (ValueError, TypeError):
        return None
    return None if _stripped(values).isin(_MOMENTS).any() else read


def _stripped(values: pd.Series) -> pd.Series:
    """Without blanks around strings, which pandas minds at the end only."""
    return values.map(lambda value: value.strip() if isinstance(value, str) else value)


def _undated(values: pd.Series) -> object:
    """The first cell that is no ISO 8601 date; ``None`` if there is none."""
    present = _stripped(values.dropna())
    read = pd.to_datetime(present, format="ISO8601", utc=True, errors="coerce")
    return next(iter(present[read.isna() | present.isin(_MOMENTS)].head(1).tolist()), None)


# --- numbers ------------------------------------------------------------------------------------


def decimal_faults(
    frame: pd.DataFrame, names: Sequence[str], decimal: str, advice: str
) -> list[str]:
    """Which columns are strings only because their numbers have another mark; none if none are.

    Args:
        frame: As read.
        names: Columns that may hold numbers.
        decimal: The mark of decimals that the file was read with.
        advice: What to do about decimals; ``{mark}`` in it is the mark that was found.

    Returns:
        A clause for decimals, and one for what may as well be thousands: 1,234.
    """
    mark = "," if decimal == "." else "."
    number, grouped = (
        re.compile(pattern.format(mark=re.escape(mark))) for pattern in (_NUMBER, _GROUPED)
    )
    looked_at = {name: frame[name].dropna().head(_LOOKED_AT) for name in _strings(frame, names)}
    either = {name: _marked(values, grouped) for name, values in looked_at.items()}
    decimals = {name: _marked(looked_at[name], number) for name in either if not either[name]}
    said, faults = advice.replace("{mark}", mark), []
    if shown := _examples(decimals):
        faults.append(f"has numbers with the decimal mark {mark!r} in {shown}; {said}")
    if shown := _examples(either):
        faults.append(
            f"has numbers with {mark!r} as decimal mark or between thousands in {shown}; leave it "
            f"out between thousands; for decimals, {said}"
        )
    return faults


def _marked(values: pd.Series, pattern: re.Pattern[str]) -> str | None:
    """The first cell with a mark, where the pattern fits every cell; ``None`` if there is none."""
    example = None
    for value in values:
        found = pattern.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            return None
        if example is None and found["marked"]:
            example = value
    return example


def _examples(cells: Mapping[str, object]) -> str:
    """Columns, each with a cell of it, those of ``None`` aside; empty if there are none."""
    shown = [f"{name!r} (e.g. {cell!r})" for name, cell in cells.items() if cell is not None]
    more = f", ... {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"column{'s' * (len(shown) > 1)} {', '.join(shown[:_SHOWN])}{more}" if shown else ""


_SEPARATORS = ",;\t|"
_PARQUET = (".parquet", ".pq")
_GZIP = ".gz"  # as pandas tells it as well
_LINE = 60  # characters of a line in one message
# What a file that is no CSV begins with, and what to do about it.
_BEGINNINGS = {
    b"PAR1": "is parquet; name it .parquet",
    b"PK\x03\x04": "is a workbook or a zip archive; export its table as CSV",
    b"\x1f\x8b": "is packed by gzip; name it .csv.gz",
    b"\xff\xfe": "is UTF-16; say so: --encoding utf-16",
    b"\xfe\xff": "is UTF-16; say so: --encoding utf-16",
    b"{": "is JSON, or has a name that begins with a brace; give CSV or parquet",
    b"[": "is JSON, or has a name that begins with a bracket; give CSV or parquet",
}


@final
@dataclass(frozen=True)
class Reader:
    """How files are read.

    Attributes:
        separator: Between the fields of a CSV file; ``""``: what occurs most in its first line.
        encoding: Of CSV files, which may be packed (``.csv.gz``).
        decimal: Mark of decimals in CSV files.
    """

    separator: str = ""
    encoding: str = "utf-8"
    decimal: str = "."

    def read(self, path: Path) -> pd.DataFrame:
        """Read a file whole, without a nameless first column of row numbers.

        Raises:
            SchemaError: It is not a table, or has duplicate column names; names the file.
            MissingExtraError: It is parquet, and pyarrow is not installed.
            OSError: It cannot be read.
        """
        if path.is_dir():
            raise SchemaError(f"{str(path)!r} is a folder; give a CSV or parquet file")
        frame = _parquet(path) if path.suffix.lower() in _PARQUET else self._csv(path)
        if not len(frame):
            raise SchemaError(f"file {str(path)!r} has no rows below its header")
        return frame

    def _csv(self, path: Path) -> pd.DataFrame:
        try:
            names, separator = self._header(path)
            refuse(f"file {str(path)!r}", _name_faults(names))
            with warnings.catch_warnings():
                # Lines longer than the header would be cut with no more than a warning.
                warnings.simplefilter("error", pd.errors.ParserWarning)
                frame = pd.read_csv(
                    path,
                    sep=separator,
                    encoding=self._codec,
                    decimal=self.decimal,
                    low_memory=False,  # or else a column's type may change within the file
                    index_col=False,
                )
            return frame.iloc[:, 1:] if not names[0] and _row_numbers(frame) else frame
        except UnicodeDecodeError as error:
            raise SchemaError(
                f"file {str(path)!r} is not {self.encoding}: it has the byte "
                f"{error.object[error.start]:#04x}; say what it is, e.g. --encoding latin-1"
            ) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SchemaError(f"file {str(path)!r} is no whole gzip file: {error}") from error
        except pd.errors.EmptyDataError as error:
            raise SchemaError(f"file {str(path)!r} is empty; a header line is needed") from error
        except pd.errors.ParserWarning as error:
            raise SchemaError(
                f"file {str(path)!r} has more fields in its rows than names in its header"
            ) from error
        except (pd.errors.ParserError, csv.Error) as error:
            reason = str(error).strip().replace("Error tokenizing data. C error: ", "")
            raise SchemaError(f"file {str(path)!r} is not a whole CSV table: {reason}") from error

    @property
    def _codec(self) -> str:
        # The mark that some programs begin a file with is not part of the first name.
        return "utf-8-sig" if self.encoding.lower().replace("-", "") == "utf8" else self.encoding

    def _header(self, path: Path) -> tuple[list[str], str]:
        self._check_beginning(path)
        with _text(path, self._codec) as text:
            first = text.readline()
            if not first.strip():
                raise SchemaError(f"file {str(path)!r} is empty; a header line is needed")
            bare = _outside_quotes(first)
            usual = max(_SEPARATORS, key=bare.count)
            separator = self.separator or usual
            text.seek(0)
            names = next(csv.reader(text, delimiter=separator))
        if len(names) == 1 and separator != usual and usual in bare:
            raise SchemaError(
                f"file {str(path)!r} has one column with the separator {separator!r}: "
                f"{_short(names[0])!r}. Is it {usual!r}? Leave --separator out to have it found, "
                "or put the name into quotes"
            )
        return names, separator

    def _check_beginning(self, path: Path) -> None:
        """Refuse files that one takes for CSV only by mistake."""
        with _unpacked(path) as file:
            beginning = file.read(4)
        for mark, fault in _BEGINNINGS.items():
            told = "utf-16" in fault and self._codec != "utf-8-sig"
            if beginning.startswith(mark) and not told:
                raise SchemaError(f"file {str(path)!r} {fault}")


def _text(path: Path, codec: str) -> io.TextIOWrapper:
    if path.suffix.lower() == _GZIP:
        return io.TextIOWrapper(gzip.open(path), encoding=codec, newline="")
    return path.open(encoding=codec, newline="")


def _unpacked(path: Path) -> io.BufferedIOBase:
    return gzip.open(path) if path.suffix.lower() == _GZIP else path.open("rb")


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*("|$)', "", line)  # a name may go on in the next line


def _short(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[:_LINE]}..."


def _name_faults(names: Sequence[str]) -> list[str]:
    # An empty first name is that of an index that was written too; pandas gives it a name.
    twice = repeated([name for name in names if name])
    return [f"has duplicate columns: {listed(twice)}"] if twice else []


def _row_numbers(frame: pd.DataFrame) -> bool:
    """Whether the first column can be nothing but an index that was written too."""
    first = frame.iloc[:, 0]
    return len(frame.columns) > 1 and first.dtype.kind == "i" and first.is_unique


def _parquet(path: Path) -> pd.DataFrame:
    if find_spec("pyarrow") is None:
        raise MissingExtraError(
            f"file {str(path)!r} is parquet, which needs pyarrow, and that is not installed: "
            "pip install 'synthproto[parquet]'"
        )
    try:
        return pd.read_parquet(path, engine="pyarrow")
    except ValueError as error:  # pyarrow's own errors are of this class
        raise SchemaError(f"file {str(path)!r} is not a parquet table: {error}") from error


# --- kinds ------------------------------------------------------------------------------------


def reader_of(given: argparse.Namespace) -> Reader:
    """The reader that the options ask for.

    Raises:
        ParameterError: A separator or decimal mark that is not one character, or an encoding that
            python does not know.
    """
    separator = given.separator.replace("\\t", "\t")
    if len(separator) > 1 or len(given.decimal) != 1:
        raise ParameterError(
            f"--separator and --decimal take one character each; got {given.separator!r} and "
            f"{given.decimal!r}"
        )
    try:
        codecs.lookup(given.encoding)
    except LookupError as error:
        raise ParameterError(f"--encoding is not one that exists: {error}") from error
    return Reader(separator, given.encoding, given.decimal)


def inferred_spec(frame: pd.DataFrame, given: argparse.Namespace, name: str) -> TableSpec:
    """Spec of a frame, with the kinds that the options name.

    Raises:
        SchemaError: The frame or the names are at fault; begins with ``name``.
    """
    named = named_columns(frame, given)
    dated = _readable(frame, named, given.decimal, name)
    try:
        return TableSpec.infer(
            dated,
            continuous=named["continuous"],
            categorical=named["categorical"],
            datetime=named["datetime"],
            boolean=named["boolean"],
            identifier=named["identifier"],
            text=named["text"],
        )
    except SchemaError as error:
        raise SchemaError(str(error).replace("frame", name, 1)) from error


def _readable(
    frame: pd.DataFrame, named: Mapping[Kind, Sequence[str]], decimal: str, name: str
) -> pd.DataFrame:
    """The frame with its dates read; refuses strings whose kind a wrong option hides."""
    known = [column for columns in named.values() for column in columns]
    dated = with_dates(with_found_dates(frame, known), named["datetime"])
    numbers = [column for column in frame.columns if column not in known]
    advice = (
        "say so: --decimal {mark}; if they are no numbers, say what they are: --categorical, "
        "--identifier or --text"
    )
    faults = [
        *date_faults(dated, named["datetime"]),
        *decimal_faults(dated, [*numbers, *named["continuous"]], decimal, advice),
    ]
    refuse(name, faults)
    return dated


def named_columns(frame: pd.DataFrame, given: argparse.Namespace) -> dict[Kind, list[str]]:
    """Columns by the kind that the options name for them."""
    return {kind: _names(getattr(given, kind), frame) for kind in KINDS}


def _names(values: Sequence[str], frame: pd.DataFrame) -> list[str]:
    """Column names in option values: a value that is a name is one, however many commas it has."""
    return [
        name
        for value in values
        for name in ([value] if value in frame.columns else value.split(","))
        if name
    ]


def fitted(frame: pd.DataFrame, spec: TableSpec, name: str, decimal: str = ".") -> pd.DataFrame:
    """A frame as read, its columns turned into what the spec says where a file cannot say it.

    Dates become dates; a column without any values, which reads as numbers, becomes one of
    objects. What else does not fit is left for the check of the table.

    Args:
        frame: As read; left as it is.
        spec: Names and kinds of the columns.
        name: What errors call the table.
        decimal: The mark of decimals that it was read with.

    Raises:
        SchemaError: It has dates that are not ISO 8601, or numbers with another decimal mark.
    """
    dates = spec.of_kind("datetime")
    made: dict[str, pd.Series] = {}
    for column in spec.of_kind("datetime", "text"):
        if column in frame and frame[column].isna().all():
            empty = frame[column].astype(object)
            made[column] = pd.to_datetime(empty) if column in dates else empty
    dated = with_dates(replaced(frame, made), dates)
    advice = f"write {decimal!r}" + ", or if all files have {mark!r}, say so: --decimal {mark}"
    faults = [
        *date_faults(dated, dates),
        *decimal_faults(dated, spec.of_kind("continuous"), decimal, advice),
    ]
    refuse(name, faults)
    return dated
