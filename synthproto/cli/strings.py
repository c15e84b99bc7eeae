"""What strings in files stand for: dates as ISO 8601 writes them, and numbers by any mark."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

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
