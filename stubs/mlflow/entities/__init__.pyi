from collections.abc import Mapping

class Metric:
    key: str
    value: float
    timestamp: int
    step: int
    def __init__(self, key: str, value: float, timestamp: int, step: int) -> None: ...

class Param:
    def __init__(self, key: str, value: str) -> None: ...

class RunInfo:
    run_id: str
    status: str
    experiment_id: str

class RunData:
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, float]

class Run:
    info: RunInfo
    data: RunData

class Experiment:
    experiment_id: str

class FileInfo:
    path: str
    is_dir: bool
