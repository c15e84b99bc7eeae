"""How many made-up cases a test tries: fewer on the second Python of a machine."""

import os

_FEWER = int(os.environ.get("SYNTHPROTO_FEWER_CASES", "1"))


def cases(number: int) -> int:
    """The number, or a part of it where the first Python has tried all."""
    return max(number // _FEWER, min(number, 10))
