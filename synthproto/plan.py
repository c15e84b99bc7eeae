"""A plan says what to compare; running it gives a report."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Generic, TypeAlias, TypeVar, final

import numpy as np

from synthproto.checks import About, about, check_least, direction_of, faults_of_description, tag_of
from synthproto.conformance.calls import function_fault
from synthproto.contracts import (
    Array,
    ArrayArtifact,
    Controlled,
    Direction,
    Drawing,
    Plot,
    Prepared,
    Relabelled,
    Resources_contra,
    Score,
)
from synthproto.data.pair import Pair, TablePair
from synthproto.data.table import Table
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.measures.columns import Noise
from synthproto.report import Report

Value = TypeVar("Value")
Given = TypeVar("Given")


@final
class _Described:
    """What scores say of themselves, by tag of each number that they gave."""

    def __init__(self) -> None:
        self.best: dict[str, float] = {}
        self.bounds: dict[str, tuple[float, float]] = {}
        self.directions: dict[str, Direction] = {}

    def add(self, said: About, tag: str, tags: Sequence[str]) -> None:
        """Take over what a score says of the numbers with these tags."""
        best = _by_tag(said.best, tag, tags)
        bounds = _by_tag(said.bounds, tag, tags)
        self.best |= {known: float(value) for known, value in best.items()}
        self.bounds |= bounds
        own: dict[str, Direction] = _by_tag(said.direction, tag, tags)
        for each in tags:
            direction = own.get(each) or direction_of(best.get(each), bounds.get(each))
            if direction is not None:
                self.directions[each] = direction


@final
class Plan(Generic[Resources_contra]):
    """Scores, arrays and plots to compute from the same resources.

    A part is any callable of the resources: an artifact with a ``name``, or a function, whose
    name is then its tag. A score gives a number or numbers by column; an array an array or frame,
    or several by name; a plot a drawing, or several by name.

    If the resources have a ``reference`` of their own type (a `TablePair` with a holdout has),
    each score that is defined for it is computed for it as well, once as long as the reference is
    the same object; and likewise for their ``floor``. What a score says of itself (best value,
    bounds, control) is that of `synthproto.contracts.Described`; all of it is optional.

    Args:
        scores: Parts that give numbers.
        arrays: Parts that give arrays or frames.
        plots: Parts that give drawings.
        relabellings: How often scores of fidelity and validity are computed for two samples of
            real and holdout rows together, to say what sampling noise alone gives (`Report.noise`);
            20 are enough, 0 leaves it out. By default, of tables in memory, it is that of
            `ShapeDistance`, `JSDistance` and their means alone, drawn from counts of real rows
            without a holdout (`synthproto.artifacts.resampling.SampleNoise`). Once a run.
        floors: Whether scores but those of privacy are computed for the ``floor`` as well, once as
            long as it is the same object.

    Raises:
        ParameterError: A part has no name (a lambda, a partial), two have the same, or what a
            score says of itself is misspelt or of the wrong type. Names all faults.
    """

    def __init__(
        self,
        *,
        scores: Sequence[Score[Resources_contra]] = (),
        arrays: Sequence[ArrayArtifact[Resources_contra]] = (),
        plots: Sequence[Plot[Resources_contra]] = (),
        relabellings: int | None = None,
        floors: bool = True,
    ) -> None:
        _check_tags({"scores": scores, "arrays": arrays, "plots": plots})
        check_least(self, "relabellings", relabellings or 0, 0)
        self._relabellings, self._floors = relabellings, floors
        self._noise: tuple[object, Mapping[str, Noise]] = (None, {})
        self._scores = {tag_of(part): part for part in scores}
        self._about = {tag_of(part): about(part) for part in scores}
        self._arrays = {tag_of(part): part for part in arrays}
        self._plots = {tag_of(part): part for part in plots}
        # The last reference and floor, and their scores: a run has one of each.
        self._beside: dict[str, tuple[object, Mapping[str, float]]] = {}

    def __repr__(self) -> str:
        groups = {
            "scores": list(self._scores),
            "arrays": list(self._arrays),
            "plots": list(self._plots),
        }
        return f"Plan({', '.join(f'{name}={tags}' for name, tags in groups.items() if tags)})"

    @property
    def scores(self) -> tuple[Score[Resources_contra], ...]:
        """Parts that give numbers, e.g. to make another plan from."""
        return tuple(self._scores.values())

    @property
    def arrays(self) -> tuple[ArrayArtifact[Resources_contra], ...]:
        """Parts that give arrays or frames."""
        return tuple(self._arrays.values())

    @property
    def plots(self) -> tuple[Plot[Resources_contra], ...]:
        """Parts that give drawings."""
        return tuple(self._plots.values())

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of all parts, in order: scores, arrays, plots."""
        return (*self._scores, *self._arrays, *self._plots)

    @property
    def score_tags(self) -> tuple[str, ...]:
        """Tags of the scores. One that gives numbers by column appears as its prefix."""
        return tuple(self._scores)

    def run(
        self,
        resources: Resources_contra,
        progress: Callable[[str], object] | None = None,
        undefined: Callable[[str, UndefinedScoreError], object] | None = None,
    ) -> Report:
        """Compute every part.

        Args:
            resources: What the parts compare.
            progress: Called with the tag of each part before it is computed.
            undefined: Called with the tag of each part that has no value for these resources, and
                the reason; the part is then left out. ``None`` raises the reason.

        Raises:
            UndefinedScoreError: A part has no finite or defined value; names it.
            ParameterError: Two parts give the same tag (a column named like a score).
        """
        told = progress or _quiet
        floors = (attrgetter("floor"),) if self._floors else ()
        _prepare((*self._scores.values(), *self._arrays.values(), *floors), resources)
        scores, said = self._scores_of(resources, told, undefined)
        arrays: dict[str, Array] = {}
        for tag, array in self._arrays.items():
            told(tag)
            with _left_out(tag, undefined):
                _add(arrays, tag, _computed(tag, array, resources))
        figures: dict[str, Drawing] = {}
        for tag, plot in self._plots.items():
            told(tag)
            with _left_out(tag, undefined):
                _add(figures, tag, _computed(tag, plot, resources))
        references = self._references(resources)
        beside = self._scores_beside(resources, "floor") if self._floors else {}
        return Report(
            scores,
            {tag: value for tag, value in references.items() if tag in scores},
            arrays,
            figures,
            said.best,
            bounds=said.bounds,
            directions=said.directions,
            floors={tag: value for tag, value in beside.items() if tag in scores},
            noise={t: noise for t, noise in self._noise_of(resources).items() if t in scores},
        )

    def _scores_of(
        self,
        resources: Resources_contra,
        told: Callable[[str], object],
        undefined: Callable[[str, UndefinedScoreError], object] | None,
    ) -> tuple[dict[str, float], _Described]:
        scores: dict[str, float] = {}
        said = _Described()
        for tag, score in self._scores.items():
            told(tag)
            before = len(scores)
            with _left_out(tag, undefined):
                _add(scores, tag, _finite(tag, _computed(tag, score, resources)))
            said.add(self._about[tag], tag, list(scores)[before:])
        return scores, said

    def _references(self, resources: Resources_contra) -> Mapping[str, float]:
        found = self._scores_beside(resources, "reference")
        if not isinstance(getattr(resources, "reference", None), type(resources)):
            return found
        return {**found, **self._controls_of(resources)}

    def _scores_beside(self, resources: Resources_contra, name: str) -> Mapping[str, float]:
        """Scores of what resources of their own type have under a name, if they do."""
        beside = getattr(resources, name, None)
        if not isinstance(beside, type(resources)):
            return {}
        known, scores = self._beside.get(name, (None, {}))
        if known is not beside:
            # A reference has no holdout of its own: scores that need one are left out. Independent
            # columns betray nobody: of privacy they would be the ceiling.
            floor = name == "floor"
            wanted = {
                t: s for t, s in self._scores.items() if not (floor and t.startswith(_NO_FLOOR))
            }
            scores = _defined(wanted, beside)
            self._beside[name] = (beside, scores)
        return scores

    def _noise_of(self, resources: Resources_contra) -> Mapping[str, Noise]:
        """Mean and spread of cheap scores over relabellings, once for each reference."""
        if self._relabellings is None:
            return self._noise_of_real(resources)
        reference = getattr(resources, "reference", None)
        if not self._relabellings or not isinstance(resources, Relabelled) or reference is None:
            return {}
        known, noise = self._noise
        if known is not reference:
            cheap = {tag: s for tag, s in self._scores.items() if tag.startswith(_CHEAP)}
            drawn: dict[str, list[float]] = {}
            for seed in range(self._relabellings):
                again = resources.relabelled(seed)
                found = {} if again is None else _defined(cheap, again)
                for tag, value in found.items():
                    drawn.setdefault(tag, []).append(value)
            noise = {tag: Noise.of(values) for tag, values in drawn.items() if len(values) > 1}
            self._noise = (reference, noise)
        return noise

    def _noise_of_real(self, resources: object) -> Mapping[str, Noise]:
        """Noise of two samples of the real table, kept with it."""
        if not isinstance(resources, Pair) or not isinstance(resources.real, Table):
            return {}
        # Here, for plans over something else than tables.
        from synthproto.artifacts.resampling import SampleNoise

        noise = SampleNoise.of(len(resources.synthetic), self._scores.values())
        return {} if noise is None else resources.real.get(noise)

    def _controls_of(self, resources: Resources_contra) -> dict[str, float]:
        """What real rows reach, by scores that the reference has no value of."""
        scores: dict[str, float] = {}
        for tag, score in self._scores.items():
            # A checker takes a function type, which a score is declared as, to have no methods.
            part: object = score
            if isinstance(part, Controlled) and callable(part.control):
                with contextlib.suppress(UndefinedScoreError):
                    _add(scores, tag, _finite(tag, _computed(tag, part.control, resources)))
        return scores


_CHEAP = ("fidelity/", "validity/")
_NO_FLOOR = "privacy/"


def _prepare(parts: Sequence[Callable[[Given], object]], resources: Given) -> None:
    if isinstance(resources, Prepared):
        resources.prepare(parts)


def _defined(
    scores: Mapping[str, Score[Resources_contra]], resources: Resources_contra
) -> dict[str, float]:
    """Scores without those that are undefined."""
    _prepare(tuple(scores.values()), resources)
    found: dict[str, float] = {}
    for tag, score in scores.items():
        with contextlib.suppress(UndefinedScoreError):
            _add(found, tag, _finite(tag, _computed(tag, score, resources)))
    return found


TablePlan: TypeAlias = Plan[TablePair]
"""A plan over a pair of tables: what one usually writes."""


@contextlib.contextmanager
def _left_out(
    tag: str, undefined: Callable[[str, UndefinedScoreError], object] | None
) -> Iterator[None]:
    """Inside: a part that has no value is told of, if somebody wants to know."""
    try:
        yield
    except UndefinedScoreError as error:
        if undefined is None:
            raise
        undefined(tag, error)


def _computed(tag: str, part: Callable[[Given], Value], resources: Given) -> Value:
    """What a part gives; whatever it raises says which part it was."""
    try:
        return part(resources)
    except Exception as error:
        error.add_note(f"This was raised by the part {tag!r} of the plan.")
        raise


def _by_tag(
    said: Value | Mapping[str, Value] | None, tag: str, tags: Sequence[str]
) -> dict[str, Value]:
    """By tag of what a score gave; it says one thing for all entries, or one for each."""
    if said is None:
        return {}
    if isinstance(said, Mapping):
        entries = {f"{tag}/{name}": value for name, value in said.items()}
        return {known: entries[known] for known in tags if known in entries}
    return dict.fromkeys(tags, said)


def _check_tags(parts: Mapping[str, Sequence[object]]) -> None:
    faults, owners = [], dict[str, str]()
    for group, members in parts.items():
        for place, part in enumerate(members):
            tag, where = tag_of(part), f"{group}[{place}]"
            if isinstance(part, type):
                faults.append(f"{where} is a class; make a part of it: {part.__name__}(...)")
            elif not tag or "<" in tag:
                faults.append(f"{where} has no name; got {part!r}. Use a named function or class")
            elif fault := function_fault(part, 1):
                faults.append(f"{where}{fault}")
            elif tag in owners:
                faults.append(f"{where} has the tag {tag!r} of {owners[tag]}; give it another name")
            if group == "scores" and not isinstance(part, type):
                faults += [f"{where}, {tag!r}: {fault}" for fault in faults_of_description(part)]
            owners.setdefault(tag, where)
    if faults:
        raise ParameterError("plan: " + "; ".join(faults))


def _add(held: dict[str, Value], tag: str, value: Value | Mapping[str, Value]) -> None:
    entries = (
        {f"{tag}/{name}": item for name, item in value.items()}
        if isinstance(value, Mapping)
        else {tag: value}
    )
    twice = held.keys() & entries.keys()
    if twice:
        raise ParameterError(f"plan: two parts give the tags {sorted(twice)}; rename one of them")
    held.update(entries)


def _finite(tag: str, value: float | Mapping[str, float]) -> float | Mapping[str, float]:
    if isinstance(value, Mapping):
        return {name: _finite_number(f"{tag}/{name}", item) for name, item in value.items()}
    return _finite_number(tag, value)


def _finite_number(tag: str, value: object) -> float:
    if isinstance(value, (int, float, np.integer, np.floating)) and math.isfinite(value):
        return float(value)
    raise UndefinedScoreError(f"score {tag!r} must be a finite number; got {value!r}")


def _quiet(_tag: str) -> None:
    pass
