"""A study in which much has gone wrong: runs that nobody trained, and what they would have left behind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from archspec.records.attempt import Attempt
from archspec.records.files import append_line, write_json
from archspec.records.run import RunFolder
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import Plan
from archspec.studies.planning import Planned, planned

BEGAN = 1_700_000_000.0
OUT_OF_MEMORY = """Traceback (most recent call last):
  File "/opt/me/archspec/training/work.py", line 22, in work
    train(run.path, progress)
  File "/opt/me/archspec/training/loop.py", line 91, in step
    loss.backward()
  File "/usr/lib/python3/site-packages/torch/autograd/graph.py", line 824, in run
    return engine()
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB
"""
MISTAKE = """Traceback (most recent call last):
  File "/opt/me/archspec/training/work.py", line 22, in work
    train(run.path, progress)
  File "/opt/me/lab/archspec/nn/mixers/odd.py", line 40, in forward
    return x + self.table[n]
IndexError: index {0} is out of range <script>alert("boo")</script>
"""
SHARED: dict[str, Any] = {"archspec": "0.1", "torch": "2.9.0", "python": "3.12.1", "device": "an accelerator"}
SHARED |= {"packages": {"numpy": "2.0", "torch": "2.9.0"}}


def broken(store: Path) -> Planned:
    """The shipped quick study, driven as unluckily as can be."""
    found = planned("quickstart")
    StudyFolder.of(store, found.plan).keep(found.plan)
    ends = {
        ("mixer/attention", 0): ("failed", "OutOfMemoryError: CUDA out of memory.", OUT_OF_MEMORY),
        ("mixer/attention", 1): ("failed", "OutOfMemoryError: CUDA out of memory.", OUT_OF_MEMORY),
        ("mixer/pooling", 0): ("failed", "training diverged in step 7: the loss is not finite", ""),
        ("mixer/pooling", 1): ("failed", "IndexError: index 3 is out of range", MISTAKE.format(3)),
        ("mixer/pooling", 2): ("failed", "IndexError: index 5 is out of range", MISTAKE.format(5)),
        ("mixer/identity", 0): ("failed", "the job has ended: TIMEOUT", ""),
        ("mixer/identity", 1): ("failed", "the job was PREEMPTED", ""),
        ("mixer/identity", 2): ("lost", "", ""),
    }
    for run in found.plan.runs:
        if run.role != "train" or (run.arm == "norm/batch norm" and run.seed == 2):
            continue  # nobody has begun with it
        folder = RunFolder.create(store, found.document(run.key))
        state, reason, details = ends.get((run.arm, run.seed), ("done", "", ""))
        if run.arm == "norm/batch norm" and run.seed == 1:
            _stopped(folder)
        _ended(folder, run.seed, state, reason, details)
    return found


def key_of(plan: Plan, arm: str, seed: int) -> str:
    """The key of a run."""
    return next(run.key for run in plan.of(arm) if (run.role, run.seed) == ("train", seed))


def tried(folder: RunFolder, began: float, epochs: range, host: str = "node1") -> Attempt:
    """An attempt that has trained some epochs."""
    attempt = folder.claim()
    about = {"host": host, "processes": 1, "placed": "cuda:0", "threads": 1, "job": "4711", "started": began}
    attempt.record_environment(SHARED, **about)
    trained(attempt, epochs)
    return attempt


def trained(attempt: Attempt, epochs: range) -> None:
    """More epochs of an attempt."""
    for epoch in epochs:
        line = {"epoch": epoch, "step": 20 * epoch, "lr": 0.001, "train_loss": 2 / epoch}
        append_line(attempt.metrics, line | {"val_loss": 1 / epoch, "top1": 40.0 + 5 * epoch})
        wall = {"epoch": epoch, "step": 20 * epoch, "seconds": 60.0, "images_per_second": 1000.0, "memory_mib": 512}
        append_line(attempt.timing, wall)
    with attempt.log.open("a", encoding="utf-8") as said:
        said.writelines(f"epoch {epoch}/6  \x1b[31mloss\x1b[0m {2 / epoch:.2f} & <b>fine</b>\n" for epoch in epochs)


def _stopped(folder: RunFolder) -> None:
    """An attempt that was asked to stop, and left a checkpoint."""
    attempt = tried(folder, BEGAN, range(1, 3), "node7")
    (attempt.checkpoints / "40.pt").write_bytes(b"x" * 2048)
    _left(attempt, BEGAN + 150)


def _ended(folder: RunFolder, seed: int, state: str, reason: str, details: str) -> None:
    begin = BEGAN + 600 * folder.path.exists() + 10 * seed
    attempt = tried(folder, begin, range(1, 5), "node2" if seed == 1 else "node1")
    if details:
        attempt.failure.write_text(details, encoding="utf-8")
    _left(attempt, begin + 300)
    if state == "lost":
        return
    scores = {"epoch": 4, "steps": 80, "top1": 60.0 + seed, "top5": 90.0, "loss": 0.5}
    folder.finish(attempt, {"state": state, **(scores if state == "done" else {"reason": reason})})
    os.utime(folder.result_json, (begin + 300, begin + 300))


def _left(attempt: Attempt, when: float) -> None:
    write_json(attempt.lease, {"host": "elsewhere", "pid": 1, "time": when, "left": True})
