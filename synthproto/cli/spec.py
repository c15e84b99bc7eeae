"""What ``spec`` does: infer the kinds of a file's columns, show and save them."""

import argparse

from synthproto.cli.console import say, shown_path
from synthproto.data.files import inferred_spec, reader_of
from synthproto.errors import ParameterError
from synthproto.formatting import plain


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
    frame = reader_of(given).read(given.real)
    spec = inferred_spec(frame, given, f"table {str(given.real)!r}")
    width = max(len(plain(name)) for name in spec.names)
    shown = [f"{plain(c.name).ljust(width)}  {c.kind}" for c in spec.columns]
    if given.out is not None:
        spec.save(given.out)
        out = plain(shown_path(given.out))
        shown += ["", f"written to {out}; edit the kinds, then compare --spec {out}"]
    say("\n".join(shown) + "\n")
