from typing import Any as Any

STATUS_UNKNOWN: int
STATUS_SUCCESS: int
STATUS_FAILURE: int
STATUS_RUNNING: int

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
