"""A search as a source of runs: it asks for candidates while there is room, and tells what became of them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from archspec.records.knowing import known
from archspec.records.known import Known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.search import missed
from archspec.studies.beginning import begun
from archspec.studies.folder import StudyFolder
from archspec.studies.measuring import curve, looked, reached
from archspec.studies.plan import CHOOSING, REFUSED, PlannedRun, PlannedTrial
from archspec.studies.proposing import Asked, Proposals
from archspec.studies.pruning import Pruning
from archspec.studies.searched import PlannedSearch, Searched, costs

FAILED = ("failed", "invalid")
"""What becomes of runs that a candidate fails by."""
PAUSE = 1.0
"""Seconds between two looks at what runs measure."""


class Searching:
    """A search while it is driven."""

    def __init__(self, planned: PlannedSearch, store: Path, folder: StudyFolder) -> None:
        self.setting, self.store, self.folder = planned.setting, store, folder
        self.search = self.setting.search
        self.searched = Searched(self.setting)
        about = self.setting.question, self.search, self.setting.candidates
        self.proposals = Proposals(folder.journal, *about, lambda: begun(self.setting, store))
        self.pruning = Pruning(self.search, self.setting.epochs) if self.search.prunes else None
        self.enough: tuple[str, ...] = ("done", "pruned") if self.pruning else ("done",)
        self.given: set[str] = set()
        """The keys of the runs that were named."""
        self.over: dict[str, Known] = {}
        """The runs that have ended, as they were known then."""
        self.broken: dict[int, Sequence[str]] = {}
        """The runs that candidates have failed by."""
        self.looked = 0.0
        for asked in self.proposals.asked():
            self._remember(self._add(asked))
        if not self.search.measured and not self.setting.proxies:
            [self._settled(trial) for trial in self._running()]
        self._grown()

    def more(self, *, room: bool) -> Iterable[PlannedRun]:
        """What open candidates still need; then, while there is room, a new one; at the end the best once more."""
        found = list(self._needed())
        while room and not found and not self.folder.halted and self._ask():
            found = list(self._needed())
        if not found and self.searched.complete and self._fetched_back() is None:
            found = [run for run in self.planned.plan.runs if run.role not in CHOOSING and run.key not in self.given]
        self.given.update(run.key for run in found)
        return found

    def ended(self, key: str, known: Known) -> None:
        """Note a result, and tell of the candidates that waited for nothing else."""
        self.over[key] = known
        if known.state == "done":  # a driver was asked to try it again
            self._reopen(key)
        if [trial for trial in self._running() if self._left_out(trial) or self._settled(trial)]:
            self._grown()

    def unpromising(self, running: Collection[str]) -> dict[str, str]:
        """Runs of candidates that the pruner gives up; it looks at the first seed's."""
        if self.pruning is None or self.search.pruner.over_seeds or time.monotonic() - self.looked < PAUSE:
            return {}
        self.looked = time.monotonic()
        found = {}
        for trial in self._running():
            key = self._keys(trial)[0]
            if key in running and self.pruning.stops(trial.number, self._steps(trial)):
                found[key] = f"not good enough after epoch {self.pruning.seen[trial.number]}"
        return found

    def _ask(self) -> bool:
        """Ask for another candidate, where more are wanted and there is one; first for those that are fetched back."""
        again = self._fetched_back()
        if again is None and self.searched.full:
            return False
        asked = self.proposals.ask(again.choices if again else None)
        if asked is None:
            self.searched.exhausted = True
            return False
        self._settled(self._add(asked))
        self._grown()
        return True

    def _fetched_back(self) -> PlannedTrial | None:
        """A candidate that gets another trial: it was given up on a rung too early, or failed and was retried."""
        newest = {trial.arm: trial.number for trial in self.searched.trials.values()}
        failed = (self.searched.trials[number] for number in newest.values() if number in self.broken)
        return self.searched.left_behind or next((one for one in failed if not self._failed(one.number)), None)

    def _failed(self, number: int) -> bool:
        """Whether nobody has had all runs tried again that a candidate failed by."""
        return any(known(self._folder(key)).state in FAILED for key in self.broken[number])

    def _add(self, asked: Asked) -> PlannedTrial:
        self.broken |= {asked.number: asked.broken} if asked.broken else {}
        trial = PlannedTrial(asked.number, "", asked.choices, *asked[2:-1])
        self.searched.add(trial)
        return self.searched.trials[asked.number]

    def _remember(self, trial: PlannedTrial) -> None:
        """Have the pruner know of a candidate that ended before this driver began."""
        if self.pruning is not None and trial.state != "running":
            self.pruning.stops(trial.number, self._steps(trial))
            self.pruning.end(trial.number, trial.values.get(self.search.pruned_by))

    def _running(self) -> list[PlannedTrial]:
        return [trial for trial in self.searched.trials.values() if trial.state == "running"]

    def _left_out(self, trial: PlannedTrial) -> bool:
        """Leave out a candidate of which a run was cancelled; in the journal it stays open, should it be retried."""
        if not any(self.over[key].state == "cancelled" for key in self._all(trial) if key in self.over):
            return False
        self.searched.trials[trial.number] = replace(trial, state="cancelled")
        return True

    def _reopen(self, key: str) -> None:
        """Have candidates go on that were cancelled, once all of their runs that have ended are done."""
        for trial in [trial for trial in self.searched.trials.values() if trial.state == "cancelled"]:
            keys = self._all(trial)
            if key in keys and all(self.over[key].state == "done" for key in keys if key in self.over):
                self.searched.trials[trial.number] = replace(trial, state="running")

    def _all(self, trial: PlannedTrial) -> list[str]:
        """The keys of all that a candidate needs."""
        return [run.key for run in self.searched.runs(trial)]

    def _keys(self, trial: PlannedTrial) -> list[str]:
        """The keys of a candidate's trainings on its rung; on the last, seed by seed."""
        return [runs[-1].key for runs in self.searched.trainings(trial, trial.rung)]

    def _needed(self) -> Iterator[PlannedRun]:
        """The runs that open candidates need now: first what they are looked at by; with a pruner seed by seed."""
        for trial in self._running():
            looks = self.searched.looks(trial)
            if not self.search.measured or any(run.key not in self.over for run in looks):
                yield from (run for run in looks if run.key not in self.given)
                continue
            waiting = [key for key in self._keys(trial) if key not in self.over]
            now = set(waiting[:1] if self.pruning else waiting)
            for runs in self.searched.trainings(trial, trial.rung):
                if runs[-1].key in now:
                    yield from (run for run in runs if run.key not in self.given)

    def _settled(self, trial: PlannedTrial) -> bool:
        """Tell what has become of a candidate, or have it go on, once that is known."""
        looks = [run.key for run in self.searched.looks(trial)]
        seen = [self.over[key].state for key in looks if key in self.over]
        if seen == ["done"] * len(looks) and (wrong := missed(self.search, self._looked(trial))):
            return self._refused(trial, wrong)
        if trial.rung < len(self.setting.rungs) and {*seen} <= {"done"}:
            return self._climbed(trial)
        keys = [*looks, *(self._keys(trial) if self.search.measured else [])]
        over = [self.over[key] for key in keys if key in self.over]
        states = {one.state for one in over}
        if states <= {"done"} and len(over) < len(keys) and not self._raced(trial):
            return False
        state = "pruned" if "pruned" in states or (states <= {"done"} and len(over) < len(keys)) else "failed"
        values = self._values(trial, over) if len(over) == len(keys) and states <= {"done"} else {}
        if values.keys() >= self.search.objectives.keys():
            state = "done"
        self._end(trial, state, values)
        if self.pruning is not None:
            self.pruning.end(trial.number, values.get(self.search.pruned_by))
        return True

    def _climbed(self, trial: PlannedTrial) -> bool:
        """Have a candidate that has ended a rung go on, or give it up."""
        (key,) = self._keys(trial)
        if key not in self.over:
            return False
        value = self._reached(key).get(self.search.pruned_by) if self.over[key].state == "done" else None
        if value is None:
            self._end(trial, "failed", {})
            return True
        trial = replace(trial, rungs=(*trial.rungs, value))
        self.searched.trials[trial.number] = trial
        if self.setting.rungs.goes_on(trial, [*self.searched.trials.values()]):
            self.proposals.climbed(trial.number, trial.rungs)
            self._settled(trial)
        else:
            self._end(trial, "pruned", {})
        return True

    def _end(self, trial: PlannedTrial, state: str, values: dict[str, float]) -> None:
        """Keep in the journal what has become of a candidate; one that comes off the last rung has ended that too."""
        top = (values[self.search.pruned_by],) if state == "done" and self.setting.rungs else ()
        trial = replace(trial, state=state, values=values, rungs=(*trial.rungs, *top))
        self.searched.trials[trial.number] = trial
        broken = [key for key in self._all(trial) if key in self.over and self.over[key].state in FAILED]
        self.broken |= {trial.number: broken} if broken else {}
        self.proposals.tell(trial.number, state, values, trial.rungs, broken)

    def _refused(self, trial: PlannedTrial, wrong: dict[str, float]) -> bool:
        """Tell that a candidate's proxies miss constraints: it is not trained, and counts as little as if never met."""
        values = self._looked(trial)
        self.searched.trials[trial.number] = replace(trial, state=REFUSED, values=values)
        self.proposals.refuse(trial.number, wrong, values)
        return True

    def _looked(self, trial: PlannedTrial) -> dict[str, float]:
        """A candidate's proxies, each the mean over its seeds."""
        found: dict[str, list[float]] = {}
        for run in self.searched.looks(trial):
            found.setdefault(run.role, []).append(looked(self.over[run.key]))
        return {name: fmean(scores) for name, scores in found.items()}

    def _raced(self, trial: PlannedTrial) -> bool:
        """Whether a candidate has lost the race over the seeds that it has run."""
        if self.pruning is None or not self.search.pruner.over_seeds:
            return False
        return self.pruning.stops(trial.number, self._steps(trial))

    def _steps(self, trial: PlannedTrial) -> dict[int, float]:
        """What the pruner looks at: seed by seed, or epoch by epoch of the first seed."""
        keys, metric = self._keys(trial), self.search.pruned_by
        if not self.search.pruner.over_seeds:
            return curve(self._folder(keys[0]), metric)
        found = [self._reached(key).get(metric) for key in keys if known(self._folder(key)).state == "done"]
        return {step: value for step, value in enumerate(found) if value is not None}

    def _values(self, trial: PlannedTrial, over: list[Known]) -> dict[str, float]:
        """What a candidate reached: the mean over its seeds, and what is known without a run."""
        keys = set(self._keys(trial))
        runs = [self._reached(one.key) for one in over if one.key in keys]
        shared = set.intersection(*map(set, runs)) if runs else set()
        measured = {name: fmean(run[name] for run in runs) for name in shared}
        found = {**measured, **costs(self.searched.trained[trial.arm].arm), **self._looked(trial)}
        wanted = {*self.search.objectives, *([self.search.prune_on] if self.search.prune_on else [])}
        return {name: found[name] for name in found if name in {*wanted, *self.setting.proxies}}

    def _reached(self, key: str) -> dict[str, float]:
        return reached(self._folder(key), known(self._folder(key)))

    def _folder(self, key: str) -> RunFolder:
        return RunFolder(Store(self.store).run(key))

    def _grown(self) -> None:
        """Work out the plan again, and write it down for those who look on."""
        self.planned = self.searched.planned
        self.folder.keep(self.planned.plan)
