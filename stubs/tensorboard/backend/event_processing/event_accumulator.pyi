# ruff: noqa: N802  (the names of the untyped package)
from collections.abc import Mapping as Mapping
from collections.abc import Sequence as Sequence
from dataclasses import dataclass as dataclass
from typing import Any as Any

from tensorboard.compat.proto.summary_pb2 import SummaryMetadata as SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto as TensorProto

@dataclass(frozen=True)
class ScalarEvent:
    wall_time: float
    step: int
    value: float

@dataclass(frozen=True)
class TensorEvent:
    wall_time: float
    step: int
    tensor_proto: TensorProto

@dataclass(frozen=True)
class ImageEvent:
    wall_time: float
    step: int
    encoded_image_string: bytes
    width: int
    height: int

@dataclass(frozen=True)
class HistogramValue:
    min: float
    max: float
    num: float
    sum: float
    sum_squares: float
    bucket_limit: list[float]
    bucket: list[float]

@dataclass(frozen=True)
class HistogramEvent:
    wall_time: float
    step: int
    histogram_value: HistogramValue

class EventAccumulator:
    def __init__(
        self,
        path: str,
        size_guidance: Mapping[str, int] | None = None,
        compression_bps: Sequence[int] = ...,
        purge_orphaned_data: bool = True,
    ) -> None: ...
    def Reload(self) -> EventAccumulator: ...
    def Tags(self) -> dict[str, list[str]]: ...
    def Scalars(self, tag: str) -> list[ScalarEvent]: ...
    def Images(self, tag: str) -> list[ImageEvent]: ...
    def Histograms(self, tag: str) -> list[HistogramEvent]: ...
    def Tensors(self, tag: str) -> list[TensorEvent]: ...
    def SummaryMetadata(self, tag: str) -> SummaryMetadata: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
