"""A run's parts are described as they show themselves."""

from dataclasses import dataclass

from synthproto.trackers.formats import describe_run
from synthproto.trackers.memory import MemoryTracker


@dataclass(frozen=True)
class Score:
    name: str
    bins: int


def test_parts_are_shown_with_their_arguments() -> None:
    with MemoryTracker() as tracker:
        describe_run(
            tracker,
            {
                "scores": [Score("js", 30), Score("ks", 10)],
                "note": "a ``` b",
                "params": {"z": 1, "a": 2},
            },
        )
    kept = dict(zip(tracker.texts["tag"], tracker.texts["value"], strict=True))
    assert kept == {
        "run/scores": "```\n[Score(name='js', bins=30), Score(name='ks', bins=10)]\n```",
        "run/note": "``````\na ``` b\n``````",
        "run/params": "```\n{'z': 1, 'a': 2}\n```",
    }
