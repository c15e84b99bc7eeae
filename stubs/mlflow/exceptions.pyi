class MlflowException(Exception): ...  # noqa: N818  MLflow's name
