"""What the package is without any of its extras: a script, for an environment with or without them.

Prints what is wrong, one line a fault. Packages of extras that are installed are hidden.
"""

import inspect
import pydoc
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

EXTRAS = ("tqdm", "mypy", "sklearn", "mlflow", "pyarrow", "ctgan", "statsmodels")
PARTS = "synthproto.artifacts"


class Without:
    """A finder of modules that does not find those of the extras."""

    def __init__(self, finder: object) -> None:
        self._finder = finder

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] in EXTRAS:
            return None
        found: ModuleSpec | None = getattr(self._finder, "find_spec")(name, path, target)  # noqa: B009  not all have it
        return found


def faults_of_the_face() -> Iterator[str]:
    import synthproto

    public = getattr(synthproto, "__all__")  # noqa: B009  not in the stub: see test_face.py
    for name in public:
        try:
            getattr(synthproto, name)
        except ImportError as error:
            yield f"{name} cannot be loaded: {error!r}"
    scope: dict[str, object] = {}
    exec("from synthproto import *", scope)
    if missing := set(public) - set(scope):
        yield f"import * leaves out {missing}"
    if dir(synthproto) != sorted(public):
        yield f"dir() lists {set(dir(synthproto)) ^ set(public)}"
    members = dict(inspect.getmembers(synthproto))
    if set(members) != set(public):
        yield f"getmembers() gives {set(members) ^ set(public)}"
    text = pydoc.plain(pydoc.render_doc(synthproto))
    for name in public[1:]:  # the version has a section of its own
        if name not in text:
            yield f"help() does not mention {name}"


def parts() -> Iterator[tuple[str, type]]:
    """Every public artifact."""
    import synthproto

    for name in dir(synthproto):
        value: object = getattr(synthproto, name)
        if inspect.isclass(value) and value.__module__.startswith(PARTS):
            yield name, value


def made(part: type) -> object:
    """A part with its defaults, and an argument for each parameter that has none."""
    import synthproto

    arguments: dict[str, object] = {
        "column": "c",
        "columns": (),
        "of": synthproto.JSDistance(),
        "part": synthproto.DCR(),
        "rows": {"a": [{"x": 0.5}]},
        "secrets": ("c",),
        "target": "c",
    }
    parameters = inspect.signature(part).parameters.values()
    required = [each.name for each in parameters if each.default is each.empty]
    value: object = part(**{name: arguments[name] for name in required})
    return value


def faults_of_parts() -> Iterator[str]:
    """A part that needs an extra says so when it is made; one that was made works."""
    import numpy as np
    import pandas as pd
    from beartype.roar import BeartypeCallHintParamViolation

    import synthproto as sp

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": rng.normal(size=150), "y": rng.normal(size=150), "c": list("abc" * 50)}
    )
    spec = sp.TableSpec.infer(frame)
    real, synthetic, holdout = (
        sp.Table(frame[start : start + 50], spec, name=name)
        for start, name in ((0, "real"), (50, "synthetic"), (100, "holdout"))
    )
    pair = sp.TablePair(real, synthetic, holdout)
    refused = []
    for name, part in parts():
        try:
            artifact = made(part)
        except sp.MissingExtraError as error:
            refused.append(name)
            if not str(error).startswith(f"{part.__name__} needs scikit-learn"):
                yield f"{name} is refused as: {error}"
            continue
        for given in (pair, real):
            try:
                if callable(artifact):
                    artifact(given)
            except ImportError as error:
                yield f"{name} was made, and then needs an extra: {error!r}"
            except (BeartypeCallHintParamViolation, sp.SynthprotoError):
                pass  # it compares something else
    if len(refused) < 10:
        yield f"only {refused} need scikit-learn"
    for plan in (
        sp.default_plan(spec, holdout=True, target="c"),
        sp.preset("tabsyn", spec),
        sp.preset("sdmetrics", spec),
        sp.preset("artifact-core", spec),
    ):
        plan.run(pair)


def faults_of_trackers() -> Iterator[str]:
    import synthproto as sp

    try:
        sp.MlflowTracker("experiment")
    except sp.MissingExtraError as error:
        if "pip install 'synthproto[mlflow]'" not in str(error):
            yield f"MlflowTracker is refused as: {error}"
    else:
        yield "MlflowTracker was made without MLflow"


def main() -> int:
    sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
    found = [name for name in EXTRAS if find_spec(name) is not None]
    assert not found, f"{found} are still there"
    faults = [*faults_of_the_face(), *faults_of_parts(), *faults_of_trackers()]
    sys.stdout.write("\n".join([*faults, f"{len(faults)} faults"]) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
