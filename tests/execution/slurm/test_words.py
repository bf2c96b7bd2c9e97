"""What SLURM says, without SLURM: its words are late, missing, or about somebody else's job."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.errors import ExecutionError
from archspec.execution.jobs import AGAIN, Ended, Needs
from archspec.execution.slurm import asking, limits, pool, task
from archspec.execution.slurm.asking import Word
from archspec.execution.slurm.batch import Batch, batches
from archspec.execution.slurm.limits import Limits
from archspec.execution.slurm.looking import look
from archspec.execution.slurm.pool import Queue
from archspec.execution.slurm.submitting import BusyError
from archspec.spec.runner import Resources, Slurm

NOWHERE = Path("/nowhere")


class Signs:
    """Folders that tell what a test has them tell."""

    def __init__(self) -> None:
        self.done: set[str] = set()
        self.lives: bool | None = False

    def finished(self, folder: Path) -> bool:
        return folder.name in self.done

    def alive(self, folder: Path) -> bool | None:
        return self.lives


class Said:
    """What SLURM's commands answer; None: nothing."""

    def __init__(self) -> None:
        self.queue: dict[str, str] | None = {}
        self.history: dict[str, str] = {}
        self.name, self.reason = "", "None"
        self.cancelled: list[str] = []
        self.calls: list[str] = []

    def __call__(self, command: list[str]) -> str:
        self.calls.append(command[0])
        if command[0] == "scancel":
            self.cancelled += command[1:]
            return ""
        states = {"squeue": self.queue, "sacct": self.history}[command[0]]
        if states is None:
            raise ExecutionError("Unable to contact slurm controller")
        return "".join(f"{id_}|{self.name}|{state}|0:01|c1|{self.reason}\n" for id_, state in states.items())


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """SLURM, answering as it is told to, and taking no time to be patient with."""
    one = Said()
    monkeypatch.setattr(asking, "said", one)
    monkeypatch.setattr(task, "said", one)
    monkeypatch.setattr(task, "GONE", 0.0)
    monkeypatch.setattr(pool, "limits", lambda runner: Limits(3, 100))
    return one


@pytest.fixture
def signs() -> Signs:
    return Signs()


@pytest.fixture
def queue(said: Said, signs: Signs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """A pool that has submitted two runs as one array, number 7."""

    def submitted(runner: Slurm, target: str, batch: Batch, memory: int) -> str:
        said.name = batch.name
        return "7"

    monkeypatch.setattr(pool, "submit", submitted)
    runner = Slurm(runner="quick", poll="0s", file_delay="0s")
    made = Queue(runner, "a:b", tmp_path / "slurm", signs)
    assert made.free == 100
    said.queue = {"7_0": "PENDING", "7_1": "PENDING"}
    made.submit("one", NOWHERE / "one")
    made.submit("two", NOWHERE / "two")
    assert made.wait(0) == []
    return made


@pytest.mark.parametrize("state", ["PENDING", "RUNNING", "COMPLETING", "REQUEUED", "REQUEUE_HOLD", "SUSPENDED"])
def test_what_slurm_works_on_has_not_ended(queue: Queue, said: Said, state: str) -> None:
    said.queue = {"7_0": state, "7_1": state}
    assert queue.wait(0) == []
    assert not queue.ended


def test_what_waits_until_somebody_sees_to_it_is_told_once(queue: Queue, said: Said) -> None:
    said.reason = "PartitionConfig"
    queue.wait(0)
    ((job, told),) = queue.waiting().items()
    assert job == "one"
    assert told.startswith("SLURM says PENDING (PartitionConfig): no node of the partition has")
    assert told.endswith("(1 more wait for the same)")
    queue.wait(0)
    assert not queue.waiting()
    said.reason = "Priority"
    queue.wait(0)
    assert not queue.waiting()


def test_what_sbatch_refuses_comes_with_what_to_do(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> str:
        raise ExecutionError("sbatch: error: Batch job submission failed: Invalid partition name specified")

    monkeypatch.setattr(pool, "submit", refused)
    queue.submit("three", NOWHERE / "three")
    with pytest.raises(ExecutionError, match=r"refuses the runs of `quick`: .*Invalid partition.*; `sinfo` lists them"):
        queue.wait(0)
    assert [batch.jobs for batch in batches(queue.ledger)] == [["one", "two"]]


def test_a_result_ends_a_run_whatever_slurm_says(queue: Queue, said: Said, signs: Signs) -> None:
    signs.done = {"one", "two"}
    said.queue = {"7_0": "RUNNING", "7_1": "NODE_FAIL"}
    assert queue.wait(0) == [Ended("one", 0), Ended("two", 0)]
    assert not queue.wait(0)
    assert not [*batches(queue.ledger)]


def test_a_node_that_failed_is_no_end_while_somebody_lives(queue: Queue, said: Said, signs: Signs) -> None:
    said.queue, signs.lives = {"7_0": "NODE_FAIL", "7_1": "PENDING"}, True
    assert queue.wait(0) == []
    said.queue = {"7_0": "PENDING", "7_1": "PENDING"}
    signs.lives = None
    assert queue.wait(0) == []
    said.queue = {"7_0": "NODE_FAIL", "7_1": "PENDING"}
    (ended,) = queue.wait(0)
    assert (ended.job, ended.code) == ("one", 1)
    assert ended.error.endswith("job 7_0 left no result, SLURM says NODE_FAIL")


def test_others_went_first_and_nobody_is_to_blame(queue: Queue, said: Said) -> None:
    said.queue = {"7_0": "PREEMPTED", "7_1": "RUNNING"}
    assert queue.wait(0) == [Ended("one", AGAIN)]


def test_a_controller_that_is_silent_changes_nothing(queue: Queue, said: Said, signs: Signs) -> None:
    said.queue, signs.done = None, {"one"}
    assert queue.wait(0) == []
    assert "sacct" not in said.calls


def test_jobs_that_the_controller_forgot_are_asked_about_once(queue: Queue, said: Said) -> None:
    said.queue, said.history = {}, {"7_0": "CANCELLED by 0", "7_1": "COMPLETED"}
    said.calls.clear()
    first, second = queue.wait(0)
    assert "SLURM says CANCELLED" in first.error
    assert "SLURM says COMPLETED" in second.error
    assert said.calls == ["squeue", "sacct"]


@pytest.mark.parametrize("history", [{}, {"7_0": "RUNNING", "7_1": "PENDING"}])
def test_accounting_that_is_late_or_absent(queue: Queue, said: Said, history: dict[str, str], signs: Signs) -> None:
    said.queue, said.history, signs.lives = {}, history, True
    assert queue.wait(0) == []
    signs.lives = None
    assert [ended.error.strip() for ended in queue.wait(0)] == [
        f"job 7_{index} left no result, SLURM knows the job no more" for index in (0, 1)
    ]


def test_a_number_that_came_round_again_is_not_ours(queue: Queue, said: Said, signs: Signs) -> None:
    said.name, signs.lives = "somebody-elses", True
    said.queue = {"7_0": "FAILED", "7_1": "FAILED"}
    queue.wait(0)
    assert {one.state for one in queue.tasks.values()} == {task.UNKNOWN}


def test_another_pool_waits_for_the_same_jobs(queue: Queue, said: Said, signs: Signs, tmp_path: Path) -> None:
    other = Queue(queue.runner, "a:b", queue.ledger, signs)
    assert other.attach(["two", "three"]) == {"two"}
    assert other.wait(0) == []
    # What is in the queue already is not submitted by a third.
    third = Queue(queue.runner, "a:b", queue.ledger, signs)
    third.submit("one", NOWHERE / "one")
    assert third.wait(0) == []
    assert len([*batches(queue.ledger)]) == 1
    said.queue = {"7_0": "FAILED", "7_1": "RUNNING"}
    assert [ended.job for ended in queue.wait(0)] == ["one"]
    queue.wait(0)
    # A run that was lost is in no batch any more: it may be in a later one.
    assert not Queue(queue.runner, "a:b", queue.ledger, signs).attach(["one"])


def test_a_submitter_that_died_over_it(queue: Queue, said: Said, signs: Signs) -> None:
    (number,) = queue.ledger.glob("*/id")
    number.unlink()
    other = Queue(queue.runner, "a:b", queue.ledger, signs)
    assert other.attach(["one", "two"]) == {"one", "two"}
    other.wait(0)
    assert other.tasks.keys() == {"7_0", "7_1"}
    assert number.read_text() == "7"


def test_a_submission_that_never_was(queue: Queue, said: Said, signs: Signs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archspec.execution.slurm.batch.FORGOTTEN", 0.0)
    (number,) = queue.ledger.glob("*/id")
    number.unlink()
    said.queue = {}
    other = Queue(queue.runner, "a:b", queue.ledger, signs)
    other.attach(["one"])
    assert set(other.wait(0)) == {Ended("one", AGAIN), Ended("two", AGAIN)}


def test_what_is_stopped_leaves_the_queue_or_is_told(queue: Queue, said: Said) -> None:
    queue.stop("two")
    queue.stop("two")
    queue.wait(0)
    assert said.cancelled == ["--state=PENDING", "7_1", "--signal=TERM", "7_1"]
    said.queue = {"7_0": "RUNNING", "7_1": "CANCELLED"}
    assert queue.wait(0) == [Ended("two", AGAIN)]


def test_a_cluster_that_takes_no_more_is_asked_again(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def submitted(runner: Slurm, target: str, batch: Batch, memory: int) -> str:
        if len(batch.packs) > 1 or len(taken) == 2:
            raise BusyError("QOSMaxSubmitJobPerUserLimit")
        taken.append(len(batch.packs))
        return str(10 + len(taken))

    monkeypatch.setattr(pool, "submit", submitted)
    for job in ("a", "b", "c"):
        queue.submit(job, NOWHERE / job)
    queue.wait(0)
    assert taken == [1, 1]
    assert queue.new.keys() == {"c"}


@pytest.mark.parametrize(
    ("largest", "asked", "named", "given"),
    [
        (9000, (100, 300), "auto", 300),
        (200, (100, 300), "auto", 200),
        (0, (100, 300), "auto", 0),
        (200, (300,), 300, 300),
    ],
)
def test_a_batch_has_what_its_greediest_needs_and_a_node_has(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, largest: int, asked: tuple[int, ...], named: object, given: int
) -> None:
    found: list[int] = []

    def submitted(runner: Slurm, target: str, batch: Batch, memory: int) -> str:
        found.append(memory)
        return "8"

    monkeypatch.setattr(pool, "submit", submitted)
    queue.limits = Limits(3, 100, largest)
    queue.runner = Slurm(runner="quick", resources=Resources(memory=named))
    for job, memory in zip("ab", asked, strict=False):
        queue.submit(job, NOWHERE / job, Needs(memory))
    queue.wait(0)
    assert found == [given]


@pytest.mark.parametrize(
    ("state", "printed", "starved"),
    [
        ("OUT_OF_MEMORY", "", True),
        ("FAILED", "slurmstepd-c1: error: StepId=7.0 exceeded memory limit (900 > 800), being killed", True),
        ("FAILED", "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=7.0.", True),
        ("FAILED", "the paper's tables exceeded memory limit", False),
        ("FAILED", "srun: error: c1: task 0: Killed", False),
    ],
)
def test_who_died_of_memory(queue: Queue, said: Said, state: str, printed: str, starved: bool) -> None:
    (batch,) = queue.batches.values()
    batch.logs.mkdir()
    (batch.logs / "7_1_0_log.out").write_text(f"{printed}\n")
    said.queue = {"7_0": "RUNNING", "7_1": state}
    (end,) = queue.wait(0)
    assert (end.job, end.starved) == ("two", starved)


def test_the_largest_node(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"--partition=gpu": "64000\n128000\n1\n", "--format=%m": "900000\n"}
    monkeypatch.setattr(limits, "said", lambda command: sizes[command[-1]])
    assert limits._largest(Slurm(runner="a", options={"partition": "gpu"})) == 128000 * 2**20
    assert limits._largest(Slurm(runner="a")) == 900000 * 2**20
    # What nobody has written down is one MiB.
    monkeypatch.setattr(limits, "said", lambda command: "1\n1\n")
    assert limits._largest(Slurm(runner="a")) == 0


def test_arrays_are_cut_to_length(queue: Queue, said: Said) -> None:
    for job in "abcdefg":
        queue.submit(job, NOWHERE / job)
    queue.wait(0)
    assert sorted(len(batch.packs) for batch in queue.batches.values()) == [1, 2, 3, 3]


def test_whoever_drives_nothing_may_look(queue: Queue, said: Said) -> None:
    assert look(queue.ledger, ["one"]) == {"one": Word("7_0", said.name, "PENDING", "0:01", "c1", "None")}
    said.calls.clear()
    assert look(queue.ledger, ["three"]) == {}
    assert not said.calls


def test_times_as_slurm_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "PartitionName=gpu Default=YES DefaultTime=02:00:00 MaxTime=2-12:30:00 State=UP\n"
    lines += "PartitionName=long Default=NO DefaultTime=NONE MaxTime=UNLIMITED State=DOWN\n"
    monkeypatch.setattr(limits, "said", lambda command: lines)
    gpu, long = limits.partitions()
    assert (gpu.default_minutes, gpu.most_minutes, gpu.default, gpu.up) == (120, 3630, True, True)
    assert (long.default_minutes, long.up) == (limits.UNLIMITED, False)
    assert limits.minutes_by_default(Slurm(runner="a")) == 120
