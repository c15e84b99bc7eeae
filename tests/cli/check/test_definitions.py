"""Classes of a script and of the files beside it."""

import ast
from pathlib import Path

from synthproto.cli.check.definitions import definitions_of, dotted, last_name

SCRIPT = """
from dataclasses import dataclass
from typing import Annotated, NamedTuple, NotRequired, TypedDict
import torch
from beside import Base, missing
import nowhere.at.all

class Batch(TypedDict):
    rows: torch.Tensor
    weights: NotRequired[torch.Tensor]

class Wide(Batch):
    labels: Annotated[torch.Tensor, matrix]

class Pair(NamedTuple):
    first: int

@dataclass(frozen=True)
class Data(Base):
    scale: float

class Plain:
    pass

class Net(torch.nn.Module):
    size: int

class Deep(Net):
    pass
"""


def test_fields_and_kinds(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text(
        "from dataclasses import dataclass\nimport script\n\n@dataclass\nclass Base:\n    x: int\n"
    )
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    found = definitions_of(ast.parse(SCRIPT), path, frozenset())
    assert {name: str(each) for name, each in found.items()} == {
        "Base": "Base (dataclass with x: int)",
        "Batch": "Batch (TypedDict with rows: Tensor, weights: NotRequired[torch.Tensor])",
        "Wide": "Wide (TypedDict with rows: Tensor, weights: NotRequired[torch.Tensor], "
        "labels: Tensor)",
        "Pair": "Pair (NamedTuple with first: int)",
        "Data": "Data (dataclass with x: int, scale: float)",
        "Plain": "Plain",
        "Net": "Net",
        "Deep": "Deep",
    }
    assert {name for name, each in found.items() if each.kind == "Module"} == {"Net", "Deep"}
    assert found["Batch"].optional == {"weights"}


def test_a_broken_file_beside_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("def f(:")
    path = tmp_path / "script.py"
    assert definitions_of(ast.parse("import beside"), path, frozenset()) == {}


def test_names_as_they_are_written() -> None:
    def node(text: str) -> ast.expr:
        return ast.parse(text, mode="eval").body

    assert dotted(node("sp.Plan[int]")) == "sp.Plan"
    assert dotted(node("f().x")) == "?.x"
    assert last_name(node("torch.optim.Adam")) == "Adam"
