"""Equal tuning: every arm is tried with the same settings on val, and its seeds are run with the best of them.

Which settings are best follows from the runs in the store and from nothing else: whoever plans the study sees the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from archspec.records.knowing import known
from archspec.records.known import Known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.decisions import Choices
from archspec.spec.tune import Tune
from archspec.studies.folder import StudyFolder
from archspec.studies.measuring import reached
from archspec.studies.plan import TUNING, Plan, PlannedRun
from archspec.studies.planning import Planned
from archspec.studies.trained import Trained


@dataclass(frozen=True)
class Options:
    """The settings that arms are tried with, and every arm as each of them has it."""

    tune: Tune
    choices: tuple[Choices, ...]
    arms: tuple[dict[str, Trained], ...]
    """For each setting, every arm by its id."""
    seeds: tuple[int, ...]

    def keys(self, arm: str) -> list[list[str]]:
        """The runs of an arm, setting by setting."""
        return [[option[arm].key(seed) for seed in self.seeds] for option in self.arms]

    def best(self, arm: str, store: Path | None) -> int | None:
        """Which setting is best for an arm; None until all of its runs have ended."""
        found = [[self._score(key, store) for key in keys] for keys in self.keys(arm)]
        if any(score is None for scores in found for score in scores):
            return None
        means = [fmean(score for score in scores if score is not None) for scores in found]
        return (min if self.tune.metric == "loss" else max)(range(len(means)), key=means.__getitem__)

    def _score(self, key: str, store: Path | None) -> float | None:
        folder = RunFolder(Store(store).run(key)) if store is not None else None
        now = known(folder) if folder is not None else None
        if folder is None or now is None or now.state not in ("done", "failed"):
            return None
        worst = float("inf") if self.tune.metric == "loss" else float("-inf")
        # A setting with which training fails is the worst one.
        return reached(folder, now).get(self.tune.metric, worst) if now.state == "done" else worst


@dataclass(frozen=True)
class PlannedTuning(Planned):
    """The plan of a study whose arms are tuned."""

    untuned: Planned
    options: Options
    by_key: Mapping[str, tuple[Trained, int]] = field(default_factory=dict)
    """What is trained in every run for tuning, and with which seed."""

    def document(self, key: str) -> dict[str, Any]:
        """What the folder of a run says."""
        if key in self.by_key:
            one, seed = self.by_key[key]
            return one.document(PlannedRun(key, one.arm.id, seed))
        return super().document(key)

    def total(self, keys: Sequence[str]) -> int:
        """How many runs there will be: those for tuning, and the seeds of every arm."""
        arms = {run.arm for run in self.plan.runs if run.key in set(keys)}
        tuning = {key for arm in arms for keys in self.options.keys(arm) for key in keys}
        return len(tuning) + len({run.key for run in self.untuned.plan.runs if run.arm in arms})


def tuned(untuned: Planned, options: Options, store: Path | None) -> PlannedTuning:
    """The plan as far as it is known by what a store holds."""
    trained, runs, by_key = dict[str, Trained](), list[PlannedRun](), dict[str, tuple[Trained, int]]()
    for arm, one in untuned.trained.items():
        best = options.best(arm, store)
        for option in options.arms:
            for seed in options.seeds:
                by_key[option[arm].key(seed)] = (option[arm], seed)
                runs += [replace(run, role=TUNING) for run in option[arm].runs(seed) if run.role == "train"]
        chosen = one if best is None else options.arms[best][arm]
        values = {} if best is None else dict(options.choices[best])
        trained[arm] = replace(chosen, arm=replace(chosen.arm, notes=one.arm.notes, tuned=values))
    final = [run for seed in untuned.plan.seeds for one in trained.values() if one.arm.tuned for run in one.runs(seed)]
    arms = tuple(one.arm for one in trained.values())
    plan = replace(untuned.plan, arms=arms, runs=tuple(dict.fromkeys([*runs, *final])))
    return PlannedTuning(plan, untuned.study, trained, untuned, options, by_key)


class Tuning:
    """A study whose arms are tuned, while it is driven."""

    enough: tuple[str, ...] = ("done",)

    def __init__(self, planned: PlannedTuning, store: Path, folder: StudyFolder, keys: Iterable[str] | None) -> None:
        self.store, self.folder = store, folder
        self.planned = planned
        wanted = set(planned.plan.keys if keys is None else keys)
        self.arms = {run.arm for run in planned.plan.runs if run.key in wanted}
        self.given: set[str] = set()

    def more(self, *, room: bool) -> Iterable[PlannedRun]:
        """What is known by now: settings to be tried, and the seeds of arms whose setting is chosen."""
        runs = [run for run in self.planned.plan.runs if run.arm in self.arms and run.key not in self.given]
        self.given.update(run.key for run in runs)
        return runs

    def ended(self, key: str, known: Known) -> None:
        """See whether a setting can be chosen."""
        if key in self.planned.by_key:
            before: Plan = self.planned.plan
            self.planned = tuned(self.planned.untuned, self.planned.options, self.store)
            if self.planned.plan != before:
                self.folder.keep(self.planned.plan)

    def unpromising(self, running: Collection[str]) -> dict[str, str]:
        """None: every setting gets the same."""
        return {}
