"""Entry of ``python -m synthproto``."""

import sys

from synthproto.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
