"""Files grow by whole records and are replaced as a whole."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random

import pytest

from synthproto.files import AppendFile, locked, replace_file, replacing


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


def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    aside = tmp_path / f".a.{os.getpid()}-{threading.get_ident()}.partial"
    for place in (tmp_path / "a", aside, tmp_path / "b", tmp_path / "c"):
        place.symlink_to(victim)
    replace_file(tmp_path / "a", b"yours")
    assert (tmp_path / "a").read_bytes() == b"yours"
    with pytest.raises(OSError, match="symbolic"):
        AppendFile(tmp_path / "b")
    with pytest.raises(OSError, match="symbolic"):
        locked(tmp_path / "c")
    assert victim.read_text() == "mine"


def test_a_file_that_was_deleted_takes_nothing_more(tmp_path: Path) -> None:
    file = AppendFile(tmp_path / "lines")
    file.append(b"a")
    (tmp_path / "lines").unlink()
    with pytest.raises(FileNotFoundError, match="was deleted while it was being written"):
        file.append(b"b")


# Between a file's opening and its `with`, nobody is there to close it but the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_ctrl_c_at_any_moment_leaves_a_whole_file_and_no_other(tmp_path: Path) -> None:
    path, random, pressed = tmp_path / "a", Random(0), 0
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for number in range(300):
            content = bytes([number % 256]) * 200_000
            try:
                signal.setitimer(signal.ITIMER_REAL, random.random() * 0.0006 + 1e-6)
                replace_file(path, content)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                pressed += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert [each.name for each in tmp_path.iterdir()] in ([], ["a"])
            assert not path.exists() or path.stat().st_size == len(content)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert pressed > 100


def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a"
    replace_file(path, b"one")

    def write() -> None:
        with replacing(path, sync=True) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert path.read_bytes() == b"one"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_one_holds_a_lock(tmp_path: Path) -> None:
    lock = locked(tmp_path / "lock")
    assert lock is not None
    assert locked(tmp_path / "lock") is None
    lock.close()
    lock.close()
    again = locked(tmp_path / "lock")
    assert again is not None
    again.close()


PARENT = """
import multiprocessing, os, sys, time
from pathlib import Path
from synthproto.files import locked
lock = locked(Path(sys.argv[1]))
child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
child.start()
time.sleep(0.2)
print(child.pid, flush=True)
if sys.argv[2] == "close":
    lock.close()
    time.sleep(60)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks")
@pytest.mark.parametrize("end", ["kill", "close"])
def test_a_forked_child_does_not_keep_the_lock(end: str, tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(path), end], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            if end == "kill":
                parent.wait()
            lock = None
            for _ in range(50):
                lock = lock or locked(path)
                if lock is None:
                    time.sleep(0.05)
            assert lock is not None
            os.kill(child, 0)  # it is still there
            lock.close()
        finally:
            os.kill(child, signal.SIGKILL)
            parent.kill()
