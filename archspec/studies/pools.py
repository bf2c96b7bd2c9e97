"""The pool that a runner asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from archspec.execution.inline import Inline
from archspec.execution.jobs import Pool
from archspec.execution.local import Workers
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.runner import Runner


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
    kind: str = runner.kind  # type: ignore[attr-defined]
    return POOLS[kind](runner, target, store, log)


def _slurm(runner: Any, target: str, store: Path, _: Path) -> Pool:
    from archspec.execution.slurm.pool import Queue

    return Queue(runner, target, Store(store).slurm, FolderSigns())


POOLS: dict[str, Callable[[Any, str, Path, Path], Pool]] = {
    "inline": lambda _runner, target, _store, _log: Inline(target),
    "local": lambda runner, target, _store, log: Workers(runner, target, log),
    "slurm": _slurm,
}
"""Kinds of runners and what makes their pools; submitit is imported where it is needed."""
