"""Files and lines are whole or not there, whatever dies in the middle."""

from __future__ import annotations

import random
import signal
from pathlib import Path
from typing import Any

import pytest

from archspec.errors import RecordsError
from archspec.records.files import append_line, read_json, read_lines, write_atomic, write_json
from archspec.spec.hashing import digest

from .samples import PATIENCE, python, said, start


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_atomic(file, "first")
    write_atomic(file, b"second")
    assert file.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_atomic(tmp_path / "file", "")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


DIES = """
    import os, signal, sys
    from pathlib import Path
    from archspec.records.files import write_atomic

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    def half(file, data, write=os.write):
        write(file, bytes(data)[: len(data) // 2])
        die()

    def renamed(old, new, rename=os.replace):
        rename(old, new)
        die()

    where, file = sys.argv[1], Path(sys.argv[2])
    match where:
        case "in the first write": os.write = half
        case "before it is on the disk": os.fsync = die
        case "before the rename": Path.replace = die
        case "after the rename": Path.replace = renamed
    write_atomic(file, "new" * 1000)
"""
MOMENTS = {
    "in the first write": "old",
    "before it is on the disk": "old",
    "before the rename": "old",
    "after the rename": "new" * 1000,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, moment: str) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    said(python(DIES, moment, file), code=-signal.SIGKILL)
    assert file.read_text() == MOMENTS[moment]
    write_atomic(file, "again")  # what the dead one left is in nobody's way
    assert file.read_text() == "again"


WRITES = """
    import sys
    from pathlib import Path
    from archspec.records.files import write_atomic

    for number in range(1_000_000):
        write_atomic(Path(sys.argv[1]), str(number % 10) * 100_000)
        if number == 0:
            print("begun", flush=True)
"""


@pytest.mark.parametrize("seed", range(5))
def test_a_kill_at_any_moment_leaves_the_old_or_the_new(tmp_path: Path, seed: int) -> None:
    file = tmp_path / "file"
    with start(python(WRITES, file)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        for _ in range(random.Random(seed).randrange(1, 200)):
            content = file.read_text()
            assert content == content[0] * 100_000
        process.kill()
        process.wait(PATIENCE)
    content = file.read_text()
    assert content == content[0] * 100_000


def test_lines_are_read_as_they_were_added(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    lines: list[dict[str, Any]] = [{"epoch": 1, "top1": 0.5}, {"epoch": 2, "name": "ä\n"}]
    for line in lines:
        append_line(file, line)
    assert read_lines(file) == lines
    assert file.read_bytes().count(b"\n") == 2


def test_without_a_file_there_are_no_lines(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "lines") == []
    assert read_json(tmp_path / "file") is None


@pytest.mark.parametrize("torn", [b"", b'{"epoch": ', b'{"epoch": 2}', b"\0\0\0\0", b"\0\0\0\n", "{'ä".encode()[:-1]])
def test_a_torn_last_line_is_ignored(tmp_path: Path, torn: bytes) -> None:
    file = tmp_path / "lines"
    append_line(file, {"epoch": 1})
    file.write_bytes(file.read_bytes() + torn)
    assert read_lines(file) == [{"epoch": 1}]


def test_a_damaged_line_in_the_middle_is_told_of(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_text('{"epoch": 1}\n{"epo\n{"epoch": 3}\n')
    with pytest.raises(RecordsError, match="lines:2 is not what archspec wrote"):
        read_lines(file)


def test_a_damaged_file_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_text('{"state": "do')
    with pytest.raises(RecordsError, match="file:1 is not what archspec wrote"):
        read_json(tmp_path / "file")


def test_what_is_not_finite_is_null(tmp_path: Path) -> None:
    line = {"loss": float("nan"), "norms": [float("inf"), 1.0]}
    append_line(tmp_path / "lines", line)
    write_json(tmp_path / "file", line)
    assert read_lines(tmp_path / "lines") == [read_json(tmp_path / "file")] == [{"loss": None, "norms": [None, 1.0]}]


def test_a_digest_knows_no_order() -> None:
    assert digest({"a": 1, "b": [2, 3]}) == digest({"b": [2, 3], "a": 1})
    assert digest({"a": [1, 2]}) != digest({"a": [2, 1]})
