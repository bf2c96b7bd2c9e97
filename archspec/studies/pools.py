"""The pool that a runner asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from archspec.errors import ExecutionError
from archspec.execution.inline import Inline
from archspec.execution.jobs import Pool
from archspec.execution.local import Workers
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.runner import Runner, Slurm
from archspec.studies.plan import Plan


class FolderSigns:
    """What run folders tell a pool whose jobs outlive it."""

    def finished(self, folder: Path) -> bool:
        """Whether a run has a result."""
        return RunFolder(folder).result() is not None

    def alive(self, folder: Path) -> bool | None:
        """Whether somebody still works on its newest attempt."""
        newest = RunFolder(folder).newest()
        return False if newest is None else newest.alive()


def pool_for(runner: Runner, target: str, store: Path, log: Path) -> Pool:
    """A pool of the runner's kind."""
    return POOLS[_kind(runner)](runner, target, store, log)


def script_for(runner: Runner, store: Path, runs: int, memory: int) -> str:
    """What a scheduler would be given for so many runs of so much memory; empty where there is none."""
    if _kind(runner) not in SCHEDULED:
        return ""
    from archspec.execution.slurm.submitting import script

    slurm: Slurm = runner  # type: ignore[assignment]
    return script(slurm, -(-runs // slurm.per_job), Store(store).slurm.absolute() / "…" / "jobs", memory)


def submit_driver(runner: Runner, plan: Plan, store: Path, words: tuple[str, ...]) -> str:
    """Have a scheduler run the program that drives a study, and start it again when its time is up; its number."""
    if _kind(runner) not in SCHEDULED:
        raise ExecutionError("only a runner of kind slurm can have a job drive: `archspec ls runners`")
    from archspec.execution.slurm.job import Command
    from archspec.execution.slurm.submitting import submit_all

    slurm: Slurm = runner  # type: ignore[assignment]
    logs = Store(store).slurm.absolute() / f"driver-{plan.study}"
    return submit_all(slurm, [Command(words)], logs, f"archspec-driver-{plan.study}", slurm.memory_for(DRIVER))


def _kind(runner: Runner) -> str:
    return str(runner.kind)  # type: ignore[attr-defined]


def _slurm(runner: Any, target: str, store: Path, _: Path) -> Pool:
    from archspec.execution.slurm.pool import Queue

    return Queue(runner, target, Store(store).slurm, FolderSigns())


POOLS: dict[str, Callable[[Any, str, Path, Path], Pool]] = {
    "inline": lambda _runner, target, _store, _log: Inline(target),
    "local": lambda runner, target, _store, log: Workers(runner, target, log),
    "slurm": _slurm,
}
"""Kinds of runners and what makes their pools; submitit is imported where it is needed."""
DRIVER = 2**31
"""The memory that a job which drives asks for where its runner names none."""
SCHEDULED = ("slurm",)
"""Kinds whose jobs wait in a queue that is not ours."""
