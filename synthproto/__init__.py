"""synthproto: typed, composable experiments for tabular synthesis.

Parts that fit by shape: a step trains a model, a `Validation` generates a table and compares it with
the real one by the parts of a `TablePlan`, trackers keep what comes of it, and a `Trainer` takes all
of them as arguments. ``python -m pdoc synthproto`` shows this page and every public name.

**What is compared.** Everything is an artifact: a frozen dataclass with a ``name``, which is its tag
in trackers, and a ``__call__``.

| family | artifacts |
|---|---|
| columns | `JSDistance`, `KSDistance`, `TotalVariation`, `ShapeDistance`, `WassersteinDistance`, `MissingRateDifference`, `StatisticSimilarity`, each by column; `Mean` of any, `Within` groups of rows |
| pairs | `CorrelationDistance` over any `Association`, `CorrelationSimilarity`, `ContingencySimilarity`, `TrendSimilarity`, `DependenceSimilarity`, `NMISimilarity`; `Similarity` of all |
| validity | `BoundaryAdherence`, `CategoryAdherence`, `RangeCoverage`, `CategoryCoverage`, `KeyUniqueness`, `ExactDtypes` |
| rows | `PRDC`, `AlphaPrecision`, `BetaRecall`, `Authenticity`, `MMD`, `C2ST`, `C2STZ` |
| utility | `TSTR`, `TRTR`, `UtilityGap` |
| privacy | `ExactMatchShare`, `DCR`, `NNDR`, `DCRShare`, `MembershipInference`, `AttributeInference`, `SinglingOut`, `Linkability`, `EpsilonBound`; `Audit` by row |
| arrays | `Juxtaposition` of eight statistics, `AssociationMatrices`, `Histograms` |
| plots | `PDF`, `CDF` (a grid; `PDFByColumn` one image per column), `Alignment`, `CorrelationHeatmaps`, `PCAJuxtaposition`, `TruncatedSVDJuxtaposition`, `TSNEJuxtaposition`: values that matplotlib draws as PNG, SVG, PDF or a Figure |
| presets | `default_plan`, `sdmetrics_quality`, `sdmetrics_diagnostic`, `artifact_core`, `experiment_script`, `PaperTable` |

**Where it goes.**

| tracker | what it leaves |
|---|---|
| `TensorBoardTracker` | scores beside their references, images, tables, hyperparameters, projector |
| `FilesystemTracker` | a folder that pandas reads without us: scores, PNG, npz, ``run.json`` |
| `MemoryTracker` | DataFrames, for notebooks and tests |
| `MlflowTracker` | a run on any MLflow server or store (extra ``mlflow``) |
| `Tee`, `Background` | several as one; a bounded queue and a worker thread that loses nothing |

**Type variables.** `Batch` is what a model is trained on, `Output` what its ``forward`` gives,
`Params` what its ``generate`` takes: a script is proved by the checker where they agree.

**How it is built.** Functions on arrays at the bottom, parts that are composed at the top; a file
imports only from floors below its own::

    8  cli          the commands compare, spec and check
    7  training     the loop and its steps, callbacks, routines, stoppers, checkpoints      presets
    6  plan         trackers     adapters
    5  artifacts    scores, arrays and plots of two tables
    4  data         specs, tables, codecs, batches, files                                   report
    3  measures     numerics on arrays      drawing      conformance      samplers      progress
    2  checks       files        formatting        guard
    1  contracts    errors

- ``contracts`` are all Protocols that parts meet through; nothing is inherited from them. In each
  generic constructor one argument is a Protocol, which decides the types, and all others are
  Callables, which are checked against it: so a checker blames the argument that does not fit.
- ``measures`` are numerics on arrays; an artifact names one of them and holds its parameters. A
  `Table` keeps what artifacts share, so the real side is computed once per run.
- ``conformance`` proves on the first batch what a checker cannot see; ``guard`` has beartype check
  the arguments of public names; calls inside the library are left to mypy.
- A plot is a value of arrays and labels. For the PNG of each epoch the real side is kept as drawn.
- Heavy imports stay where they are needed: ``import synthproto`` loads none, tables and scores need
  no torch, the trainer needs no pandas.

**Words of declarative systems.** Validation plan, artifact registry: `TablePlan`, a list of parts.
Artifact routine: `Validation`. Data-loader routine: `BatchScores`. Trainer hooks, diagnostics:
``callbacks`` and ``routines`` of `Trainer`. Epoch-bound stopper: `MaxEpochs`. Data spec:
`TableSpec`. Tracking client: a tracker. Generation params: whatever the model's own ``generate``
takes, `sampler(model, params)`.

A public name is loaded from its room when it is first used, so that a script pays only for what it
needs; from then on its arguments are checked at run time. The list of names is ``__init__.pyi``, for
checkers and for the interpreter alike.
"""  # noqa: E501  tables of Markdown have no line breaks

import re
import warnings
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import FunctionType

__version__ = "0.1.0"
__docformat__ = "google"  # for pdoc

_PUBLIC, _, _FORMER = (
    Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8").partition("\n# Former names")
)
_IMPORT = re.compile(r"^from (?P<room>\S+) import \(?\s*(?P<name>\w+) as", re.MULTILINE)
_ROOMS = {match["name"]: match["room"] for match in _IMPORT.finditer(_PUBLIC)}
_MOVED = {match["name"]: match["room"] for match in _IMPORT.finditer(_FORMER)}
_RENAMED = dict(re.findall(r"^(\w+) = (\w+)$", _FORMER, re.MULTILINE))
__all__ = ["__version__", *_ROOMS]


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name in _ROOMS:
        value = _load(name, _ROOMS[name])
        globals()[name] = value
        return value
    if name in _RENAMED:
        _warn(name, f"synthproto.{_RENAMED[name]}")
        return __getattr__(_RENAMED[name])
    if name in _MOVED:
        _warn(name, f"{_MOVED[name]}.{name}")
        return _load(name, _MOVED[name])
    near = get_close_matches(name, _ROOMS, n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise AttributeError(f"module 'synthproto' has no attribute {name!r}.{hint}")


def _load(name: str, room: str) -> object:
    from synthproto.guard import guard  # beartype; the command line needs none

    module = import_module(room)
    value: object = getattr(module, name)
    guarded = guard(value)
    if isinstance(guarded, FunctionType):
        # Pickle finds a function by its name in its room.
        setattr(module, name, guarded)
        return guarded
    return value


def _warn(name: str, now: str) -> None:
    message = f"synthproto.{name} is a former name and will go: use {now}"
    warnings.warn(message, DeprecationWarning, stacklevel=3)


def __dir__() -> list[str]:
    """The public names, loaded or not; none of what this file itself imports."""
    return sorted(__all__)
