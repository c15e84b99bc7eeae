"""What lies in a file: its bytes, unpacked; CSV as text or by its looks; parquet as it is."""

import bz2
import codecs
import csv
import gzip
import io
import json
import lzma
import re
import stat
import warnings
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Literal, TypeAlias, final

import pandas as pd

from synthproto.checks import listed, refuse, repeated
from synthproto.data.frames import of_arrow
from synthproto.errors import MissingExtraError, ParameterError, SchemaError

_SEPARATORS = ",;\t|"
_LINE = 60  # characters of a line in one message
_WIDEST = 20_000  # columns; a header of more is no header
# Numbers are read as they were written; from pandas 3.1 on, they are without being asked for.
_PRECISION: Literal["round_trip"] | None = (
    "round_trip" if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1) else None
)
# A packed file may unpack to so many bytes, or to so many times its size: what unpacks to more was
# made to fill the memory.
_UNPACKED, _RATIO = 1 << 26, 100
# Text files that are pipes by nature: what a shell's <(...) gives.
_PIPES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")


@final
@dataclass(frozen=True)
class FileFormat:
    r"""How the cells of CSV files are written.

    Attributes:
        separator: Between the fields; ``""``: what occurs most in the first line. ``"\\t"`` is a
            tab.
        encoding: Any text encoding that python knows.
        decimal: Mark of decimals.
        missing: Cells that stand for a missing value in every column, besides the empty cell.

    Raises:
        ParameterError: A separator or decimal mark that is not one character, or both the same; or
            an encoding that does not exist, or is none of text. Names all faults.
    """

    separator: str = ""
    encoding: str = "utf-8"
    decimal: str = "."
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "separator", self.separator.replace("\\t", "\t"))
        faults = []
        if len(self.separator) > 1 or self.separator in ('"', "\n", "\r", "\0"):
            faults.append(f"--separator takes one character; got {self.separator!r}")
        if len(self.decimal) != 1 or self.decimal in '"\n\r\0' or self.decimal.isalnum():
            faults.append(f"--decimal takes one mark; got {self.decimal!r}")
        if self.separator == self.decimal:
            faults.append(f"--separator and --decimal are the same: {self.decimal!r}")
        if not _is_text_encoding(self.encoding):
            faults.append(f"--encoding is not a text encoding that exists: {self.encoding!r}")
        if faults:
            raise ParameterError("; ".join(faults))


# Encodings of names and literals, not of files.
_NO_TEXT = ("idna", "punycode", "unicode-escape", "raw-unicode-escape")


def _is_text_encoding(name: str) -> bool:
    try:
        "a,b\n".encode(name)
    except (LookupError, ValueError):  # of bytes, such as hex; or of nothing, such as undefined
        return False
    return codecs.lookup(name).name not in _NO_TEXT


# --- bytes ----------------------------------------------------------------------------------------


Packed: TypeAlias = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile | IO[bytes]


def content_of(path: Path) -> bytes:
    """Bytes of a file; of a packed one (.gz, .bz2, .xz, .zip, told by its content), unpacked.

    Raises:
        SchemaError: It is a folder, device or pipe; packed and damaged; packed otherwise; or far
            larger unpacked than files are.
        OSError: It cannot be read.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise SchemaError(f"{str(path)!r} is a folder; give a CSV or parquet file")
    if not stat.S_ISREG(mode) and not str(path).startswith(_PIPES):
        raise SchemaError(f"{str(path)!r} is a pipe or device; give a CSV or parquet file")
    content = path.read_bytes()
    subject = f"file {str(path)!r}"
    for mark, (name, unpack) in _PACKED.items():
        if content.startswith(mark):
            content = _unpacked(subject, content, name, unpack)
            break
    _check_beginning(subject, content)
    return content


def is_packed(content: bytes) -> bool:
    """Whether a file that begins with these bytes is unpacked when it is read."""
    return any(content.startswith(mark) for mark in _PACKED)


def _unpacked(
    subject: str, content: bytes, name: str, unpack: Callable[[io.BytesIO], Packed]
) -> bytes:
    most = max(_UNPACKED, _RATIO * len(content))
    try:
        with unpack(io.BytesIO(content)) as file:
            whole = file.read(most + 1)
    except (SchemaError, MemoryError):
        raise
    except RuntimeError as error:  # a password, or a method of zip's own
        raise SchemaError(f"{subject} cannot be unpacked: {error}") from error
    except Exception as error:  # each unpacker has its own errors, and later Pythons have more
        raise SchemaError(f"{subject} is no whole {name} file: {error}") from error
    if len(whole) > most:
        raise SchemaError(
            f"{subject} holds more than {most:,} bytes in {len(content):,} packed ones, as no "
            "table does; if it is one, unpack it first"
        )
    return whole


def _only_member(packed: io.BytesIO) -> IO[bytes]:
    archive = zipfile.ZipFile(packed)
    names = [member for member in archive.namelist() if not member.endswith("/")]
    # What macOS adds to an archive, and hidden files, are no tables.
    members = [n for n in names if not n.startswith("__MACOSX/") and "/." not in f"/{n}"] or names
    if "[Content_Types].xml" in members or "mimetype" in members:
        raise SchemaError("the file is a workbook; export its table as CSV")
    if len(members) != 1:
        raise SchemaError(
            f"the file is a zip archive of {len(members)} files; it takes one: {listed(members)}"
        )
    return archive.open(members[0])


_PACKED: dict[bytes, tuple[str, Callable[[io.BytesIO], Packed]]] = {
    b"\x1f\x8b": ("gzip", lambda packed: gzip.GzipFile(fileobj=packed)),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\0": ("xz", lzma.LZMAFile),
    b"PK\x03\x04": ("zip", _only_member),
}
_CSV = "give CSV or parquet"
# What a file that is neither CSV nor parquet begins with, and what to do about it.
_BEGINNINGS = {
    **{mark: f"is packed by {name}, twice; unpack it first" for mark, (name, _) in _PACKED.items()},
    b"PK\x05\x06": "is an empty zip archive",
    b"\x28\xb5\x2f\xfd": "is packed by zstandard; unpack it first, or pack it as .gz",
    b"7z\xbc\xaf": "is a 7z archive; unpack it first",
    b"{": f"is JSON, or has a name that begins with a brace; {_CSV}",
    b"[": f"is JSON, or has a name that begins with a bracket; {_CSV}",
}


def _check_beginning(subject: str, content: bytes) -> None:
    """Refuse files that one takes for tables only by mistake."""
    faults = [fault for mark, fault in _BEGINNINGS.items() if content.startswith(mark)]
    if content[257:262] == b"ustar":
        faults = ["is a tar archive; unpack it first"]
    refuse(subject, faults[:1])


# --- parquet --------------------------------------------------------------------------------------

PARQUET = b"PAR1"


def parquet_frame(subject: str, content: bytes) -> pd.DataFrame:
    """A parquet file, without pandas' own row numbers but with an index that has a name.

    Raises:
        SchemaError: It is damaged, has duplicate columns, or columns whose values have parts.
        MissingExtraError: pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        raise MissingExtraError(
            f"{subject} is parquet, which needs pyarrow, and that is not installed: "
            "pip install 'synthproto[parquet]'"
        )
    import pyarrow as pa  # an optional extra

    try:
        frame = _arrow_frame(subject, content)
        # Arrow keeps what it read with for the next file: as much memory as the table.
        pa.default_memory_pool().release_unused()
        return frame
    except SchemaError:
        raise
    # pyarrow's own errors are of these classes; a damaged footer may ask for any amount of memory.
    except (ValueError, OSError, NotImplementedError, KeyError, MemoryError) as error:
        reason = str(error).partition("\n")[0]
        raise SchemaError(f"{subject} is not a parquet table that can be read: {reason}") from error


def _arrow_frame(subject: str, content: bytes) -> pd.DataFrame:
    import pyarrow as pa  # an optional extra
    import pyarrow.parquet as pq

    with pq.ParquetFile(pa.BufferReader(content)) as file:
        names = file.schema_arrow.names
        numbers = [place for place, n in enumerate(names) if ROW_NUMBERS.fullmatch(n)]
        table = file.read()
    for place in reversed(numbers):
        table = table.remove_column(place)
    for name, values in _named_ranges(table.schema.metadata or {}, len(table)):
        if name not in names:
            table = table.append_column(name, pa.array(values, pa.int64()))
    return of_arrow(table, subject)


ROW_NUMBERS = re.compile(r"__index_level_\d+__")  # pandas' name of an index without one


def _named_ranges(metadata: Mapping[bytes, bytes], rows: int) -> Iterator[tuple[str, range]]:
    """Indices of consecutive numbers with a name, which pandas writes as a note without a column.

    Any other index with a name is a column of the file, and each is one of a CSV file.
    """
    try:
        noted = json.loads(metadata[b"pandas"])["index_columns"]
        found = [(each["name"], range(each["start"], each["stop"], each["step"])) for each in noted]
    except (LookupError, TypeError, ValueError, RecursionError):
        return  # no note, one of another kind, or damaged: the columns are all there is
    for name, values in found:
        if isinstance(name, str) and name and len(values) == rows:
            yield name, values


# --- CSV ------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True, eq=False)
class CsvText:
    """A CSV file in memory, in UTF-8.

    Attributes:
        subject: What errors call the file.
        content: Its bytes.
        names: The fields of its first line.
        separator: Between fields.
        decimal: Mark of decimals.
    """

    subject: str
    content: bytes
    names: tuple[str, ...]
    separator: str
    decimal: str

    @classmethod
    def of(cls, subject: str, content: bytes, written: FileFormat) -> "CsvText":
        """A file's text.

        Raises:
            SchemaError: It is empty, in another encoding, not a table, or has duplicate columns.
        """
        content = _as_utf8(subject, content, written.encoding)
        said = _EXCEL.match(content)
        content = content[said.end() :] if said else content
        if b"\0" in content:
            raise SchemaError(
                f"{subject} holds zero bytes, the first as byte {content.index(0) + 1:,}: it is "
                "damaged, or no text; if it is UTF-16 without a mark, say --encoding utf-16-le"
            )
        try:
            given = written.separator or (said["mark"].decode() if said else "")
            names, separator = _header(subject, content, given)
        except UnicodeDecodeError as error:
            raise _not_encoded(subject, error, written.encoding) from error
        except csv.Error as error:
            raise SchemaError(f"{subject} is not a whole CSV table: {error}") from error
        # An empty first name is that of an index that was written too.
        twice = repeated([name for name in names if name])
        faults = [f"has duplicate columns: {listed(twice)}; rename them"] if twice else []
        if len(names) > _WIDEST:
            faults.append(f"has {len(names):,} columns; it takes at most {_WIDEST:,}")
        refuse(subject, faults)
        return cls(subject, content, tuple(names), separator, written.decimal)

    def frame(
        self,
        text: Collection[str] = (),
        missing: Mapping[str, Collection[str]] | None = None,
        only: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Rows of the file.

        Args:
            text: Columns whose cells are to be strings; the others are numbers or bools where
                all of their cells are. An empty cell is missing in either.
            missing: Other cells that are missing, by column.
            only: Columns to read; by default all.

        Raises:
            SchemaError: It is not a whole table, or not in the encoding.
        """
        marks = {name: ["", *(missing or {}).get(name, ())] for name in self.columns}
        try:
            with warnings.catch_warnings():
                # Lines longer than the header would be cut with no more than a warning.
                warnings.simplefilter("error", pd.errors.ParserWarning)
                return pd.read_csv(
                    io.BytesIO(self.content),
                    sep=self.separator,
                    decimal=self.decimal,
                    encoding="utf-8-sig",
                    dtype=dict.fromkeys(text, str),
                    keep_default_na=False,
                    na_values=marks,
                    usecols=None if only is None else list(only),
                    float_precision=_PRECISION,
                    low_memory=False,  # or else a column's type may change within the file
                    index_col=False,
                )
        except UnicodeDecodeError as error:
            raise _not_encoded(self.subject, error, "utf-8") from error
        except pd.errors.ParserWarning as error:
            raise self._not_whole("has more fields in its rows than names in its header") from error
        except (pd.errors.ParserError, ValueError) as error:
            reason = str(error).strip().replace("Error tokenizing data. C error: ", "")
            raise self._not_whole(f"is not a whole CSV table: {reason}") from error

    def _not_whole(self, fault: str) -> SchemaError:
        if len(self.names) > 1:
            return SchemaError(f"{self.subject} {fault}")
        first = _cut("".join(self.names))  # one field, or none
        return SchemaError(
            f"{self.subject} {fault}. Its first line, {first!r}, was taken for the header; "
            "remove what stands above the names of the columns"
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns as `frame` gives them."""
        return tuple(name or f"Unnamed: {place}" for place, name in enumerate(self.names))

    def has_leading_zeros(self) -> bool:
        """Whether any cell begins with a zero and another digit; quick, for the whole file."""
        before = re.escape(f'{self.separator}"\n\r '.encode())
        # A literal at the front, so that the engine skips to zeros.
        return re.search(b"0(?<=[" + before + rb"]0)\d", self.content) is not None


# A first line for Excel: sep=;
_EXCEL = re.compile(rb"(?i:(?:\xef\xbb\xbf)?sep=)(?P<mark>[^\w\s]|\t)\r?\n")


def _as_utf8(subject: str, content: bytes, encoding: str) -> bytes:
    codec = codecs.lookup(encoding).name
    if codec in ("utf-8", "utf-8-sig", "ascii"):
        if not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content
        codec = "utf-16"  # its mark is no text in any other encoding
    try:
        return content.decode(codec).encode()
    except UnicodeDecodeError as error:
        raise _not_encoded(subject, error, encoding) from error
    except UnicodeError as error:
        raise SchemaError(f"{subject} is not {encoding}: {error}") from error


def _not_encoded(subject: str, error: UnicodeDecodeError, encoding: str) -> SchemaError:
    return SchemaError(
        f"{subject} is not {encoding}: it has the byte {error.object[error.start]:#04x}; say what "
        "it is, e.g. --encoding cp1252, as Excel writes on Windows, or latin-1"
    )


def _header(subject: str, content: bytes, separator: str) -> tuple[list[str], str]:
    with io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="") as text:
        first = text.readline()
        if not first.strip():
            raise SchemaError(f"{subject} is empty; a header line is needed")
        bare = re.sub(r'"[^"]*("|$)', "", first)  # a name may go on in the next line
        usual = max(_SEPARATORS, key=bare.count)
        text.seek(0)
        names = next(csv.reader(text, delimiter=separator or usual))
    if len(names) == 1 and separator and separator != usual and usual in bare:
        short = _cut(names[0])
        raise SchemaError(
            f"{subject} has one column with the separator {separator!r}: {short!r}. Is it "
            f"{usual!r}? Leave --separator out to have it found, or put the name into quotes"
        )
    return names, separator or usual


def _cut(name: str) -> str:
    return name if len(name) <= _LINE else f"{name[:_LINE]}..."
