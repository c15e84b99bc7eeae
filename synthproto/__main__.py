"""Entry of ``python -m synthproto``."""

import os
import sys

from synthproto.cli.main import main

if __name__ == "__main__":
    status: int = main()
    if "mypy" in sys.modules:
        # To free its objects one by one would take longer than the check did.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
