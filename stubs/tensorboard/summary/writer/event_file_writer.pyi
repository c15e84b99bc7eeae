from typing import Any as Any

from tensorboard.compat.proto.event_pb2 import Event as Event

class EventFileWriter:
    def __init__(
        self,
        logdir: str,
        max_queue_size: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None: ...
    def add_event(self, event: Event) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
