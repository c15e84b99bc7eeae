"""What the command line tells: exit codes, and all that it writes to its terminal."""

import io
import json
import os
import re
import sys
import traceback
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from synthproto.errors import SynthprotoError, SynthprotoWarning
from synthproto.formatting import plain

FINE: Final = 0
NOT_KEPT: Final = 1
"""A limit of ``compare`` is not kept, or parts of a script do not fit."""
BAD_INPUT: Final = 2
"""Nothing was written. Of ``check`` also: it could not run, whatever the reason."""
UNFORESEEN: Final = 3
"""An error inside of this library, or not enough memory."""
INTERRUPTED: Final = 130
"""Ctrl-C, as shells number it."""

_TRACEBACK: Final = "SYNTHPROTO_TRACEBACK"


def guarded(command: str, run: Callable[[Namespace], int], given: Namespace) -> int:
    """Run a subcommand; whatever it raises becomes one line and an exit code.

    Args:
        command: What the subcommand is called, for the line.
        run: What it does.
        given: The parsed arguments.

    Returns:
        The exit code.
    """
    try:
        with _warnings_as_lines(command):
            return run(given)
    except KeyboardInterrupt:
        tell(f"synthproto {command}: stopped")
        return INTERRUPTED
    except (SynthprotoError, OSError) as error:
        tell(failure(command, error))
        return BAD_INPUT
    except Exception as error:  # noqa: BLE001  the last resort: exit code 1 would claim a verdict
        if os.environ.get(_TRACEBACK):
            tell(traceback.format_exc(), lines=True)
        tell(f"synthproto {command}: error inside: {unforeseen(error)}")
        return UNFORESEEN


@contextmanager
def _warnings_as_lines(command: str) -> Iterator[None]:
    """Tell warnings of this library in one line each, and those of others not at all.

    Filters that a user asked for (``python -W``) are left as they are.
    """

    def told(message: Warning | str, *_: object, **__: object) -> None:
        tell(f"synthproto {command}: warning: {message}")

    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
            warnings.simplefilter("default", SynthprotoWarning)
            warnings.showwarning = told
        yield


def failure(command: str, error: Exception) -> str:
    """An error as one line for standard error."""
    return f"synthproto {command}: error: {reason(error)}"


def reason(error: Exception) -> str:
    """What an error says, on one line."""
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{os.fsdecode(error.filename)!r} cannot be used: {error.strerror}"
    lines = [line.strip().removeprefix("- ") for line in text.split("\n")]
    joined = "; ".join([*(line.removesuffix(".") for line in lines[:-1]), lines[-1]])
    return joined.replace("faults:; ", "faults: ")


def unforeseen(error: Exception) -> str:
    """What went wrong inside, on one line, and where."""
    if isinstance(error, MemoryError):
        return f"not enough memory. {error}".strip()
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    text = " ".join(str(error).split())[:300]
    return (
        f"{type(error).__name__}: {text}{where}. Please report it; {_TRACEBACK}=1 shows where it "
        "comes from"
    )


def shown_path(path: Path) -> str:
    """A path as text that every encoding can write: bytes that are no UTF-8 as hexadecimals."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def say(text: str) -> None:
    """Write to standard output, whatever characters it can show.

    A reader that has gone away (``| head``) and a closed stream are no faults: the exit code says
    what was found.

    Raises:
        OSError: There is a stream, and it cannot be written to (a full disk).
    """
    _write(sys.stdout, text)


def tell(text: str, *, lines: bool = False) -> None:
    """Write one line to standard error, if it is there.

    Args:
        text: What to tell; signs that move a cursor are replaced.
        lines: Keep line breaks.
    """
    shown = "\n".join(map(plain, text.split("\n"))) if lines else plain(text)
    try:
        _write(sys.stderr, f"{shown}\n")
    except OSError:
        return  # there is nobody left to be told


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # closed by the shell: >&-
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
    except OSError:
        _discard(stream)
        raise


def _discard(stream: TextIO) -> None:
    """Let what is still buffered go nowhere: Python would fail at it when it ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, io.UnsupportedOperation):
        return


def colored(stream: TextIO | None) -> bool:
    """Whether a stream shows colour: a terminal, and ``NO_COLOR`` is not set."""
    return (
        stream is not None
        and stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


_UNSAFE = re.compile(r"[^\n\x20-\x7e]")


def json_text(content: object) -> str:
    """An object as indented JSON of printable characters: no others reach a terminal or a file."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    return _UNSAFE.sub(lambda found: _escaped(found[0]), text) + "\n"


def _escaped(sign: str) -> str:
    return sign if sign.isprintable() else json.dumps(sign)[1:-1]
