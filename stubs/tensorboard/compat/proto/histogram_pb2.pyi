# ruff: noqa: A002  (the names of the untyped package)
from collections.abc import Iterable as Iterable
from typing import Any as Any

class HistogramProto:
    def __init__(
        self,
        *,
        min: float = ...,
        max: float = ...,
        num: float = ...,
        sum: float = ...,
        sum_squares: float = ...,
        bucket_limit: Iterable[float] = ...,
        bucket: Iterable[float] = ...,
    ) -> None: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
