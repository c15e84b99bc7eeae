# ruff: noqa: N802  (the names of the untyped package)
from collections.abc import Mapping as Mapping
from typing import Any as Any

class _Value:
    number_value: float
    string_value: str
    bool_value: bool
    def HasField(self, field_name: str) -> bool: ...

class SessionStartInfo:
    start_time_secs: float
    @property
    def hparams(self) -> Mapping[str, _Value]: ...
    def __init__(self, *, start_time_secs: float = ...) -> None: ...

class SessionEndInfo:
    status: int
    end_time_secs: float
    def __init__(self, *, status: int = ..., end_time_secs: float = ...) -> None: ...

class HParamsPluginData:
    version: int
    @property
    def session_start_info(self) -> SessionStartInfo: ...
    @property
    def session_end_info(self) -> SessionEndInfo: ...
    def __init__(
        self,
        *,
        version: int = ...,
        session_start_info: SessionStartInfo | None = ...,
        session_end_info: SessionEndInfo | None = ...,
    ) -> None: ...
    def SerializeToString(self) -> bytes: ...
    @classmethod
    def FromString(cls, s: bytes, /) -> HParamsPluginData: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
