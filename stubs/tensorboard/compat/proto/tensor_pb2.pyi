from collections.abc import Iterable as Iterable
from collections.abc import Sequence as Sequence
from typing import Any as Any

class TensorProto:
    @property
    def string_val(self) -> Sequence[bytes]: ...
    def __init__(self, *, dtype: int = ..., string_val: Iterable[bytes] = ...) -> None: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
