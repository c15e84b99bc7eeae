"""What tests of trackers share."""

import os
from importlib.util import find_spec

# MLflow reports its use to its makers unless it is told not to, and waits minutes for a server.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"

# An optional extra: without it there is nothing to test. The folder of its stubs has no origin.
_mlflow = find_spec("mlflow")
collect_ignore = [] if _mlflow and _mlflow.origin else ["test_mlflow.py"]
