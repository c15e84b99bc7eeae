"""What ``check`` does: read scripts, run the checker, print what was found."""

import argparse
import importlib.util
import sys
import time

from synthproto.cli.check.checker import is_warm
from synthproto.cli.check.findings import verdict_on
from synthproto.cli.check.scripts import scripts_of
from synthproto.cli.check.show import as_json, as_text, refusal_as_json
from synthproto.cli.console import BAD_INPUT, FINE, NOT_KEPT, colored, reason, say, tell, unforeseen
from synthproto.errors import MissingExtraError, SynthprotoError


def check_scripts(given: argparse.Namespace) -> int:
    """Check scripts and print what was found.

    Args:
        given: ``scripts``, ``json``, ``strict``.

    Returns:
        The exit code: 0, they fit; 1, they do not; 2, the check could not run, whatever broke.
    """
    try:
        return _checked(given)
    except (SynthprotoError, OSError) as error:
        return _refuse(reason(error), given.json)
    except Exception as error:  # noqa: BLE001  of a check, no fault may look like a verdict
        return _refuse(unforeseen(error), given.json)


def _checked(given: argparse.Namespace) -> int:
    if importlib.util.find_spec("mypy") is None:
        raise MissingExtraError("it needs mypy, which is missing. pip install 'synthproto[check]'")
    began = time.perf_counter()
    scripts = scripts_of(given.scripts)
    if not is_warm():
        tell("first check: reading the types of torch and pandas takes about a minute ...")
    verdict = verdict_on(scripts)
    fits = not any(each.severity == "error" or given.strict for each in verdict.findings)
    seconds = time.perf_counter() - began
    if given.json:
        say(as_json(scripts, verdict, fits, seconds))
    else:
        say(as_text(scripts, verdict, fits, seconds, colored(sys.stdout)))
    return FINE if fits else NOT_KEPT


def _refuse(why: str, as_object: bool) -> int:
    tell(f"synthproto check could not run: {why}")
    if as_object:
        say(refusal_as_json(why))
    return BAD_INPUT
