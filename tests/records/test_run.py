"""Run folders: made once, tried many times, ended by the newest attempt."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.errors import RecordsError
from archspec.records import run as running
from archspec.records.attempt import Attempt
from archspec.records.files import append_line
from archspec.records.run import RunFolder
from archspec.records.store import Store

from .samples import PATIENCE, RUN, python, run_folder, start


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    assert run.path == tmp_path / "runs" / RUN["key"]
    assert run.spec() == RUN
    assert run.key == RUN["key"]
    assert Store(tmp_path).keys() == [RUN["key"]]


@pytest.mark.parametrize("key", ["12345", "1e10", "0x12", "true"])
def test_a_key_stays_a_text(tmp_path: Path, key: str) -> None:
    assert RunFolder.create(tmp_path, {**RUN, "key": key}).spec()["key"] == key


def test_a_run_is_created_once(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    before = run.run_yaml.stat().st_ino
    renamed = RunFolder.create(tmp_path, {**RUN, "arch": {"arch": "another_name"}})
    assert renamed == run
    assert run.run_yaml.stat().st_ino == before


def test_a_folder_without_its_run_is_given_it(tmp_path: Path) -> None:
    run_folder(tmp_path).run_yaml.unlink()
    assert run_folder(tmp_path).spec() == RUN


def test_a_folder_of_another_name_is_refused(tmp_path: Path) -> None:
    run_folder(tmp_path).path.rename(tmp_path / "runs" / "other")
    with pytest.raises(RecordsError, match="describes the run 0123456789, not other"):
        RunFolder.create(tmp_path, {**RUN, "key": "other"})


@pytest.mark.parametrize("text", ["", "seed: 3\n", "- key\n"])
def test_a_file_that_describes_no_run_is_told_of(tmp_path: Path, text: str) -> None:
    run = run_folder(tmp_path)
    run.run_yaml.write_text(text)
    with pytest.raises(RecordsError, match="does not describe a run"):
        run.spec()


def test_no_run_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match=r"run.yaml cannot be read: no such file"):
        RunFolder(tmp_path).spec()


def test_attempts_are_numbered(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    assert run.newest() is None
    first, second = run.claim(), run.claim()
    assert [first.number, second.number] == [1, 2]
    assert run.attempts() == [first, second]
    assert run.newest() == second == run.attempt(2)
    assert second.is_newest()
    assert not first.is_newest()


def test_the_tenth_attempt_is_newer_than_the_ninth(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    attempts = [run.claim() for _ in range(10)]
    assert run.newest() == attempts[9]
    assert attempts[9].is_newest()
    assert not attempts[8].is_newest()


def test_what_is_no_attempt_is_passed_over(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    run.claim()
    (run.attempts_folder / "7.old").mkdir()
    (run.attempts_folder / ".nfs0001").touch()
    assert run.claim().number == 2


def test_a_claim_that_comes_second_takes_the_next_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_folder(tmp_path)
    run.claim()
    run.claim()
    monkeypatch.setattr(running, "numbered", lambda folder: [])  # as it looked before the others came
    assert run.claim().number == 3


def test_an_attempt_appears_with_its_sign_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_folder(tmp_path)
    seen: list[list[Attempt]] = []
    beat = Attempt.beat

    def beating(self: Attempt) -> None:
        seen.append(run.attempts())
        beat(self)
        seen.append(run.attempts())

    monkeypatch.setattr(Attempt, "beat", beating)
    attempt = run.claim()
    assert seen == [[], []]
    assert attempt.alive()
    assert [path.name for path in run.attempts_folder.iterdir()] == ["1"]


def test_a_claim_that_dies_half_way_leaves_nothing_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_folder(tmp_path)

    def die(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running, "move_exclusively", die)
        with pytest.raises(KeyboardInterrupt):
            run.claim()
    assert run.newest() is None
    (run.attempts_folder / ".half.tmp" / "checkpoints").mkdir(parents=True)
    assert run.claim().number == 1


def test_a_move_whose_answer_was_lost_has_happened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_folder(tmp_path)
    rename = Path.rename

    def twice(self: Path, target: Path) -> Path:
        rename(self, target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", twice)
    assert run.claim().number == 1
    assert run.attempts() == [run.attempt(1)]


CLAIMS = """
    import sys
    from pathlib import Path
    from archspec.records.run import RunFolder

    run = RunFolder(Path(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    print(*(run.claim().number for _ in range(10)))
"""


def test_claims_at_once_give_different_numbers(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    processes = [start(python(CLAIMS, run.path)) for _ in range(4)]
    assert all(process.stdout and process.stdout.readline() == "ready\n" for process in processes)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    numbers = [int(number) for process in processes for number in process.communicate(timeout=PATIENCE)[0].split()]
    assert sorted(numbers) == list(range(1, 41))


def test_the_newest_attempt_finishes(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    assert run.result() is None
    attempt = run.claim()
    assert run.finish(attempt, {"state": "done", "top1": 0.5})
    assert run.result() == {"state": "done", "top1": 0.5, "attempt": 1}


def test_a_stale_attempt_is_refused(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    stale = run.claim()
    newer = run.claim()
    assert not run.finish(stale, {"state": "done"})
    assert run.result() is None
    assert run.finish(newer, {"state": "done"})
    assert not run.finish(stale, {"state": "failed"})
    assert run.result() == {"state": "done", "attempt": 2}


def test_a_new_attempt_may_replace_a_failure(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    run.finish(run.claim(), {"state": "failed"})
    assert run.finish(run.claim(), {"state": "done"})
    assert run.result() == {"state": "done", "attempt": 2}


def test_metrics_are_those_of_the_result(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    assert run.metrics() == []
    first = run.claim()
    append_line(first.metrics, {"epoch": 1})
    assert run.metrics() == [{"epoch": 1}]
    run.finish(first, {"state": "failed"})
    second = run.claim()
    append_line(second.metrics, {"epoch": 2})
    assert run.metrics() == [{"epoch": 1}]
    run.finish(second, {"state": "done"})
    assert run.metrics() == [{"epoch": 2}]


def test_an_unfinished_run_shows_what_the_newest_attempt_measured(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    append_line(run.claim().metrics, {"epoch": 1})
    append_line(run.claim().metrics, {"epoch": 2})
    assert run.metrics() == [{"epoch": 2}]


def saved(attempt: Attempt, *names: str) -> list[Path]:
    """Checkpoints of some names."""
    files = [attempt.checkpoints / name for name in names]
    for file in files:
        file.write_bytes(b"")
    return files


def test_checkpoints_of_all_attempts_come_newest_first(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    a5, a9 = saved(run.claim(), "0000000005-bb.pt", "0000000009-aa.pt")
    saved(run.attempt(1), ".0000000012-cc.pt.0a1b.tmp", "notes.txt")
    b5, b10 = saved(run.claim(), "0000000005-aa.pt", "0000000010-aa.pt")
    run.claim()
    assert run.checkpoints() == [b10, a9, b5, a5]
    assert run.attempt(2).saved() == [b10, b5]


def test_environments_are_kept_once(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    first, second = run.claim(), run.claim()
    assert first.surroundings() == {}
    shared = {"torch": "2.9", "packages": {"numpy": "2"}}
    name = first.record_environment(shared, host="a")
    assert second.record_environment(dict(reversed(shared.items())), host="b") == name
    assert [file.name for file in Store(tmp_path).environments.iterdir()] == [f"{name}.json"]
    assert second.surroundings() == {**shared, "environment": name, "host": "b"}
    assert second.record_environment({**shared, "torch": "2.10"}) != name
