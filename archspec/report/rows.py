"""The rows of a study's table: what each arm reached, by seed, and how it differs from what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from archspec.report.verdicts import Compared
from archspec.report.wording import agreed
from archspec.statistics import Difference, Mean, agreement
from archspec.studies.plan import PlannedArm


@dataclass(frozen=True)
class Row:
    """An arm of the study with its numbers."""

    planned: PlannedArm
    label: str
    """Its name in the table: only what differs."""
    keys: dict[int, str]
    """Its runs by seed."""
    values: dict[int, float]
    """What it reached, by seed; only finished runs."""
    states: dict[str, int]
    """What has become of the runs that have no value, and how many of them."""
    summary: Mean | None
    difference: Difference | None
    """To what it is compared with; None for a baseline, and where they share no finished seed."""
    p: float | None
    """Student's paired p, corrected within the factor."""
    paper: float | None
    paper_delta: float | None
    """The paper's difference to the same arm."""
    same: bool
    """Whether its runs are those of the arm it is compared with."""
    digits: int
    hours: float | None
    gpu_hours: float | None
    measured: dict[str, Mean] = field(default_factory=dict)
    """What was measured on its finished runs, by name."""
    notes: tuple[str, ...] = ()

    @property
    def is_baseline(self) -> bool:
        """Whether others are compared with it and it with none."""
        return not self.planned.against

    @property
    def n(self) -> int:
        """Seeds with a value."""
        return len(self.values)

    @cached_property
    def agreement(self) -> str:
        """How its difference stands to the paper's, in a sentence; empty where either is missing."""
        if self.difference is None or self.paper_delta is None:
            return ""
        if self.same:
            return "the same runs as the arm it is compared with"
        found = agreement(self.difference.mean, self.difference.interval, self.paper_delta)
        return agreed(found, self.paper_delta, self.difference.interval, self.digits)

    @property
    def compared(self) -> Compared | None:
        """The arm as a comparison."""
        return Compared(self.label, self.difference, self.p, same=self.same) if self.difference else None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        arm = self.planned
        identity = {name: getattr(arm, name) for name in ("id", "factor", "baseline", "against", "levels", "changes")}
        costs = {name: getattr(arm, name) for name in COSTS}
        return {
            "arm": arm.name,
            **identity,
            "label": self.label,
            "keys": self.keys,
            "seeds": self.values,
            "states": self.states,
            "n": self.n,
            "mean": self.summary and self.summary.mean,
            "sd": self.summary and self.summary.sd,
            "ci": self.summary and self.summary.interval,
            **self._compared(),
            "p": self.p,
            "paper": self.paper,
            "paper_delta": self.paper_delta,
            "agreement": self.agreement,
            **costs,
            "gpu_hours": self.gpu_hours,
            "hours": self.hours,
            "measured": {name: one_mean(found) for name, found in self.measured.items()},
            "notes": self.notes,
        }

    def _compared(self) -> dict[str, Any]:
        return {
            **one_difference(self.difference, tested=not self.same),
            "same": self.same,
        }


COSTS = ("params", "frozen_params", "macs", "activations", "training_macs")
NOTHING = {
    "pairs": 0,
    "delta": None,
    "delta_ci": None,
    "p_raw": None,
    "p_exact": None,
    "p_exact_least": None,
    "detectable": None,
}


def one_mean(found: Mean) -> dict[str, Any]:
    """A mean as plain data."""
    return {"n": found.n, "mean": found.mean, "sd": found.sd, "ci": found.interval}


def one_difference(found: Difference | None, *, tested: bool = True) -> dict[str, Any]:
    """A difference as plain data; what is the same by construction is not tested."""
    if found is None:
        return dict(NOTHING)
    exact = found.exact if tested else None
    return {
        "pairs": found.pairs,
        "delta": found.mean,
        "delta_ci": found.interval,
        "p_raw": found.p,
        "p_exact": exact and exact.p,
        "p_exact_least": exact and exact.least,
        "detectable": found.detectable,
    }


def labels(arms: Mapping[str, PlannedArm], design: str) -> dict[str, str]:
    """What each arm is called in the table: of a combination only the factors that vary, of a roadmap what it adds."""
    if design == "factorial":
        varying = _varying(arms)
        return {arm.id: _combination(arm, varying) for arm in arms.values()}
    step = "+ " if design == "roadmap" else ""
    return {arm.id: step + arm.name if arm.against else arm.name for arm in arms.values()}


def _varying(arms: Mapping[str, PlannedArm]) -> list[str]:
    combined = [arm.levels for arm in arms.values() if arm.against]
    factors = dict.fromkeys(name for levels in combined for name in levels)
    return [name for name in factors if len({levels.get(name, "") for levels in combined}) > 1]


def _combination(arm: PlannedArm, varying: list[str]) -> str:
    return ", ".join(arm.levels[name] for name in varying if name in arm.levels) or arm.name
