from typing import Any as Any

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
