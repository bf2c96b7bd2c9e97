"""A plan: the arms of a study and the runs that they need, as plain data that outlives the process that made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from archspec.spec.search import MOST_RUNGS

TRIAL, BEST = "trial", "best"
"""What the arms of a search belong to: its candidates, and those that are trained anew once it has ended."""
SEARCHING, TUNING = "search", "tune"
"""What runs are for that something is chosen by on val, and whose tests are never looked at: candidates, settings."""
RUNGS = tuple(f"rung {number + 1}" for number in range(MOST_RUNGS))
"""What cheaper trainings of a search's candidates are for, whose tests are not looked at either."""
REFUSED = "refused"
"""The state of a candidate whose proxies miss a constraint."""
CHOOSING = (SEARCHING, TUNING, *RUNGS)
TRAININGS = ("train", "start", *CHOOSING)
"""The roles of runs that are trainings; others measure one."""


@dataclass(frozen=True)
class PlannedArm:
    """A row of the study's table: a network and how it is trained, whatever the seed."""

    id: str
    """Its address within the study: `activation/relu`, `baseline/convformer_s18`, `activation/relu@caformer_s18`."""
    name: str
    factor: str
    """The factor (or `steps`) it belongs to; empty for a baseline."""
    baseline: str
    """The name of the baseline that it is compared with, or that it is."""
    against: str
    """The id of the arm it is compared with; empty for a baseline."""
    arch: str
    recipe: str
    digest: str
    """The network's digest, whatever it is trained with."""
    levels: dict[str, str] = field(default_factory=dict)
    """Which arm of each factor it takes; of a roadmap or leave-one-out, the steps taken."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Paths and values by which it differs from its baseline, as they were written."""
    table: str = ""
    paper: dict[str, float] = field(default_factory=dict)
    """What the paper prints for it, by metric."""
    params: int = 0
    frozen_params: int = 0
    macs: int = 0
    activations: int = 0
    training_macs: int = 0
    """Multiply-accumulates of one whole training, in closed form."""
    images: int = 0
    """Images that one training looks at."""
    rungs: tuple[int, ...] = ()
    """Of a search's candidate, the multiply-accumulates of its training on each rung."""
    tuned: dict[str, Any] = field(default_factory=dict)
    """What was chosen for it by tuning: paths into the recipe, and their values."""
    notes: tuple[str, ...] = ()
    """What a reader of the table should know: drift of costs, differences that the factor does not declare."""


@dataclass(frozen=True)
class PlannedRun:
    """An arm at a seed, or what is measured on it. Runs of equal key are one run."""

    key: str
    arm: str
    """The id of the arm."""
    seed: int
    role: str = "train"
    """`train`; `search` for a candidate's, `rung 1` for a cheaper one, `tune` for a setting's; `start` for what another
    starts from; else the name of a measurement."""
    needs: tuple[str, ...] = ()
    """Keys of the runs that have to be done before."""
    macs: int = 0
    """Multiply-accumulates of a training that is not the arm's own: of one that it starts from."""

    @property
    def about(self) -> str:
        """What it is called among the runs of a study: its arm, and what it is for where that is not the arm itself."""
        return self.arm if self.role == "train" else f"{self.arm} · {self.role}"


@dataclass(frozen=True)
class PlannedTrial:
    """A candidate that a search has asked for; those that do not meet its constraints are not among them."""

    number: int
    """Its number in the search's journal."""
    arm: str
    """The id of the arm; of a candidate that was met before, that one's."""
    choices: dict[str, Any] = field(default_factory=dict)
    """What was decided, by the decision's name."""
    state: str = "running"
    """`running`, `done`, `pruned`, `failed`, `refused` or `cancelled`."""
    values: dict[str, float] = field(default_factory=dict)
    """What it reached, by objective, measured on val; and its proxies."""
    rungs: tuple[float, ...] = ()
    """What it reached on each rung that it has ended, by the metric that they read; the recipe itself is the last."""
    again: bool = False
    """Whether it is one that was given up on a rung, or failed and was retried, and so was fetched back."""

    @property
    def rung(self) -> int:
        """The rung that it was sent to last, from 0."""
        return max(0, len(self.rungs) - (self.state in ("done", "pruned")))


@dataclass(frozen=True)
class Plan:
    """Everything a study amounts to."""

    study: str
    profile: str
    design: str
    metric: str
    """What a printed figure is, and what arms are compared by: `top1`."""
    paper: str
    """The paper's short name, or empty."""
    seeds: tuple[int, ...]
    arms: tuple[PlannedArm, ...]
    runs: tuple[PlannedRun, ...]
    max_failures: int | None = None
    warnings: tuple[str, ...] = ()
    objectives: dict[str, str] = field(default_factory=dict)
    """What a search looks for, each `max` or `min`."""
    proxies: tuple[str, ...] = ()
    """What a search looks at before it trains."""
    trials: tuple[PlannedTrial, ...] = ()
    """The candidates of a search, in the order in which they were asked for."""
    rungs: tuple[str, ...] = ()
    """What a search's rungs change about the recipe, the cheapest first; the recipe itself is not among them."""
    climbed_by: str = ""
    """The metric by which candidates go from rung to rung."""
    question: str = ""
    """What tells a search from another one of the same name."""
    source: str = ""
    """The path of its document as it was typed; empty where it was called by its name."""

    @property
    def typed(self) -> str:
        """What to type for it in a command."""
        return self.source or self.study

    @cached_property
    def by_id(self) -> dict[str, PlannedArm]:
        """The arms under their ids."""
        return {arm.id: arm for arm in self.arms}

    @cached_property
    def tested(self) -> tuple[PlannedArm, ...]:
        """The arms that are compared by their tests: all but the candidates of a search."""
        return tuple(arm for arm in self.arms if arm.factor != TRIAL)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Every key once, parents before what needs them."""
        return tuple(dict.fromkeys(run.key for run in self.runs))

    def of(self, arm: str, role: str = "train") -> Iterator[PlannedRun]:
        """The runs of an arm, seed by seed."""
        return (run for run in self._of_arms.get(arm, ()) if run.role == role)

    def trainings(self, arm: str) -> list[str]:
        """The keys of what an arm is trained in, also for something to be chosen by; not of what it starts from."""
        return [run.key for run in self._of_arms.get(arm, ()) if run.role in ("train", *CHOOSING)]

    @cached_property
    def _of_arms(self) -> dict[str, list[PlannedRun]]:
        found: dict[str, list[PlannedRun]] = {}
        for run in self.runs:
            found.setdefault(run.arm, []).append(run)
        return found

    def training_macs(self, run: PlannedRun) -> int:
        """The multiply-accumulates of a training."""
        arm = self.by_id[run.arm]
        return run.macs or (arm.rungs[RUNGS.index(run.role)] if run.role in RUNGS else arm.training_macs)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """The plan that plain data describes."""
        arms = tuple(PlannedArm(**{**arm, **_tuples(arm, "notes", "rungs")}) for arm in data["arms"])
        runs = tuple(PlannedRun(**{**run, "needs": tuple(run["needs"])}) for run in data["runs"])
        tuples = _tuples(data, "seeds", "warnings", "proxies", "rungs")
        trials = tuple(PlannedTrial(**{**trial, **_tuples(trial, "rungs")}) for trial in data.get("trials", ()))
        return cls(**{**data, **tuples, "arms": arms, "runs": runs, "trials": trials})


def _tuples(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """What JSON knows as lists."""
    return {name: tuple(data.get(name, ())) for name in names}
