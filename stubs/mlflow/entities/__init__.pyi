from typing import Any as Any

class Metric:
    def __init__(
        self,
        key: str,
        value: float,
        timestamp: int,
        step: int,
        model_id: str | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        run_id: str | None = None,
    ) -> None: ...
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def step(self) -> int: ...

class Param:
    def __init__(self, key: str, value: str) -> None: ...
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> str: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
