"""Errors and warnings of the library: few, and each is also the builtin that fits.

::

    SynthprotoError
    ├── SchemaError           (ValueError)       a table does not fit its spec
    ├── ParameterError        (ValueError)       an argument is outside what a part allows
    ├── ConformanceError      (TypeError)        a part does not do what its annotations declare
    ├── UndefinedScoreError   (ArithmeticError)  a score has no defined value for these tables
    ├── UnknownScoreError     (KeyError)         a report has no score of this tag
    ├── NonFiniteLossError    (ArithmeticError)  a training loss is NaN or infinite
    ├── CheckpointError       (ValueError)       a checkpoint is damaged or of another experiment
    ├── MissingExtraError     (ImportError)      a part needs a package that is not installed
    └── TrackerError          (RuntimeError)     a tracker could not keep what it was given
    SynthprotoWarning         (UserWarning)      something is suspicious, but the run goes on
"""


class SynthprotoError(Exception):
    """Root of every error that the library raises on purpose."""


class SchemaError(SynthprotoError, ValueError):
    """A table does not fit its spec, or two tables do not fit each other."""


class ParameterError(SynthprotoError, ValueError):
    """An argument of a part is outside what the part allows."""


class ConformanceError(SynthprotoError, TypeError):
    """A part does not behave as its annotations declare, found at run time."""


class UndefinedScoreError(SynthprotoError, ArithmeticError):
    """A score has no defined value for these tables, or came out as NaN or infinite."""


class UnknownScoreError(SynthprotoError, KeyError):
    """A report has no score of this tag."""

    def __str__(self) -> str:
        """The message as it is; a KeyError would quote it."""
        return Exception.__str__(self)


class NonFiniteLossError(SynthprotoError, ArithmeticError):
    """A training loss is NaN or infinite."""


class CheckpointError(SynthprotoError, ValueError):
    """A checkpoint is damaged, foreign, or from another composition of parts."""


class MissingExtraError(SynthprotoError, ImportError):
    """A part needs a package of an optional extra that is not installed."""


class TrackerError(SynthprotoError, RuntimeError):
    """A tracker could not write or send what it was given."""


class SynthprotoWarning(UserWarning):
    """Something is suspicious, but goes on."""
