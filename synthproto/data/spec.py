"""What a table is made of: names, order and kinds of its columns."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self, TypeGuard, final

import pandas as pd

from synthproto.checks import did_you_mean, listed, refuse, repeated
from synthproto.contracts import Names
from synthproto.data.cells import Cells
from synthproto.data.files import FileFormat
from synthproto.data.frames import Frame, FrameColumn, as_pandas
from synthproto.data.kinds import KINDS, inferred_kind, misread, uninferable
from synthproto.data.kinds import Kind as Kind
from synthproto.errors import SchemaError
from synthproto.files import replacing
from synthproto.formatting import SHOWN_IN_NOTEBOOKS, html_table, more_rows

_FORMAT, _VERSION = "synthproto.TableSpec", 1


@final
@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: Its name in the frame.
        kind: How its values are to be understood.
    """

    name: str
    kind: Kind


@final
@dataclass(frozen=True)
class TableSpec:
    """Names, order and kinds of a table's columns.

    Kinds that are not named are inferred. The first rule that fits decides:

    1. bool, nullable boolean, objects that are all True, False or missing: ``boolean``;
    2. datetime64 of any unit and time zone: ``datetime``;
    3. category dtype: ``categorical``;
    4. numbers: ``categorical`` where only the codes 0 and 1, or 1 and 2, occur; ``identifier``
       where they are whole, complete and unique, and the last word of the name is id, uuid, guid,
       key or index; ``continuous`` otherwise, whole numbers of few values included;
    5. strings and mixed objects: where at least 95 % of 20 or more present values are distinct,
       ``text`` if they have more than one space on average, else ``identifier``; ``categorical``
       otherwise.

    Attributes:
        columns: The columns in table order; at least one, names unique and not empty.
        notes: What `read` decided that one may not expect; no part of the comparison of specs.

    Raises:
        SchemaError: No columns, or a name that is empty or used twice.
    """

    columns: tuple[Column, ...]
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        twice = repeated(self.names)
        faults = [
            *(["has no columns"] if not self.columns else []),
            *(["has a column without a name"] if "" in self.names else []),
            *([f"names columns more than once: {listed(twice)}"] if twice else []),
        ]
        refuse("spec", faults)

    def __repr__(self) -> str:
        groups = [(kind, self.of_kind(kind)) for kind in KINDS]
        shown = [f"{len(names)} {kind}: {listed(names)[1:-1]}" for kind, names in groups if names]
        return f"TableSpec({'; '.join(shown)})"

    def _repr_html_(self) -> str:
        rows = [(column.name, column.kind) for column in self.columns[:SHOWN_IN_NOTEBOOKS]]
        return html_table([("column", "kind"), *rows, *more_rows(len(self.columns), 2)])

    @classmethod
    def infer(
        cls,
        frame: Frame,
        *,
        continuous: Names = (),
        categorical: Names = (),
        datetime: Names = (),
        boolean: Names = (),
        identifier: Names = (),
        text: Names = (),
    ) -> Self:
        """Spec of a frame: the kinds that are named here, and inferred kinds for the rest.

        Dates in strings stay strings: convert them with ``pandas.to_datetime`` first.

        Args:
            frame: At least one row and one column; unique column names, all strings.
            continuous: Names of columns that are continuous, whatever they look like.
            categorical: The same for categorical columns.
            datetime: The same for datetime columns.
            boolean: The same for boolean columns; numbers 0 and 1 can be read as boolean.
            identifier: The same for identifiers, whose values carry no statistics.
            text: The same for free text.

        Returns:
            A spec that the frame fits.

        Raises:
            SchemaError: All that is wrong with frame and names, at once.
        """
        names = (continuous, categorical, datetime, boolean, identifier, text)
        named = dict(zip(KINDS, names, strict=True))
        frame = as_pandas(frame)
        refuse("frame", _frame_faults(frame))
        kinds = named_kinds(list(frame.columns), named, "frame")
        unknown = {
            name: fault
            for name in frame.columns
            if name not in kinds and (fault := uninferable(frame[name]))
        }
        columns = [
            Column(name, kinds[name] if name in kinds else inferred_kind(frame[name]))
            for name in frame.columns
            if name not in unknown
        ]
        looked_at = {column.name: FrameColumn(frame[column.name]) for column in columns}
        refuse("frame", [*unknown.values(), *_misread(looked_at, columns)])
        return cls(tuple(columns))

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        continuous: Names = (),
        categorical: Names = (),
        datetime: Names = (),
        boolean: Names = (),
        identifier: Names = (),
        text: Names = (),
        separator: str = "",
        encoding: str = "utf-8",
        decimal: str = ".",
        missing: Names = (),
    ) -> "TableSpec":
        r"""Spec of a CSV or parquet file: kinds that are named here, inferred ones for the rest.

        Cells of CSV are numbers, booleans (true, false) or datetimes (ISO 8601) where every cell of
        the column is one, empty, or a usual mark of missing values such as NA or ``?``. Digits
        after a zero (zip codes) are labels. A column without any value is categorical.

        Args:
            path: The file; packed as .gz, .bz2, .xz or .zip, or not.
            continuous: Names of columns that are continuous, whatever they look like.
            categorical: The same for categorical columns.
            datetime: The same for datetime columns.
            boolean: The same for boolean columns.
            identifier: The same for identifiers.
            text: The same for free text.
            separator: Between the fields of CSV; by default what occurs most in the first line.
            encoding: Of CSV.
            decimal: Mark of decimals in CSV.
            missing: Cells that are missing values in every column, besides the empty cell.

        Raises:
            SchemaError: The file is not a table, or the names do not fit it.
            ParameterError: A separator, decimal mark or encoding that there cannot be.
            MissingExtraError: It is parquet, and pyarrow is not installed.
            OSError: The file cannot be read.

        >>> from pathlib import Path; from tempfile import mkdtemp
        >>> from synthproto import TableSpec
        >>> path = Path(mkdtemp(), "people.csv")
        >>> _ = path.write_text("age,zip,born\n31,08654,1990-02-01\n45,10001,1975-11-30\n")
        >>> [column.kind for column in TableSpec.read(path).columns]
        ['continuous', 'categorical', 'datetime']
        """
        names = (continuous, categorical, datetime, boolean, identifier, text)
        cells = Cells(Path(path), FileFormat(separator, encoding, decimal, tuple(missing)))
        return spec_of(cells, dict(zip(KINDS, names, strict=True)), cells.subject)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in table order."""
        return tuple(column.name for column in self.columns)

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """Names of the columns of any of these kinds, in table order."""
        return tuple(column.name for column in self.columns if column.kind in kinds)

    def kind(self, name: str) -> Kind:
        """Kind of one column.

        Raises:
            SchemaError: There is no such column.
        """
        if name in self._kinds:
            return self._kinds[name]
        raise SchemaError(
            f"spec has no column {name!r}; it has {listed(self.names)}."
            f"{did_you_mean([name], self.names)}"
        )

    def faults(self, frame: Frame) -> list[str]:
        """Every way in which a frame does not fit; an empty list if it does.

        The order of the columns and their exact dtypes are no faults: a column fits if it can be
        read as its kind (any numeric dtype is continuous).

        Returns:
            Clauses that follow the frame's name: ``"lacks 1 of 3 columns: ['age']; it has ..."``.
        """
        read = as_pandas(frame)
        return faults_of(read, columns_of(read, self), self)

    def check(self, frame: Frame, name: str = "table") -> None:
        """Refuse a frame that does not fit.

        Raises:
            SchemaError: All `faults` of the frame, after its ``name``.
        """
        refuse(name, self.faults(frame))

    def save(self, path: str | Path) -> None:
        """Write the spec as JSON, one column a line; the file is replaced as a whole or not at all.

        Raises:
            OSError: The file cannot be written.
        """
        lines = ",\n".join(
            f"    {json.dumps({'name': c.name, 'kind': c.kind}, ensure_ascii=False)}"
            for c in self.columns
        )
        text = (
            f'{{\n  "format": "{_FORMAT}",\n  "version": {_VERSION},\n'
            f'  "columns": [\n{lines}\n  ]\n}}\n'
        )
        with replacing(Path(path), sync=True) as file:
            file.write(text.encode())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a spec that `save` wrote; it may have been edited by hand.

        Raises:
            FileNotFoundError: There is no such file.
            SchemaError: The file is damaged, foreign or of a newer version; names the file and
                everything that is wrong with its columns.
        """
        subject = f"spec file {str(path)!r}"
        try:
            content: object = json.loads(Path(path).read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, or far too nested
            raise SchemaError(
                f"{subject} is not readable as JSON; got {error}. "
                "Write one with: python -m synthproto spec TABLE --out FILE"
            ) from error
        refuse(subject, _header_faults(content))
        entries = content["columns"] if isinstance(content, dict) else []
        faults = [fault for i, entry in enumerate(entries) for fault in _entry_faults(i, entry)]
        refuse(subject, [*faults, *_kind_faults(entries)])
        try:
            return cls(tuple(Column(entry["name"], entry["kind"]) for entry in entries))
        except SchemaError as error:
            raise SchemaError(f"{subject}: {error}") from error

    @property
    def kinds(self) -> dict[str, Kind]:
        """Kind by column, in table order."""
        return dict(self._kinds)

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        return {column.name: column.kind for column in self.columns}


def spec_of(cells: Cells, named: Mapping[Kind, Names], name: str) -> TableSpec:
    """Spec of a file that was read: see `TableSpec.read`.

    Raises:
        SchemaError: The file or the names are at fault; begins with ``name``.
    """
    kinds = named_kinds(list(cells.frame.columns), named, name)
    refuse(name, _frame_faults(cells.frame))
    found = cells.kinds(kinds, name)
    frame = cells.typed(found, name)
    columns = tuple(Column(column, kind) for column, kind in found.items())
    spec = TableSpec(columns, tuple(cells.notes))
    spec.check(frame, name)
    return spec


def named_kinds(
    columns: Sequence[object], named: Mapping[Kind, Names], subject: str
) -> dict[str, Kind]:
    """Kind by column, of the columns that a user names for each kind.

    Raises:
        SchemaError: There is no such column, or one is named twice; names all faults.
    """
    refuse(subject, _naming_faults(columns, named))
    return {name: kind for kind, names in named.items() for name in names}


def columns_of(frame: pd.DataFrame, spec: TableSpec) -> dict[str, FrameColumn]:
    """Columns of a frame that a spec names, except missing or duplicate columns."""
    given = Counter(frame.columns)
    return {name: FrameColumn(frame[name]) for name in spec.names if given[name] == 1}


def faults_of(
    frame: pd.DataFrame, columns: Mapping[str, FrameColumn], spec: TableSpec
) -> list[str]:
    """`TableSpec.faults` of a frame whose columns, of `columns_of`, will be looked at again."""
    return [
        *_frame_faults(frame),
        *_column_faults(list(frame.columns), spec),
        *_misread(columns, spec.columns),
    ]


# --- faults ---------------------------------------------------------------------------------


def _frame_faults(frame: pd.DataFrame) -> list[str]:
    """Faults of a frame by itself."""
    names: list[object] = list(frame.columns)  # not always strings, whatever the stubs say
    unnamed = [name for name in names if not isinstance(name, str) or not name]
    twice = repeated(frame.columns)
    faults = []
    if frame.shape[1] == 0:
        faults.append("has no columns")
    if frame.shape[0] == 0:
        faults.append("has no rows")
    if twice:
        faults.append(f"has duplicate columns: {listed(twice)}")
    if unnamed:
        faults.append(
            f"has column names that are not strings, or empty: {listed(unnamed)}; "
            "rename them, e.g. frame.columns = frame.columns.astype(str)"
        )
    return faults


def _column_faults(given: list[object], spec: TableSpec) -> list[str]:
    """Columns that are lacking, or that the spec does not have."""
    distinct, names = dict.fromkeys(given), spec.names
    lacking = [name for name in names if name not in distinct]
    extra = [name for name in distinct if name not in names]
    faults = []
    if lacking:
        faults.append(
            f"lacks {len(lacking)} of {len(names)} columns: {listed(lacking)}; it has "
            f"{listed(given)}.{did_you_mean(lacking, extra)}"
        )
    if extra:
        columns = "1 column" if len(extra) == 1 else f"{len(extra)} columns"
        faults.append(f"has {columns} that the spec does not: {listed(extra)}")
    return faults


def _misread(given: Mapping[str, FrameColumn], columns: Sequence[Column]) -> list[str]:
    faults = [misread(given[c.name], c.kind) for c in columns if c.name in given]
    return [fault for fault in faults if fault is not None]


def _naming_faults(given: Sequence[object], named: Mapping[Kind, Names]) -> list[str]:
    """Faults of the names that a user gave beside the frame."""
    # A string is a sequence of strings too: "sex" would be three columns of one letter.
    given_names: Mapping[Kind, object] = named
    bare: list[Kind] = [kind for kind, names in given_names.items() if isinstance(names, str)]
    if bare:
        return [f"takes a list of names as {kind}; got {named[kind]!r}" for kind in bare]
    all_names = [name for names in named.values() for name in names]
    lacking = [name for name in dict.fromkeys(all_names) if name not in given]
    faults = []
    if lacking:
        faults.append(
            f"lacks {len(lacking)} of {len(set(all_names))} named columns: {listed(lacking)}; "
            f"it has {listed(given)}.{did_you_mean(lacking, given)}"
        )
    for name in repeated(all_names):
        kinds = [kind for kind, names in named.items() for n in names if n == name]
        faults.append(f"has column {name!r} named as more than one kind: {listed(kinds)}")
    return faults


def _header_faults(content: object) -> list[str]:
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        return [f'is not a table spec; it lacks "format": "{_FORMAT}"']
    version = content.get("version")
    if not isinstance(version, int) or not 1 <= version <= _VERSION:
        return [f"has version {version!r}; this release reads up to {_VERSION}"]
    if not isinstance(content.get("columns"), list):
        return ['has no list "columns"']
    return []


def _entry_faults(position: int, entry: object) -> list[str]:
    where = f"columns[{position}]"
    if not isinstance(entry, dict) or set(entry) != {"name", "kind"}:
        return [f"has {entry!r} as {where}; it takes an object of name and kind"]
    if not isinstance(entry["name"], str):
        return [f"has the name {entry['name']!r} in {where}; it takes a string"]
    return []


def _kind_faults(entries: Sequence[object]) -> list[str]:
    """Kinds that do not exist, as one clause: those that do are listed once."""
    kinds = {i: e["kind"] for i, e in enumerate(entries) if isinstance(e, dict) and "kind" in e}
    wrong = {i: kind for i, kind in kinds.items() if not _is_kind(kind)}
    if not wrong:
        return []
    shown = ", ".join(f"kind {kind!r} in columns[{i}]" for i, kind in wrong.items())
    hint = did_you_mean(dict.fromkeys(k for k in wrong.values() if isinstance(k, str)), KINDS)
    return [f"has {shown}; a kind is one of {list(KINDS)}.{hint}"]


def _is_kind(value: object) -> TypeGuard[Kind]:
    return value in KINDS
