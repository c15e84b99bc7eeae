"""What ``check`` does: read scripts, run the checker, print what was found."""

import argparse
import importlib.util
import sys
import time

from synthproto.cli.check.checker import CheckerError, is_warm
from synthproto.cli.check.findings import as_json, as_text, findings
from synthproto.cli.check.scripts import Script

FITS, DOES_NOT_FIT, COULD_NOT_RUN = 0, 1, 2


def check_scripts(arguments: argparse.Namespace) -> int:
    """Check scripts and print what was found.

    Args:
        arguments: ``scripts``, ``json``, ``strict``.

    Returns:
        The exit code.
    """
    if importlib.util.find_spec("mypy") is None:
        return _refuse("it needs mypy, which is missing. pip install 'synthproto[check]'")
    if not is_warm():
        _tell("first check: reading the types of torch and pandas takes about a minute ...")
    began = time.perf_counter()
    try:
        scripts = [Script(path) for path in arguments.scripts]
        found = findings(scripts)
    except OSError as error:
        return _refuse(f"{error.filename} cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        return _refuse(f"a script is no UTF-8 text: {error}")
    except SyntaxError as error:
        return _refuse(f"{error.filename}:{error.lineno}:{error.offset} is no Python: {error.msg}")
    except CheckerError as error:
        return _refuse(str(error))
    fits = not any(each.severity == "error" or arguments.strict for each in found)
    write = as_json if arguments.json else as_text
    seconds = time.perf_counter() - began
    sys.stdout.write(write(scripts, found, fits, seconds, sys.stdout.isatty()))
    return FITS if fits else DOES_NOT_FIT


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _refuse(reason: str) -> int:
    _tell(f"synthproto check could not run: {reason}")
    return COULD_NOT_RUN
