"""The folder that reports go to: never over a file that is not one of ours."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import final

from synthproto.cli.document import FORMAT
from synthproto.cli.page import GENERATOR
from synthproto.errors import ParameterError
from synthproto.trackers.records import replace_file

_MARKS = {"report.html": GENERATOR, "report.json": f'"format": "{FORMAT}"'}


@final
@dataclass(frozen=True)
class ReportFolder:
    """Where ``report.html`` and ``report.json`` are written.

    Attributes:
        path: The folder; made when something is written.

    Raises:
        ParameterError: It is a file, cannot be written to, or holds files of these names that an
            earlier comparison did not write.
    """

    path: Path

    def __post_init__(self) -> None:
        ancestor = next(p for p in (self.path, *self.path.absolute().parents) if p.exists())
        if not ancestor.is_dir():
            raise ParameterError(f"--out must be a folder; {str(ancestor)!r} is a file")
        if not os.access(ancestor, os.W_OK):
            raise ParameterError(f"--out cannot be written: no permission in {str(ancestor)!r}")
        foreign = [name for name, mark in _MARKS.items() if not self._ours(name, mark)]
        if foreign:
            raise ParameterError(
                f"--out {str(self.path)!r} has {' and '.join(foreign)} that no comparison wrote; "
                "they are left alone. Choose another folder"
            )

    def _ours(self, name: str, mark: str) -> bool:
        path = self.path / name
        if not path.exists():
            return True
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return mark.encode() in file.read(1000)

    def write(self, page: str, document: str) -> None:
        """Write both files, each in one piece; those of an earlier comparison are replaced."""
        replace_file(self.path / "report.html", page.encode())
        replace_file(self.path / "report.json", document.encode())
