"""What mypy says nothing of is told as not proved, never as fitting."""

from typing import Any

import pytest

from tests.cli.check.corpus import expected, joints

JOINTS = joints("unproved")


@pytest.mark.parametrize("name", JOINTS)
def test_what_is_not_proved_is_told_on_its_line(
    name: str, judged: dict[str, list[tuple[int, str]]]
) -> None:
    told = [each for each in judged[f"unproved_{name}"] if not each[1].endswith(": -")]
    assert sorted(told) == sorted(expected(JOINTS[name]))


def test_partials_that_lack_arguments_and_lost_types(many: dict[str, Any]) -> None:
    found = [
        (each["line"], each["severity"])
        for each in many["findings"]
        if each["file"].endswith("partial.py")
    ]
    assert found == [(9, "warning"), (14, "error"), (15, "warning")]
