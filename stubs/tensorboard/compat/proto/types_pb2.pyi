from typing import Any as Any

DT_STRING: int

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
