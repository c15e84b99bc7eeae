# ruff: noqa: N802  (the names of the untyped package)
from collections.abc import Iterable as Iterable
from collections.abc import Sequence as Sequence
from typing import Any as Any

class MultilineChartContent:
    @property
    def tag(self) -> Sequence[str]: ...
    def __init__(self, *, tag: Iterable[str] = ...) -> None: ...

class MarginChartContent:
    class Series:
        value: str
        lower: str
        upper: str
        def __init__(self, *, value: str = ..., lower: str = ..., upper: str = ...) -> None: ...

    @property
    def series(self) -> Sequence[MarginChartContent.Series]: ...
    def __init__(self, *, series: Iterable[MarginChartContent.Series] = ...) -> None: ...

class Chart:
    title: str
    @property
    def multiline(self) -> MultilineChartContent: ...
    @property
    def margin(self) -> MarginChartContent: ...
    def __init__(
        self,
        *,
        title: str = ...,
        multiline: MultilineChartContent | None = ...,
        margin: MarginChartContent | None = ...,
    ) -> None: ...

class Category:
    title: str
    closed: bool
    @property
    def chart(self) -> Sequence[Chart]: ...
    def __init__(
        self, *, title: str = ..., chart: Iterable[Chart] = ..., closed: bool = ...
    ) -> None: ...

class Layout:
    version: int
    @property
    def category(self) -> Sequence[Category]: ...
    def __init__(self, *, version: int = ..., category: Iterable[Category] = ...) -> None: ...
    def SerializeToString(self) -> bytes: ...
    @classmethod
    def FromString(cls, s: bytes, /) -> Layout: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
