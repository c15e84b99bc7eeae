from typing import Any as Any

class MlflowException(Exception):  # noqa: N818  MLflow's name
    error_code: str
    def __init__(
        self,
        message: object,
        error_code: int = ...,
        sqlstate: str | None = None,
        error_class: str | None = None,
        **kwargs: object,
    ) -> None: ...

def __getattr__(name: str) -> Any: ...  # the real package has more names than are described here
