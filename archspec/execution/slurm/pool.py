"""Jobs in SLURM's queue. They outlive whoever submitted them, who may come back and wait for them again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

from archspec.errors import ExecutionError
from archspec.execution.jobs import AGAIN, UNKNOWN_NEEDS, Ended, Needs, Signs, nothing
from archspec.execution.slurm.asking import Word, history, queue
from archspec.execution.slurm.batch import Batch, Pack, batches
from archspec.execution.slurm.limits import Limits, limits
from archspec.execution.slurm.reasons import STUCK, hint
from archspec.execution.slurm.submitting import BusyError, submit
from archspec.execution.slurm.task import Task, kill, stop
from archspec.spec.runner import Slurm, seconds

TO_SAVE = 60.0
"""Seconds that a job which was asked to stop has before it is killed."""


class Queue:
    """A pool whose jobs are SLURM's. What was submitted is written in the ledger, a folder of the store."""

    lasting = True

    def __init__(self, runner: Slurm, target: str, ledger: Path, signs: Signs) -> None:
        self.runner, self.target, self.ledger, self.signs = runner, target, ledger.absolute(), signs
        self.every, self.delay = seconds(runner.poll), seconds(runner.file_delay)
        self.limits: Limits | None = None
        self.new: dict[str, tuple[Path, int]] = {}
        """What is to be submitted: its folder, and the memory that it needs."""
        self.batches: dict[str, Batch] = {}
        self.nameless: dict[str, Batch] = {}
        self.tasks: dict[str, Task] = {}
        self.task_of: dict[str, str] = {}
        self.stopping: dict[str, float] = {}
        self.ended: list[Ended] = []
        self.stuck: dict[str, list[str]] = {}
        """What keeps jobs from beginning, and which."""
        self.lost: list[tuple[Batch, str]] = []
        self.look = self.submit_after = 0.0

    @property
    def free(self) -> int:
        """How many more jobs it takes now: as many as one may have in the queue, or fewer."""
        if self.limits is None:
            self.limits = limits(self.runner)
        each, wanted = self.runner.per_job, self.runner.parallelism
        most = (self.limits.jobs - len(self.tasks)) * each - len(self.new)
        return most if wanted is None else min(most, wanted - len(self.task_of) - len(self.new))

    def attach(self, jobs: Iterable[str]) -> set[str]:
        """Jobs that were handed to SLURM before, by whomever, and are not known to have ended."""
        wanted, found = set(jobs), set[str]()
        for batch in batches(self.ledger):
            held = wanted & set(batch.jobs)
            if held and batch.name not in self.batches:
                self.batches[batch.name] = self.nameless[batch.name] = batch
                found |= held
        return found

    def takes(self, needs: Needs) -> bool:
        """What is too large now SLURM keeps until there is room."""
        return True

    def submit(self, job: str, folder: Path, needs: Needs = UNKNOWN_NEEDS) -> None:
        """Take a job; those that are taken before the next wait are submitted together."""
        self.new[job] = folder, needs.main

    def wait(self, seconds: float, meanwhile: Callable[[], None] = nothing) -> list[Ended]:
        """The jobs that have ended. SLURM is asked now and then, once for all of them."""
        self._forget()
        self._hand_over()
        ahead = self.look - time.monotonic()
        if not self.ended and (ahead > 0 or not self.batches):
            time.sleep(min(ahead, seconds) if self.batches else seconds)
        elif self.batches:
            self.look = time.monotonic() + self.every
            if (words := queue()) is not None:
                self.ended += self._heard(words)
        ended, self.ended = self.ended, []
        return ended

    def waiting(self) -> dict[str, str]:
        """Of the jobs that wait until somebody sees to it the first for each reason, and how many more there are."""
        stuck, self.stuck = self.stuck, {}
        more = {
            why: f" ({len(jobs) - 1} more wait for the same)" if len(jobs) > 1 else "" for why, jobs in stuck.items()
        }
        return {jobs[0]: why + more[why] for why, jobs in stuck.items()}

    def stop(self, job: str) -> None:
        """Have a job save and stop; those that it shares a job of SLURM's with are started again."""
        if self.new.pop(job, None) is not None:
            self.ended.append(Ended(job, AGAIN))
        if job in self.task_of:
            self.stopping.setdefault(self.task_of[job], 0.0)

    def close(self) -> None:
        """Jobs go on; whoever wants them to end stops them first."""

    def _forget(self) -> None:
        """Strike out what was lost, now that whoever waits for it has been told."""
        for batch, job in self.lost:
            batch.lose(job)
        open_ = {task.batch.name for task in self.tasks.values()} | self.nameless.keys()
        for name in self.batches.keys() - open_:
            self.batches.pop(name).close()
        self.lost = []

    def _hand_over(self) -> None:
        """Submit what was taken, in arrays no longer than the cluster allows."""
        if not self.new or time.monotonic() < self.submit_after:
            return
        # Another study of this store may have submitted the same meanwhile.
        for job in self.attach(self.new):
            del self.new[job]
        length = self.limits.array if self.limits is not None else 1
        while self.new and length:
            try:
                self._submit(tuple(islice(self._packs(), length)))
            except BusyError:
                length //= 2
        # What was not taken is tried again later.
        self.submit_after = time.monotonic() + (self.every if self.new else 0.0)

    def _packs(self) -> Iterator[Pack]:
        held, each = list(self.new.items()), self.runner.per_job
        for begin in range(0, len(held), each):
            yield tuple((job, str(folder)) for job, (folder, _) in held[begin : begin + each])

    def _submit(self, packs: tuple[Pack, ...]) -> None:
        batch = Batch.new(self.ledger, packs)
        try:
            number = submit(self.runner, self.target, batch, self._memory(batch))
        except BusyError:
            batch.close()
            raise
        except ExecutionError as error:
            batch.close()
            more = hint(str(error)) or "`archspec doctor` looks at a runner, and its `options` are what sbatch is given"
            raise ExecutionError(f"SLURM refuses the runs of `{self.runner.runner}`: {error}; {more}") from error
        batch.submitted(number)
        self.batches[batch.name] = batch
        self._place(batch, number)
        for job in batch.jobs:
            del self.new[job]

    def _memory(self, batch: Batch) -> int:
        """What the greediest of a batch needs, though no more than the largest node has, unless the runner says so."""
        largest = self.limits.memory if self.limits is not None else 0
        return max(min(largest, max(self.new[job][1] for job in batch.jobs)), self.runner.memory_for(0))

    def _place(self, batch: Batch, number: str) -> None:
        """Wait for a batch's jobs under the names that SLURM has for them."""
        for name, pack in batch.tasks(number).items():
            if pack:
                self.tasks[name] = Task(name, batch, {job: Path(folder) for job, folder in pack})
                self.task_of |= {job: name for job, _ in pack}

    def _heard(self, words: Mapping[str, Word]) -> list[Ended]:
        """What SLURM's words come to."""
        ended = [one for batch in list(self.nameless.values()) for one in self._named(batch, words)]
        older = history([task.name for task in self.tasks.values() if task.word(words) is None])
        for task in list(self.tasks.values()):
            word = task.word(words)
            if word is None:
                # What accounting says of a job that the controller does not know counts where it is an end.
                last = task.word(older)
                word = None if last is None or last.live else last
            if task.hears(word) and word is not None and word.live and word.reason in STUCK:
                self.stuck.setdefault(f"SLURM says {word}: {STUCK[word.reason]}", []).extend(task.left)
            ended += self._end(task)
        self._stop()
        return ended

    def _named(self, batch: Batch, words: Mapping[str, Word]) -> list[Ended]:
        """Find the number of a batch whose submitter died; the jobs of one that never reached SLURM have ended."""
        number = batch.number(words)
        if number is not None:
            batch.submitted(number)
            self._place(batch, number)
        if number is not None or batch.forgotten():
            del self.nameless[batch.name]
        if number is not None or batch.name in self.nameless:
            return []
        self.lost += [(batch, job) for job in batch.jobs]
        return [Ended(job, AGAIN) for job in batch.jobs]

    def _end(self, task: Task) -> list[Ended]:
        """What has ended of a task."""
        done = list(task.finished(self.signs))
        lost = list(task.lost(self.signs, self.delay, stopping=task.name in self.stopping))
        self.lost += [(task.batch, one.job) for one in lost]
        for one in (*done, *lost):
            del task.left[one.job]
            if self.task_of.get(one.job) == task.name:
                del self.task_of[one.job]
        if not task.left:
            del self.tasks[task.name]
            self.stopping.pop(task.name, None)
        return [*done, *lost]

    def _stop(self) -> None:
        """Tell jobs that are to stop, and kill those that do not."""
        now = time.monotonic()
        first = [name for name, told in self.stopping.items() if not told]
        late = [name for name, told in self.stopping.items() if told and now - told > TO_SAVE]
        with suppress(ExecutionError):
            stop(first)
            kill(late)
            self.stopping |= dict.fromkeys((*first, *late), now)
