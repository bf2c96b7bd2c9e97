"""What a run leaves in its attempt's folder while it goes; only the first of several processes writes."""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from archspec.compiler import save_model
from archspec.compiler.network import Network
from archspec.errors import RecordsError
from archspec.records.files import append_line, write_atomic
from archspec.records.run import Attempt, RunFolder
from archspec.training import checkpoint
from archspec.training.environment import World, here, surroundings
from archspec.training.progress import Progress
from archspec.training.tracking import Listener

BEAT = 5.0
"""Seconds between signs of life."""


class Journal:
    """An attempt's metrics, timing, log, lease and checkpoints."""

    def __init__(self, run: RunFolder, attempt: Attempt, world: World, progress: Progress) -> None:
        self.run, self.attempt, self.world, self.progress = run, attempt, world, progress
        self.beaten = self.saved = time.monotonic()
        self.listeners: list[Listener] = []
        self.state = "stopped"

    def introduce(self, device: torch.device, trackers: Iterable[str]) -> None:
        """Say where the run runs, what is the same for many runs once, under its hash; and begin to tell trackers."""
        if not self.world.writes:
            return
        forget_peak()
        self.attempt.record_environment(surroundings(), **here(self.world, device))
        self.listeners = [Listener(name, self.run, self.say) for name in trackers]

    def say(self, line: str) -> None:
        """A line for the log and for whoever looks on."""
        if self.world.writes:
            # A disk that is full must not hide what is said about it.
            with suppress(OSError), self.attempt.log.open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}\n")
            self.progress.say(line)

    def measured(self, metrics: Mapping[str, Any], timing: Mapping[str, Any]) -> None:
        """An epoch's numbers: those that repeat, and apart from them those that do not."""
        if self.world.writes:
            append_line(self.attempt.metrics, dict(metrics))
            timing = {**timing, "memory_mib": memory()}
            append_line(self.attempt.timing, timing)
            self._tell({**timing, **metrics})

    def spent(self, seconds: float) -> None:
        """Note the time of a run that has no epochs."""
        if self.world.writes:
            append_line(self.attempt.timing, {"seconds": seconds, "memory_mib": memory()})

    def ended(self, result: Mapping[str, Any]) -> None:
        """Tell the trackers how the run ended, and its final scores."""
        self.state = str(result["state"])
        scores = {f"test_{name}": result[name] for name in ("loss", "top1", "top5") if name in result}
        if scores:
            self._tell({"step": result["steps"], **scores})

    def _tell(self, numbers: Mapping[str, Any]) -> None:
        told = {"step": numbers["step"], "numbers": {name: n for name, n in numbers.items() if name != "step"}}
        for listener in self.listeners:
            listener.tell(told)

    def go_on_from(self, lines: list[dict[str, Any]]) -> None:
        """Copy what earlier attempts measured, so that this one's metrics are complete."""
        if self.world.writes:
            write_atomic(self.attempt.metrics, "".join(json.dumps(line) + "\n" for line in lines))

    def beat(self) -> bool:
        """Give a sign of life now and then; whether a newer attempt has been made meanwhile."""
        if not self.world.writes or time.monotonic() - self.beaten < BEAT:
            return False
        self.beaten = time.monotonic()
        self.attempt.beat()
        return not self.attempt.is_newest()

    def due(self, minutes: float) -> bool:
        """Whether the last checkpoint is so old that work would be lost."""
        return self.world.writes and time.monotonic() - self.saved >= 60 * minutes

    def checkpoint(self, step: int, state: dict[str, Any], keep: int) -> Path | None:
        """Write a checkpoint and delete those that no longer matter."""
        if not self.world.writes:
            return None
        path = checkpoint.write(self.attempt.checkpoints, step, state)
        self.saved = time.monotonic()
        self.forget(keep)
        return path

    def keep_model(self, network: Network) -> None:
        """Write the chosen network."""
        if self.world.writes:
            save_model(network, self.attempt.model)

    def forget(self, keep: int = 0) -> None:
        """Delete the checkpoints of all attempts but the newest."""
        if self.world.writes:
            for path in self.run.checkpoints()[keep:]:
                path.unlink(missing_ok=True)

    def leave(self) -> None:
        """Say that nobody works on this attempt any more."""
        if self.world.writes:
            with suppress(RecordsError):
                self.attempt.leave()
            for listener in self.listeners:
                listener.close(self.state)

    def last_checkpoint(self) -> str | None:
        """The newest checkpoint of any attempt, as it is called within the run's folder."""
        found = next(iter(self.run.checkpoints()), None)
        return None if found is None else os.path.relpath(found, self.run.path)


def forget_peak() -> None:
    """Begin to measure memory anew: what runs took that this process had before is none of this one's."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    with suppress(OSError):  # only Linux can
        Path("/proc/self/clear_refs").write_text("5")


def memory() -> int:
    """The most memory that was in use, in MiB: the accelerator's, or this process's."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() // 2**20
    # On Linux `ru_maxrss` counts what a process had before it became this program, and cannot be reset.
    with suppress(OSError):
        if found := re.search(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE):
            return int(found[1]) // 2**10
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most // (2**20 if sys.platform == "darwin" else 2**10))
