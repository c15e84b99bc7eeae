from collections.abc import Mapping as Mapping
from collections.abc import Sequence as Sequence
from typing import Any as Any

from mlflow.entities import Metric as Metric
from mlflow.entities import Param as Param

# What the client returns, as far as it is read.

class _RunInfo:
    run_id: str
    status: str

class _RunData:
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, float]

class _Run:
    info: _RunInfo
    data: _RunData

class _Experiment:
    experiment_id: str

class _FileInfo:
    path: str
    is_dir: bool

class MlflowClient:
    def __init__(
        self,
        tracking_uri: str | None = None,
        registry_uri: str | None = None,
        workspace_store_uri: str | None = None,
    ) -> None: ...
    def get_experiment_by_name(self, name: str) -> _Experiment | None: ...
    def create_experiment(
        self,
        name: str,
        artifact_location: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str: ...
    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, str] | None = None,
        run_name: str | None = None,
    ) -> _Run: ...
    def get_run(self, run_id: str) -> _Run: ...
    def update_run(
        self, run_id: str, status: str | None = None, name: str | None = None
    ) -> None: ...
    def set_terminated(
        self, run_id: str, status: str | None = None, end_time: int | None = None
    ) -> None: ...
    def delete_run(self, run_id: str) -> None: ...
    def set_tag(
        self, run_id: str, key: str, value: str, synchronous: bool | None = None
    ) -> object: ...
    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[object] = (),
        synchronous: bool | None = None,
    ) -> object: ...
    def log_artifact(
        self, run_id: str, local_path: str, artifact_path: str | None = None
    ) -> None: ...
    def get_metric_history(self, run_id: str, key: str) -> Sequence[Metric]: ...
    def list_artifacts(self, run_id: str, path: str | None = None) -> Sequence[_FileInfo]: ...
    def download_artifacts(self, run_id: str, path: str, dst_path: str | None = None) -> str: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
