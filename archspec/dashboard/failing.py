"""The failures of a study, cause by cause: which runs, where and when, and which arms suffer more than others."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from archspec.dashboard.causes import Cause, cause
from archspec.records.known import Known
from archspec.report.scores import TRAINED
from archspec.report.wording import count, listed
from archspec.studies.plan import Plan, PlannedRun

ENDED = ("failed", "invalid", "lost", "cancelled")
"""States of runs that have no result and get none by themselves."""
WITHOUT = ("failed", "invalid", "lost")
"""States of runs that nobody has ended on purpose."""
NOTHING_LEFT = "nothing of it is left to compare"
FLATTERED = "where the network is the cause, the seeds that survive flatter it"
DEFAULT = Path("archspec-store")
"""The store that commands take where none is named."""
FIRST = ("run", "quickstart")
"""What to type where nothing has been run yet."""
RETRIED = ("failed", "cancelled")
"""States that `study retry` forgets; a lost run goes on with `study run`."""


@dataclass(frozen=True)
class Failed:
    """A run that has failed, and the arms that it belongs to."""

    known: Known
    seed: int
    arms: tuple[str, ...]
    """Their ids."""
    role: str
    details: str
    """Its traceback."""

    @property
    def when(self) -> float | None:
        """When it was last heard of."""
        return self.known.started if self.known.ended is None else self.known.ended


@dataclass(frozen=True)
class Failure:
    """A cause, and everything that has failed of it."""

    cause: Cause
    runs: tuple[Failed, ...]

    @property
    def first(self) -> float | None:
        """When it was first seen."""
        return min(self._times, default=None)

    @property
    def last(self) -> float | None:
        """When it was last seen."""
        return max(self._times, default=None)

    @property
    def hosts(self) -> dict[str, int]:
        """The machines on which it was seen, and how often."""
        return dict(Counter(run.known.host for run in self.runs if run.known.host).most_common())

    @property
    def states(self) -> dict[str, int]:
        """What has become of its runs."""
        return dict(Counter(run.known.state for run in self.runs))

    @property
    def _times(self) -> list[float]:
        return [run.when for run in self.runs if run.when is not None]


def failures(plan: Plan, known: Mapping[str, Known], details: Callable[[Known], str]) -> list[Failure]:
    """The failures of a study by their causes, those with most runs first; `details` reads a run's traceback."""
    found: dict[Cause, list[Failed]] = {}
    for run in _failed(plan, known, details):
        state, reason = run.known.state, run.known.reason
        told = Cause(state, "", ADVICE[state]) if state in ADVICE and not reason else cause(reason, run.details)
        found.setdefault(told, []).append(run)
    return sorted((Failure(why, tuple(runs)) for why, runs in found.items()), key=lambda one: -len(one.runs))


ADVICE = {
    "lost": "its process has vanished without a word; “study run” goes on from its newest checkpoint",
    "cancelled": "somebody has cancelled it; “study retry” takes that back",
}
"""What to do about runs of which nobody said why they ended."""


def _failed(plan: Plan, known: Mapping[str, Known], details: Callable[[Known], str]) -> Iterable[Failed]:
    """Every failed run once, with all arms that it belongs to."""
    owners: dict[str, list[PlannedRun]] = {}
    for run in plan.runs:
        if known[run.key].state in ENDED:
            owners.setdefault(run.key, []).append(run)
    for key, runs in owners.items():
        arms = tuple(dict.fromkeys(run.arm for run in runs))
        yield Failed(known[key], runs[0].seed, arms, runs[0].role, details(known[key]))


def biases(plan: Plan, known: Mapping[str, Known], names: Mapping[str, str]) -> list[str]:
    """Arms that have lost another share of their seeds than what they are compared with: what is left may mislead."""
    lost, seeds = Counter[str](), Counter[str]()
    for run in plan.runs:
        if run.role == TRAINED:
            seeds[run.arm] += 1
            lost[run.arm] += known[run.key].state in WITHOUT
    return [
        f"{names[arm.id]} has lost {lost[arm.id]} of {count(seeds[arm.id], 'seed')}, "
        f"{names[arm.against]} {lost[arm.against]} of {seeds[arm.against]}: "
        + (NOTHING_LEFT if lost[arm.id] == seeds[arm.id] else FLATTERED)
        for arm in plan.arms
        if arm.against and lost[arm.id] * seeds[arm.against] != lost[arm.against] * seeds[arm.id]
    ]


def retry(plan: Plan, store: Path, runs: Iterable[Failed]) -> list[str]:
    """The commands after which these runs run again, and as few others as can be."""
    chosen = list(runs)
    again = [run for run in chosen if run.known.state in RETRIED]
    said = [command("retry", plan, store, _arms(again), sorted({run.seed for run in again}))] if again else []
    # Of other seeds the study would be another one; its own that are done are not run again.
    return [*said, command("run", plan, store, _arms(chosen))] if chosen else []


def _arms(runs: Sequence[Failed]) -> list[str]:
    return list(dict.fromkeys(run.arms[0] for run in runs))


def command(verb: str, plan: Plan, store: Path, arms: Iterable[str] = (), seeds: Iterable[int] = ()) -> str:
    """What to type about a study, or about some of its arms and seeds."""
    words = [verb, plan.typed, *(["--profile", plan.profile] if plan.profile else [])]
    words += [word for arm in arms for word in ("--only", arm)]
    chosen = list(seeds)
    words += ["--seeds", ",".join(map(str, chosen))] if chosen and set(chosen) != set(plan.seeds) else []
    return typed(words, store)


def typed(words: Sequence[str], store: Path) -> str:
    """A command about studies, with the store where it is not the usual one."""
    return shlex.join(["archspec", "study", *words, *(["--store", str(store)] if store != DEFAULT else [])])


def where(failure: Failure) -> str:
    """The machines of a failure in words."""
    several = len(failure.hosts) > 1
    return (
        listed([f"{host} ({number})" if several else host for host, number in failure.hosts.items()])
        if failure.hosts
        else ""
    )
