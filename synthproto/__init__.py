"""synthproto: typed, composable experiments for tabular synthesis."""

from beartype import BeartypeConf
from beartype.claw import beartype_this_package

# Without the second setting a hint that beartype cannot handle only warns, and stays unchecked.
beartype_this_package(
    conf=BeartypeConf(is_pep484_tower=True, warning_cls_on_decorator_exception=None)
)
