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

from synthproto.data.faults import listed, refuse, repeated
from synthproto.data.kinds import KINDS
from synthproto.data.spec import TableSpec
from synthproto.errors import MissingExtraError, ParameterError, SchemaError

_SEPARATORS = ",;\t|"
_PARQUET = (".parquet", ".pq")
_GZIP = ".gz"  # as pandas tells it as well
# What a file that is no CSV begins with, and what to do about it.
_BEGINNINGS = {
    b"PAR1": "is parquet; name it .parquet",
    b"PK\x03\x04": "is a workbook or a zip archive; export its table as CSV",
    b"\x1f\x8b": "is packed by gzip; name it .csv.gz",
    b"\xff\xfe": "is UTF-16; say so: --encoding utf-16",
_SHOWN = 60  # characters of a line in one message
    b"\xfe\xff": "is UTF-16; say so: --encoding utf-16",
    b"{": "is JSON, or has a name that begins with a brace; give CSV or parquet",
    b"[": "is JSON, or has a name that begins with a bracket; give CSV or parquet",
}
# A date, or a date with a time, as ISO 8601 writes it.
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_LOOKED_AT = 1000  # values that decide whether a column of strings holds dates


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
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


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
    named = {kind: _names(getattr(given, kind), frame) for kind in KINDS}
    dated = _iso_dates(frame, [name for names in named.values() for name in names])
    try:
        return TableSpec.infer(
            with_dates(dated, named["datetime"]),
            continuous=named["continuous"],
            categorical=named["categorical"],
            datetime=named["datetime"],
            boolean=named["boolean"],
            identifier=named["identifier"],
            text=named["text"],
        )
    except SchemaError as error:
        raise SchemaError(str(error).replace("frame", name, 1)) from error


def _names(values: Sequence[str], frame: pd.DataFrame) -> list[str]:
    """Column names in option values: a value that is a name is one, however many commas it has."""
    return [
        name
        for value in values
        for name in ([value] if value in frame.columns else value.split(","))
        if name
    ]


def with_dates(frame: pd.DataFrame, wanted: Sequence[str] = ()) -> pd.DataFrame:
    """A frame whose dates are dates, not strings.

    Args:
        frame: As read; left as it is.
        wanted: Columns that are to be dates, in any format that pandas reads; left as they are
            where they cannot be read.
    """
    strings = [name for name in wanted if name in frame and frame[name].dtype == object]
    read = {name: _as_dates(frame[name], "mixed") for name in strings}
    return _replaced(frame, read)


def _replaced(frame: pd.DataFrame, columns: Mapping[str, pd.Series | None]) -> pd.DataFrame:
    """The frame with some columns exchanged, those that are not ``None``; no cell is copied."""
    exchanged = frame.copy(deep=False)
    for name, values in columns.items():
        if values is not None:
            exchanged[name] = values
    return exchanged


def _iso_dates(frame: pd.DataFrame, named: Sequence[str]) -> pd.DataFrame:
    """Columns of dates or of ISO 8601 strings become dates, unless a kind is named."""
    found = {
        name: _as_dates(frame[name], "ISO8601")
        for name in frame.columns
        if name not in named and frame[name].dtype == object and _looks_like_dates(frame[name])
    }
    return _replaced(frame, found)


def _looks_like_dates(values: pd.Series) -> bool:
    some = values.dropna().head(_LOOKED_AT)
    return len(some) > 0 and all(
        isinstance(value, date)  # what parquet calls a date comes without a time
        or (isinstance(value, str) and _ISO_DATE.fullmatch(value.strip()))
        for value in some
    )


def _as_dates(values: pd.Series, style: str) -> pd.Series | None:
    try:
        # Dates without a zone are in UTC, as tables read them; zones may differ within a column.
        read = pd.to_datetime(values, format=style, utc=True)
    except (ValueError, TypeError):
        return None
    return read if pd.api.types.is_datetime64_any_dtype(read.dtype) else None


def fitted(frame: pd.DataFrame, spec: TableSpec) -> pd.DataFrame:
    """A frame as read, its columns turned into what the spec says where a file cannot say it.

    Dates become dates; a column without any values, which reads as numbers, becomes one of
    objects. What does not fit is left for the check of the table, whose message is better.
    """
    known = {name: spec.kind(name) for name in spec.names}
    dated = [name for name in frame.columns if known.get(name) == "datetime"]
    made: dict[str, pd.Series] = {}
    for name in frame.columns:
        if known.get(name) in ("datetime", "text") and frame[name].isna().all():
            empty = frame[name].astype(object)
            made[name] = pd.to_datetime(empty) if name in dated else empty
    return with_dates(_replaced(frame, made), dated)
