"""What ``spec`` does: infer the kinds of a file's columns, show and save them."""

import argparse
from collections.abc import Sequence

from synthproto.cli.console import say, shown_path
from synthproto.cli.scanned import first_cells, is_read_in_pieces
from synthproto.data.cells import Cells
from synthproto.data.files import FileFormat
from synthproto.data.kinds import KINDS, Kind
from synthproto.data.spec import spec_of
from synthproto.errors import ParameterError
from synthproto.formatting import plain

_NAMES = 60  # characters of a name beside which its kind stands


def file_format(given: argparse.Namespace) -> FileFormat:
    """How the options say that files are written.

    Raises:
        ParameterError: A separator, decimal mark or encoding that there cannot be.
    """
    return FileFormat(given.separator, given.encoding, given.decimal, tuple(given.missing))


def named_columns(columns: Sequence[object], given: argparse.Namespace) -> dict[Kind, list[str]]:
    """Columns by the kind that the options name for them.

    Args:
        columns: Those of the real table: an option's value that is a column is one, however many
            commas it has.
        given: As parsed.
    """
    return {
        kind: [
            name
            for value in getattr(given, kind)
            for name in ([value] if value in columns else value.split(","))
            if name
        ]
        for kind in KINDS
    }


def write_spec(given: argparse.Namespace) -> None:
    """Infer, show, and save if asked to.

    Raises:
        SynthprotoError: Bad input, or a file that is there already.
        OSError: A file cannot be read or written.
    """
    if given.out is not None and given.out.exists() and not given.force:
        raise ParameterError(
            f"--out {str(given.out)!r} exists, and may have been edited; --force replaces it"
        )
    written = file_format(given)
    cells = (first_cells if is_read_in_pieces(given.real) else Cells)(given.real, written)
    named = named_columns(list(cells.frame.columns), given)
    spec = spec_of(cells, named, f"table {str(given.real)!r}")
    width = min(max(len(plain(name)) for name in spec.names), _NAMES)
    shown = [f"{plain(c.name).ljust(width)}  {c.kind}" for c in spec.columns]
    shown += ["", *(f"note: {plain(note)}" for note in cells.notes)] if cells.notes else []
    if given.out is not None:
        spec.save(given.out)
        out = plain(shown_path(given.out))
        shown += ["", f"written to {out}; edit the kinds, then compare --spec {out}"]
    say("\n".join(shown) + "\n")
