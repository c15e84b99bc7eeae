"""Cells become values: kinds are decided once, from the real file, and all are read by them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import assert_never, final

import pandas as pd

from synthproto.checks import listed, refuse
from synthproto.data.files import PARQUET, CsvText, FileFormat, content_of, parquet_frame
from synthproto.data.kinds import Kind, inferred_kind, kind_of_strings, may_hold_strings
from synthproto.data.texts import (
    ASK,
    MARKS,
    WORDS,
    WRITE,
    Text,
    as_booleans,
    as_dates,
    as_numbers,
    cut,
    date_faults,
    decimal_faults,
    form_of,
    is_padded,
    is_whole,
    leading_zeros,
    looks_like_dates,
    number_pattern,
    whole_keys,
    without_thousands,
)
from synthproto.errors import SchemaError

_FEW = 3  # words among numbers that may stand for missing ones
_MANY = 50  # categories that are more likely numbers or dates in some format


@final
class Cells:
    """The cells of a file, before and after the kinds of its columns are known.

    Args:
        path: A CSV or parquet file, packed or not.
        written: How its cells are written.
        kinds: Kinds of columns where they are known, which saves reading twice.
        part: Some of its rows instead of all: text below the header line, or of parquet a frame.

    Attributes:
        subject: What errors call the file.
        frame: Its rows: of parquet as they are; of CSV text, or numbers where all cells are.
        notes: What was decided, and from how many cells.

    Raises:
        SchemaError: It is not a table; names the file.
        MissingExtraError: It is parquet, and pyarrow is not installed.
        OSError: It cannot be read.
    """

    def __init__(
        self,
        path: Path,
        written: FileFormat,
        kinds: Mapping[str, Kind] | None = None,
        part: bytes | pd.DataFrame | None = None,
    ) -> None:
        self.subject: str = f"file {str(path)!r}"
        self.notes: list[str] = []
        self._written = written
        self._csv: CsvText | None = None
        self._texts: dict[str, Text] = {}
        if isinstance(part, pd.DataFrame):
            self.frame: pd.DataFrame = part
            return
        content = content_of(path) if part is None else part
        if content.startswith(PARQUET):
            self.frame = parquet_frame(self.subject, content)
        elif path.suffix.lower() in (".parquet", ".pq"):
            raise SchemaError(f"{self.subject} is not a parquet table; its first bytes say so")
        else:
            self._csv = CsvText.of(self.subject, content, written)
            self.frame = _without_row_numbers(self._csv, self._read(self._csv, kinds or {}))
            self._leave_nameless_out(self._csv)
            if len(self._csv.names) == 1 and re.search(r"\S\s+\S", self._csv.names[0]):
                self.notes.append("one column: another mark between fields is told by --separator")
        if not len(self.frame):
            raise SchemaError(f"{self.subject} has no rows below its header")

    def _read(self, csv: CsvText, kinds: Mapping[str, Kind]) -> pd.DataFrame:
        numbers = [name for name, kind in kinds.items() if kind == "continuous"]
        marks = {name: MARKS | {*self._written.missing} for name in numbers}
        return csv.frame([n for n in csv.columns if n in kinds and n not in marks], marks)

    def _leave_nameless_out(self, csv: CsvText) -> None:
        """Without columns that have neither a name nor a value: separators at the ends of lines."""
        nameless = [column for column, name in zip(csv.columns, csv.names, strict=True) if not name]
        empty = [c for c in nameless if c in self.frame and not self.frame[c].notna().any()]
        if 0 < len(empty) < len(self.frame.columns):
            self.frame = self.frame.drop(columns=empty)
            self.notes.append(f"left out, having neither a name nor a value: {cut(empty)}")

    # --- deciding ---------------------------------------------------------------------------------

    def kinds(self, named: Mapping[str, Kind], name: str) -> dict[str, Kind]:
        """Kind of each column: as it is named, or else as its cells are.

        Args:
            named: Kinds that the user says.
            name: What errors call the table.

        Raises:
            SchemaError: A column of numbers has another decimal mark.
        """
        open_columns = [column for column in self.frame.columns if column not in named]
        self._restore_leading_zeros(open_columns)
        for column in open_columns:
            self._convert(column)
        refuse(name, self._decimal_faults(open_columns, ASK))
        kinds: dict[str, Kind] = {
            c: named[c] if c in named else self._kind(c) for c in self.frame.columns
        }
        self._note_left_out({column: kinds[column] for column in open_columns})
        return kinds

    def _restore_leading_zeros(self, columns: Sequence[str]) -> None:
        """Put text back where numbers were read from digits with a zero before them."""
        if self._csv is None or not self._csv.has_leading_zeros():
            return
        whole = [column for column in columns if is_whole(self.frame[column])]
        text = self._csv.frame(whole, only=whole) if whole else pd.DataFrame()
        found = {column: text[column] for column in whole if leading_zeros(Text.of(text[column]))}
        self.frame = replaced(self.frame, found)

    def _convert(self, column: str) -> None:
        """Turn text into numbers, booleans or dates, where every cell is one."""
        if not may_hold_strings(self.frame[column]):
            return
        text = self._text(column)
        read = None
        if self._csv is not None and (zeros := leading_zeros(text)):
            self.notes.append(
                f"{column!r} has zeros before other digits in {text.count(zeros):,} of "
                f"{text.present:,} cells, e.g. {zeros[0]!r}: they are labels; --continuous makes "
                "them numbers"
            )
        elif (self._csv is not None and (read := self._read_as(text)) is not None) or (
            looks_like_dates(text, self._marks)
            and (read := as_dates(text, self._marks)) is not None
        ):
            self._note_marks(column, text)
            self._note_thousands(column, text)
        self.frame = replaced(self.frame, {column: read})

    def _read_as(self, text: Text) -> pd.Series | None:
        """Numbers or booleans of text, if every cell is one or stands for a missing one."""
        if all(cell in self._marks for cell in text.cells):  # nothing says what they are
            return None
        booleans = as_booleans(text, self._marks, words_only=True)
        return self._numbers(text) if booleans is None else booleans

    def _kind(self, column: str) -> Kind:
        values = self.frame[column]
        if not may_hold_strings(values):
            if self._csv is not None and not values.notna().any():
                self.notes.append(f"{column!r} has no values: any cell of other files is a label")
                return "categorical"
            return inferred_kind(values)
        text = self._text(column)
        if not all(isinstance(cell, str) for cell in text.cells):
            return inferred_kind(values)
        kind = kind_of_strings(text.cells, text.present)
        self._note_nearly_numbers(column, text, kind)
        return kind

    def _text(self, column: str) -> Text:
        """The column's distinct cells, found once."""
        values = self.frame[column]
        if column not in self._texts or self._texts[column].rows is not values:
            self._texts[column] = Text.of(values)
        return self._texts[column]

    @property
    def _marks(self) -> frozenset[str]:
        return MARKS | {*self._written.missing}

    def _numbers(self, text: Text) -> pd.Series | None:
        return as_numbers(text, self._marks, self._written.decimal)

    # --- typing -----------------------------------------------------------------------------------

    def typed(self, kinds: Mapping[str, Kind], name: str) -> pd.DataFrame:
        """The rows, each cell read by the kind of its column, whatever the file's other cells are.

        Args:
            kinds: Kind by column; other columns stay as they are.
            name: What errors call the table.

        Raises:
            SchemaError: Cells that are no date, no number or no boolean where the kind asks for
                one; names all columns, each with such a cell.
        """
        known = [column for column in self.frame.columns if column in kinds]
        self._restore_text([c for c in known if kinds[c] in ("categorical", "identifier", "text")])
        strings = [column for column in known if may_hold_strings(self.frame[column])]
        dates = {column: self._text(column) for column in strings if kinds[column] == "datetime"}
        numbers = [column for column in strings if kinds[column] == "continuous"]
        refuse(name, [*date_faults(dates, self._marks), *self._decimal_faults(numbers, WRITE)])
        read = {column: self._typed(column, kinds[column]) for column in strings}
        return replaced(self.frame, read)

    def _restore_text(self, columns: Sequence[str]) -> None:
        """Read those columns as text that looked like numbers."""
        looked = [column for column in columns if not may_hold_strings(self.frame[column])]
        if self._csv is not None and looked:
            text = self._csv.frame(looked, only=looked)
            self.frame = replaced(self.frame, {column: text[column] for column in looked})

    def _typed(self, column: str, kind: Kind) -> pd.Series | None:
        """Strings by their kind; ``None`` if they need no change, or do not fit."""
        text = self._text(column)
        match kind:
            case "continuous":
                return self._numbers(text)
            case "datetime":
                return as_dates(text, self._marks)
            case "boolean":
                return as_booleans(text, self._marks)
            case "categorical" | "text":
                self._note_words(column, text)
                return self._labels(column, text)
            case "identifier":
                keys = self._without_missing(self.frame[column])
                whole = whole_keys(self.frame[column]) if self._csv is not None else None
                return keys if whole is None else whole
            case _:
                assert_never(kind)

    def _labels(self, column: str, text: Text) -> pd.Series | None:
        """Labels, of which numbers are written with a point whatever the file's mark is."""
        mark, values = self._written.decimal, self.frame[column]
        number = number_pattern(mark)
        changed = {
            cell: cell.replace(mark, ".")
            for cell in (text.cells if mark != "." and self._csv is not None else [])
            if isinstance(cell, str) and mark in cell and number.fullmatch(cell)
        }
        pointed = values.replace(changed) if changed else values
        missing = self._without_missing(pointed)
        return pointed if missing is None else missing

    def _without_missing(self, values: pd.Series) -> pd.Series | None:
        marked = values.isin(self._written.missing) if self._written.missing else None
        return values.where(~marked, None) if marked is not None and marked.any() else None

    def _decimal_faults(self, columns: Sequence[str], advice: str) -> list[str]:
        """Which columns are strings only because their numbers have another mark."""
        texts = {c: self._text(c) for c in columns if may_hold_strings(self.frame[c])}
        return decimal_faults(texts, self._written.decimal, advice) if self._csv is not None else []

    # --- notes ------------------------------------------------------------------------------------

    def _note_marks(self, column: str, text: Text) -> None:
        marks = [cell for cell in text.cells if cell in self._marks]
        if marks:
            self.notes.append(
                f"{text.count(marks):,} of {len(text.codes):,} cells of {column!r} are missing: "
                f"{listed(marks)}; --categorical makes them labels"
            )

    def _note_thousands(self, column: str, text: Text) -> None:
        if grouped := without_thousands(text.cells, self._written.decimal):
            self.notes.append(
                f"{column!r} has marks between thousands, e.g. {next(iter(grouped))!r}: read as "
                "numbers; --categorical makes them labels"
            )

    def _note_words(self, column: str, text: Text) -> None:
        words = [cell for cell in text.cells if cell in WORDS and cell not in self._written.missing]
        if words:
            self.notes.append(
                f"{text.count(words):,} of {len(text.codes):,} cells of {column!r} are "
                f"{listed(words)}: a label like others; --missing {words[0]} makes them missing"
            )

    def _note_nearly_numbers(self, column: str, text: Text, kind: Kind) -> None:
        pattern = number_pattern(self._written.decimal)
        others = [
            cell
            for cell in text.cells
            if isinstance(cell, str) and not pattern.fullmatch(cell) and cell not in self._marks
        ]
        few = 0 < len(others) <= _FEW and len(text.cells) >= 10 * (len(others) + 1)
        digits = [cell for cell in text.cells if cell not in others]
        if self._csv is not None and few and not any(map(is_padded, digits)):
            self.notes.append(
                f"{column!r} is {kind} because {text.count(others):,} of {text.present:,} "
                f"cells are no numbers: {listed(others)}; if they are missing values, say "
                f"--missing {others[0]}"
            )

    def _note_left_out(self, kinds: Mapping[str, Kind]) -> None:
        out, formatted = [], []
        for column, kind in kinds.items():
            text = self._text(column) if may_hold_strings(self.frame[column]) else None
            form = "" if text is None else form_of(text)
            if kind in ("identifier", "text"):
                out.append(f"{column!r} ({kind}{'; ' * bool(form)}{form})")
            elif text is not None and form and len(text.cells) > _MANY:
                formatted.append(f"{column!r} ({form})")
        if out:
            self.notes.append(f"left out of comparisons: {cut(out)}")
        if formatted:
            self.notes.append(f"compared as labels, each unlike any other: {cut(formatted)}")


def _without_row_numbers(csv: CsvText, frame: pd.DataFrame) -> pd.DataFrame:
    """Without a nameless first column that can be nothing but an index that was written too."""
    first = frame.iloc[:, 0]
    numbered = len(frame.columns) > 1 and first.dtype.kind == "i" and first.is_unique
    return frame.iloc[:, 1:] if not csv.names[0] and numbered else frame


def replaced(frame: pd.DataFrame, columns: Mapping[str, pd.Series | None]) -> pd.DataFrame:
    """The frame with some columns exchanged, those that are not ``None``; no cell is copied."""
    exchanged = frame.copy(deep=False)
    for name, values in columns.items():
        if values is not None:
            exchanged[name] = values
    return exchanged
