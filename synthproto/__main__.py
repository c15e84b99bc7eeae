"""Entry of ``python -m synthproto``."""

import os
import sys

from synthproto.cli.main import main

if __name__ == "__main__":
    status: int = main()
    if {"mypy", "pyarrow"} & sys.modules.keys():
        # Freeing mypy's objects one by one would take longer than the check did, and Arrow now and
        # then aborts while Python ends. Everything has been written and flushed.
        os._exit(status)
    sys.exit(status)
