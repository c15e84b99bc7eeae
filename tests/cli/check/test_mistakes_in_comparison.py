"""What `check` says of tables that are made, compared and tracked wrongly."""

import pytest

from tests.cli.check.corpus import expected, joints

JOINTS = joints("comparison")


@pytest.mark.parametrize("name", JOINTS)
def test_a_wrong_comparison_is_explained_on_its_line(
    name: str, judged: dict[str, list[tuple[int, str]]]
) -> None:
    faults = [each for each in judged[f"comparison_{name}"] if each[1].startswith("!")]
    assert sorted(faults) == sorted(expected(JOINTS[name]))
    assert not any(said.endswith(": -") for _, said in faults)
