"""One job of SLURM's that is waited for: when it is over, and how it ended."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archspec.errors import ExecutionError
from archspec.execution.jobs import AGAIN, Ended, Signs
from archspec.execution.slurm.asking import LIVE, Word, said
from archspec.execution.slurm.batch import Batch

GONE = 60.0
"""Seconds for which SLURM may not know a job before it is taken for gone: what it tells is late at times."""
UNKNOWN = "UNKNOWN"
"""The state of a job that SLURM does not know."""
BLAMELESS = ("PREEMPTED", "BOOT_FAIL")
"""Ends that say nothing about what was run."""
STARVED = re.compile(r"out of memory|oom[-_ ]kill|exceeded memory limit", re.IGNORECASE)
"""What SLURM prints of a job whose memory was too little, where its state does not say so."""
AT_ONCE = 500
"""Jobs named in one command."""


@dataclass
class Task:
    """A job, or a task of an array. SLURM's word says whether it is worked on; the folders say what came of it."""

    name: str
    batch: Batch
    left: dict[str, Path]
    """What has not ended of what it does, and the folders."""
    state: str = ""
    said: str = ""
    since: float = field(default_factory=time.monotonic)
    """Since when SLURM has been saying so."""

    def word(self, words: Mapping[str, Word]) -> Word | None:
        """What is said of it; SLURM's numbers come round again, so the name must be ours too."""
        word = words.get(self.name)
        return word if word is not None and word.name == self.batch.name else None

    def hears(self, word: Word | None) -> bool:
        """Take in what SLURM says now; it may know nothing. Whether that is anything new."""
        state, said = (word.state, str(word)) if word is not None else (UNKNOWN, "")
        if state != self.state:
            self.state, self.since = state, time.monotonic()
        news, self.said = said != self.said, said
        return news

    def finished(self, signs: Signs) -> Iterator[Ended]:
        """What has left its result; what SLURM means to do again it may find done."""
        if self.state != "PENDING":
            yield from (Ended(job, 0) for job, folder in self.left.items() if signs.finished(folder))

    def lost(self, signs: Signs, delay: float, stopping: bool) -> Iterator[Ended]:
        """What has left none though SLURM works on it no more, nobody gives signs of life, and files had time."""
        if self.state in LIVE:
            return
        patience = max(delay, GONE) if self.state == UNKNOWN else delay
        if time.monotonic() - self.since < patience:
            return
        for job, folder in self.left.items():
            if signs.alive(folder) is not True and not signs.finished(folder):
                again = stopping or self.state in BLAMELESS
                yield Ended(job, AGAIN) if again else self._died(job)

    def _died(self, job: str) -> Ended:
        """What the job printed, in the last line what SLURM says, and whether that is about memory."""
        printed = self.batch.said(self.name)
        knows = f"SLURM says {self.state}" if self.state != UNKNOWN else "SLURM knows the job no more"
        # `slurmstepd: error: … exceeded memory limit`, or what srun says of a process that was killed.
        errors = [line for line in printed.splitlines() if re.match(r"(slurmstepd\S*|srun): error:", line)]
        said = "\n".join([printed, "; ".join([f"job {self.name} left no result, {knows}", *errors[:1]])])
        starved = self.state == "OUT_OF_MEMORY" or any(map(STARVED.search, errors))
        return Ended(job, 1, said, starved)


def stop(names: Sequence[str]) -> None:
    """Have jobs save and stop: those that wait leave the queue, those that run are told."""
    _cancel(names, "--state=PENDING")
    _cancel(names, "--signal=TERM")


def kill(names: Sequence[str]) -> None:
    """End jobs, wherever they are at."""
    _cancel(names)


def _cancel(names: Sequence[str], *how: str) -> None:
    for begin in range(0, len(names), AT_ONCE):
        try:
            said(["scancel", *how, *names[begin : begin + AT_ONCE]])
        except ExecutionError as error:
            if "contact" in str(error):
                raise
            # Some have ended, or are not in the state in which they would have been meant.
