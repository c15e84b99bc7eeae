# ruff: noqa: N802  (the names of the untyped package)
from typing import Any as Any

from tensorboard.compat.proto.summary_pb2 import Summary as Summary

class Event:
    wall_time: float
    step: int
    file_version: str
    @property
    def summary(self) -> Summary: ...
    def __init__(
        self,
        *,
        wall_time: float = ...,
        step: int = ...,
        file_version: str = ...,
        summary: Summary | None = ...,
    ) -> None: ...
    def SerializeToString(self) -> bytes: ...
    @classmethod
    def FromString(cls, s: bytes, /) -> Event: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
