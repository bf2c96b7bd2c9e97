"""A full disk, a folder that may not be written: a clear message, and nothing half written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archspec.errors import RecordsError
from archspec.records.files import append_line, write_atomic

from .samples import on_a_disk_of_its_own, python, run_folder, said

FULL = """
    import sys
    from pathlib import Path
    from archspec.errors import RecordsError
    from archspec.records.files import append_line, read_lines
    from tests.records.samples import run_folder

    def refused(call):
        try:
            call()
        except RecordsError as error:
            return str(error)
        return "nothing was refused"

    disk = Path(sys.argv[1])
    run = run_folder(disk / "store")
    attempt = run.claim()
    append_line(attempt.metrics, {"epoch": 1})
    assert run.finish(attempt, {"state": "failed"})
    try:
        (disk / "ballast").write_bytes(bytes(10_000_000))
    except OSError:
        pass
    print(refused(lambda: run.finish(attempt, {"state": "done", "long": "x" * 100_000})))
    print(refused(lambda: append_line(attempt.metrics, {"epoch": 2, "long": "x" * 100_000})))
    print(refused(run.claim))
    print(run.result()["state"], read_lines(attempt.metrics), [file.name for file in run.path.iterdir()])
"""


def test_a_full_disk(tmp_path: Path) -> None:
    result, line, claim, rest = on_a_disk_of_its_own("128k", FULL, tmp_path / "disk").splitlines()
    for message, name in ((result, "result.json"), (line, "metrics.jsonl"), (claim, "lease")):
        assert f"{name} cannot be written: no space left on device; free some space" in message
    assert rest.startswith("failed [{'epoch': 1}] [")
    assert sorted(eval(rest[rest.index("}] ") + 3 :])) == ["attempts", "result.json", "run.yaml"]


LIMITED = """
    import resource, sys
    from pathlib import Path
    from archspec.errors import RecordsError
    from archspec.records.files import append_line, read_lines, write_atomic

    file, lines = Path(sys.argv[1]) / "file", Path(sys.argv[1]) / "lines"
    write_atomic(file, "old")
    append_line(lines, {"epoch": 1})
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    for call in (lambda: write_atomic(file, "new" * 1000), lambda: append_line(lines, {"long": "x" * 3000})):
        try:
            call()
        except RecordsError as error:
            print(error)
    print(file.read_text(), lines.read_text().strip(), len(list(file.parent.iterdir())))
"""


def test_a_write_that_ends_half_way_leaves_no_trace(tmp_path: Path) -> None:
    first, second, rest = said(python(LIMITED, tmp_path)).splitlines()
    assert first.startswith(f"{tmp_path / 'file'} cannot be written: file too large; free some space")
    assert second.startswith(f"{tmp_path / 'lines'} cannot be written: ")
    assert rest == 'old {"epoch": 1} 2'


READ_ONLY = """
    import subprocess, sys
    from pathlib import Path
    from archspec.errors import RecordsError
    from archspec.records.run import RunFolder
    from tests.records.samples import RUN, run_folder

    disk = Path(sys.argv[1])
    run = run_folder(disk / "store")
    attempt = run.claim()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    other = {**RUN, "key": "another"}
    calls = run.claim, lambda: run.finish(attempt, {}), attempt.beat, lambda: RunFolder.create(disk / "store", other)
    for call in calls:
        try:
            call()
        except RecordsError as error:
            print(error)
    assert run_folder(disk / "store") == run and run.result() is None and len(run.attempts()) == 1
"""


def test_a_read_only_folder(tmp_path: Path) -> None:
    told = on_a_disk_of_its_own("1m", READ_ONLY, tmp_path / "disk").splitlines()
    assert len(told) == 4
    assert all("read-only file system; allow it, or choose another folder with --store" in line for line in told)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_forbidden_folder(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    run.path.chmod(0o555)
    with pytest.raises(RecordsError, match="permission denied; allow it, or choose another folder with --store"):
        run.claim()
    run.path.chmod(0o755)
    assert run.attempts() == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="no/file cannot be written: no such file or directory"):
        write_atomic(tmp_path / "no" / "file", "")
    with pytest.raises(RecordsError, match="no/file cannot be written: no such file or directory"):
        append_line(tmp_path / "no" / "file", {})


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(RecordsError, match="cannot be made"):
        run_folder(tmp_path)
