from collections.abc import Iterable as Iterable
from collections.abc import Sequence as Sequence
from typing import Any as Any

from tensorboard.compat.proto.histogram_pb2 import HistogramProto as HistogramProto
from tensorboard.compat.proto.tensor_pb2 import TensorProto as TensorProto

class SummaryMetadata:
    class PluginData:
        plugin_name: str
        content: bytes
        def __init__(self, *, plugin_name: str = ..., content: bytes = ...) -> None: ...

    summary_description: str
    @property
    def plugin_data(self) -> PluginData: ...
    def __init__(
        self, *, plugin_data: PluginData | None = ..., summary_description: str = ...
    ) -> None: ...

class Summary:
    class Image:
        height: int
        width: int
        colorspace: int
        encoded_image_string: bytes
        def __init__(
            self,
            *,
            height: int = ...,
            width: int = ...,
            colorspace: int = ...,
            encoded_image_string: bytes = ...,
        ) -> None: ...

    class Value:
        tag: str
        simple_value: float
        @property
        def metadata(self) -> SummaryMetadata: ...
        @property
        def tensor(self) -> TensorProto: ...
        def __init__(
            self,
            *,
            tag: str = ...,
            metadata: SummaryMetadata | None = ...,
            simple_value: float = ...,
            image: Summary.Image | None = ...,
            histo: HistogramProto | None = ...,
            tensor: TensorProto | None = ...,
        ) -> None: ...

    @property
    def value(self) -> Sequence[Value]: ...
    def __init__(self, *, value: Iterable[Value] = ...) -> None: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
