"""The driver: it hands missing runs to a pool until every run has its result. It keeps nothing that a folder does not.

Kill it at any moment and start it again: finished runs stay finished, runs that somebody still works on are waited
for, and the others go on from their newest checkpoints.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

from archspec.execution.jobs import AGAIN, Ended, Pool
from archspec.records.files import write_atomic
from archspec.records.freezing import environment, frozen
from archspec.records.knowing import known
from archspec.records.known import Known, State
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.runner import Runner
from archspec.studies.dying import disk_full, last_words, out_of_memory, unheard_of
from archspec.studies.folder import StudyFolder
from archspec.studies.memory import Memory
from archspec.studies.plan import PlannedRun
from archspec.studies.planning import Planned
from archspec.studies.pools import pool_for
from archspec.studies.requests import carry_out
from archspec.studies.source import Source, source_of
from archspec.studies.status import OPEN, STOPPED

WORK = "archspec.training.work:work"
"""What is called with the folder of every run."""
TRIES = 3
"""How often a run may die without having got any further."""
PAUSE = 0.2
"""Seconds after which the driver looks around, though nothing has ended."""
GRACE = 60.0
"""Seconds that stopped runs are given to write their checkpoints."""


class Event(NamedTuple):
    """Something that a driver tells whoever looks on."""

    what: Literal["started", "done", "failed", "pruned", "stopped", "died", "waiting"]
    run: PlannedRun
    known: Known


@dataclass
class Summary:
    """How driving ended."""

    failed: int = 0
    reason: str = ""
    """Why it ended before everything had a result; empty where all has."""
    planned: Planned | None = None
    """The plan as it was in the end."""


def drive(
    planned: Planned,
    store: Path,
    runner: Runner,
    *,
    keys: Iterable[str] | None = None,
    target: str = WORK,
    on: Callable[[Event], None] = lambda _: None,
) -> Summary:
    """Run what is missing of a plan, or of some of its runs."""
    folder = StudyFolder.of(store, planned.plan)
    with folder.driving():
        folder.keep(planned.plan)
        folder.describe(planned.documents)
        runner = with_code(runner, frozen(Store(store), planned.specs))
        source = source_of(planned, store, folder, keys)
        pool = pool_for(runner, target, store, folder.log)
        driver = _Driver(source, store, folder, pool, Memory(store, runner), on)
        try:
            return driver.whole()
        except KeyboardInterrupt:
            if not driver.pool.lasting:
                driver.stop_all()
            raise
        finally:
            driver.pool.close()


def with_code(runner: Runner, code: Path | None) -> Runner:
    """A runner whose processes take frozen code before any other."""
    if code is None:
        return runner
    return runner.model_copy(update={"environment": {**environment(code), **runner.environment}})


@dataclass
class _Driver:
    """A study while it is driven."""

    source: Source
    store: Path
    folder: StudyFolder
    pool: Pool
    memory: Memory
    on: Callable[[Event], None]
    left: dict[str, PlannedRun] = field(default_factory=dict)
    """Runs without a result, in the order in which they are started: all arms with one seed before the next."""
    mine: dict[str, Known] = field(default_factory=dict)
    """Runs at work in the pool, and what was known of them before."""
    given_up: dict[str, str] = field(default_factory=dict)
    """Runs that were stopped because they are not worth going on with, and why."""
    deaths: Counter[str] = field(default_factory=Counter)
    waiting: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    summary: Summary = field(default_factory=Summary)

    def whole(self) -> Summary:
        """Drive until nothing is left that could run."""
        self._carry_out()
        self._take()
        self.mine |= {key: self.known(key) for key in self.pool.attach(self.left)}
        while self.left or self.mine:
            self._look_on()
            if not self.summary.reason:
                self._start(self.folder.cancelled())
            elif not self.mine:
                break
            ended = self.pool.wait(PAUSE, self._look_on)
            for one in ended:
                self._end(one)
            for key, why in self.pool.waiting().items():
                self.on(Event("waiting", self.left[key], replace(self.known(key), reason=why)))
            if not ended and not self.mine:
                time.sleep(PAUSE)  # others are at work
            if not self.summary.reason:
                self._take()
        self.summary.planned = self.source.planned
        return self.summary

    def _look_on(self) -> None:
        """What is seen to while runs are at work."""
        self._carry_out()
        self._stop(self.folder.cancelled())

    def _carry_out(self) -> None:
        """Do what pages have asked for."""
        for run in carry_out(self.folder, self.store):
            self.deaths.pop(run.key, None)
            self.failed.discard(run.key)
            self.left.setdefault(run.key, run)

    def _take(self) -> None:
        """Have the source name runs as long as it does and there is room; what has its result already ends at once."""
        while True:
            # What a worker of an earlier driver still works on takes up room here: it was asked for with room in mind.
            open_ = len(self.left) - len(self.mine)
            runs = list(self.source.more(room=self.pool.free > open_))
            if not runs:
                return
            for run in runs:
                now = self.known(run.key)
                self.memory.learn(run, now)
                if now.state in self.source.enough:
                    self._count(run.key, now.state)
                    self.source.ended(run.key, now)
                else:
                    self.left.setdefault(run.key, run)

    def known(self, key: str) -> Known:
        """What the folder of a run tells."""
        return known(RunFolder(Store(self.store).run(key)))

    def stop_all(self) -> None:
        """Have every run at work write a checkpoint and stop, and wait for that."""
        deadline = time.monotonic() + GRACE
        for key in self.mine:
            self.pool.stop(key)
        while self.mine and time.monotonic() < deadline:
            for ended in self.pool.wait(PAUSE):
                self.mine.pop(ended.job)

    def _stop(self, cancelled: frozenset[str]) -> None:
        """Stop what was cancelled or promises nothing; once the study ends early, what may wait in a queue for long."""
        everything = self.summary.reason and self.pool.lasting
        for key in self.mine.keys() if everything else cancelled & self.mine.keys():
            self.pool.stop(key)
        for key, reason in self.source.unpromising(self.mine.keys() - self.given_up.keys()).items():
            self.given_up[key] = reason
            self.pool.stop(key)

    def _start(self, cancelled: frozenset[str]) -> None:
        """Hand out runs as long as the pool takes them; where one has no memory yet, smaller ones go before."""
        for key, run in list(self.left.items()):
            if key in self.mine:
                continue
            if self.pool.free <= 0:
                return
            if not self.pool.takes(self.memory.of(self.source.planned, run)):
                continue
            state: State | Literal["waiting"] = "cancelled" if key in cancelled else self._state(run)
            if state in OPEN:
                self._submit(run)
            elif state != "waiting" and state not in ("running", "unknown"):
                self._done_with(key, replace(self.known(key), state=state))
            elif state != "waiting" and key not in self.waiting:
                self.waiting.add(key)
                one = self.known(key)
                told = unheard_of(RunFolder(Store(self.store).run(key)), one)
                self.on(Event("waiting", run, replace(one, reason=told)))

    def _state(self, run: PlannedRun) -> State | Literal["waiting"]:
        """What is to be made of a run now."""
        before = [self.known(key).state for key in run.needs]
        if any(state in STOPPED for state in before):
            return "blocked"
        if any(state != "done" for state in before):
            return "waiting"
        return self.known(run.key).state

    def _submit(self, run: PlannedRun) -> None:
        folder = RunFolder.create(self.store, self.source.planned.document(run.key))
        if self.known(run.key).state == "pruned":
            folder.reopen()  # a search has given it up; here it is wanted
        self.mine[run.key] = known(folder)
        self.pool.submit(run.key, folder.path.absolute(), self.memory.of(self.source.planned, run))
        self.on(Event("started", run, self.mine[run.key]))

    def _end(self, ended: Ended) -> None:
        """What comes of a run that has left the pool."""
        if ended.job not in self.mine:
            return  # another study's, from the same batch
        before, run = self.mine.pop(ended.job), self.left[ended.job]
        self._let_go(ended.job)
        self._give_up(run)
        now = self.known(ended.job)
        if now.state not in ("done", "failed", "pruned", "invalid"):
            if ended.code == AGAIN:
                self.on(Event("stopped", run, replace(now, reason=ended.error)))
                return
            self._died(run, ended, progressed=(now.step or 0) > (before.step or 0))
            now = self.known(ended.job)
            if now.state != "failed":
                return
        self.on(Event(now.state if now.state in ("done", "pruned") else "failed", run, now))
        self._done_with(ended.job, now)

    def _give_up(self, run: PlannedRun) -> None:
        """End a run as pruned that was stopped for it."""
        folder = RunFolder(Store(self.store).run(run.key))
        reason, attempt = self.given_up.pop(run.key, None), folder.newest()
        if reason is not None and attempt is not None and folder.result() is None:
            folder.finish(attempt, {"state": "pruned", "reason": reason, "checkpoint": None})

    def _let_go(self, key: str) -> None:
        """What has left the pool is worked on no more, even where its worker lives on."""
        newest = RunFolder(Store(self.store).run(key)).newest()
        if newest is not None and newest.alive() is not False:
            newest.leave()

    def _died(self, run: PlannedRun, ended: Ended, *, progressed: bool) -> None:
        """A run that left no result is started again, unless it gets nowhere; none is once the disk is full."""
        if full := disk_full(ended):
            self.summary.reason = full
            self.on(Event("died", run, replace(self.known(run.key), reason=full)))
            return
        self.deaths[run.key] = 1 if progressed else self.deaths[run.key] + 1
        said = last_words(ended, self.folder.log)
        if ended.starved:
            said = out_of_memory(said, self.memory.starve(self.source.planned, run))
        folder = RunFolder(Store(self.store).run(run.key))
        if self.deaths[run.key] >= TRIES:
            attempt = folder.newest() or folder.claim()
            write_atomic(attempt.failure, ended.error or said)
            reason = f"gave up after {TRIES} tries without progress: {said}"
            folder.finish(attempt, {"state": "failed", "reason": reason, "checkpoint": None})
        now = self.known(run.key)
        self.on(Event("died", run, replace(now, reason=now.reason or said)))

    def _done_with(self, key: str, known: Known) -> None:
        """Nothing is left to do about a run."""
        self.memory.learn(self.left.pop(key), known)
        self._count(key, known.state)
        self.source.ended(key, known)

    def _count(self, key: str, state: str) -> None:
        """Too many failures end the driving."""
        self.failed |= {key} if state == "failed" else set()
        self.summary.failed, most = len(self.failed), self.source.planned.plan.max_failures
        if most is not None and self.summary.failed > most:
            self.summary.reason = f"{self.summary.failed} runs have failed, more than `max_failures: {most}`"
