"""Files grow by whole records and are replaced as a whole."""

import threading
from pathlib import Path

from synthproto.files import AppendFile, replace_file


def test_threads_do_not_mix_records(tmp_path: Path) -> None:
    file = AppendFile(tmp_path / "lines")

    def append(letter: str) -> None:
        for _ in range(200):
            file.append(letter.encode() * 99 + b"\n")

    threads = [threading.Thread(target=append, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = (tmp_path / "lines").read_text().splitlines()
    assert len(lines) == 800
    assert all(len(line) == 99 and len(set(line)) == 1 for line in lines)
    assert file.size == 80000


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]
