"""What tests of trackers share."""

import os

# MLflow reports its use to its makers unless it is told not to, and waits minutes for a server.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
