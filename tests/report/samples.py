"""Studies small enough to be worked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from archspec.records.known import Known, Point, State
from archspec.report.table import Table, tabulate
from archspec.studies.plan import Plan, PlannedArm, PlannedRun

Values = Mapping[int, float]
SEEDS = (0, 1, 2)


def baseline(name: str = "vit", **more: Any) -> PlannedArm:
    """An arm that others are compared with."""
    details = {"params": 5_000_000, "macs": 1_000_000_000, "training_macs": 3 * 10**15, "images": 10**6}
    return PlannedArm(f"baseline/{name}", name, "", name, "", name, "recipe", name, **{**details, **more})


def arm(factor: str, name: str, on: str = "vit", **more: Any) -> PlannedArm:
    """An arm of a factor."""
    against = more.pop("against", f"baseline/{on}")
    base = baseline(on, **{"levels": {factor: name}, "changes": {f"stages.{factor}": name}, **more})
    return replace(base, id=f"{factor}/{name}@{on}", name=name, factor=factor, against=against, digest=name)


def key(arm: PlannedArm, seed: int) -> str:
    """The key of an arm at a seed."""
    return f"{arm.id}:{seed}"


def done(key: str, top1: float, **more: Any) -> Known:
    """A finished run."""
    here: dict[str, Any] = {"seconds": 1800.0, "gpus": 2, "device": "GPU", "torch": "2.9", "commit": "c0ffee"}
    return Known(key, "done", 1, **{"scores": {"top1": top1, "loss": round(1 - top1 / 100, 6)}, **here, **more})


def plan(*arms: PlannedArm, design: str = "one_factor", seeds: tuple[int, ...] = SEEDS, **more: Any) -> Plan:
    """A plan of arms, each run with every seed."""
    runs = tuple(PlannedRun(key(arm, seed), arm.id, seed) for arm in arms for seed in seeds)
    return Plan(**{
        "study": "study", "profile": "", "design": design, "metric": "top1", "paper": "a_paper",
        "seeds": seeds, "arms": arms, "runs": runs, **more,
    })  # fmt: skip


def known(values: Mapping[PlannedArm, Values] | list[tuple[PlannedArm, Values]]) -> dict[str, Known]:
    """Finished runs: what each arm reached, by seed."""
    pairs = values.items() if isinstance(values, Mapping) else values
    return {key(arm, seed): done(key(arm, seed), top1) for arm, by_seed in pairs for seed, top1 in by_seed.items()}


def in_state(arm: PlannedArm, seed: int, state: State, reason: str = "") -> dict[str, Known]:
    """A run that is not finished, or never will be."""
    return {key(arm, seed): Known(key(arm, seed), state, 1, reason=reason)}


VIT = baseline(paper={"top1": 80.0})
RELU = arm("activation", "relu", paper={"top1": 79.0}, table="4a")
GELU = arm("activation", "gelu", paper={"top1": 80.1}, table="4a", params=6_000_000)
LARGE = arm("kernel", "7 → 31", notes=("12 % more MACs than its baseline",), macs=1_120_000_000)

REACHED: list[tuple[PlannedArm, Values]] = [
    (VIT, {0: 81.0, 1: 82.0, 2: 80.0}),
    (RELU, {0: 80.0, 1: 80.0, 2: 77.0}),  # −1, −2, −3
    (GELU, {0: 81.5, 1: 82.0, 2: 80.1}),  # +0.5, 0, +0.1
    (LARGE, {0: 81.2, 1: 82.3, 2: 80.4}),  # +0.2, +0.3, +0.4
]


def one_factor() -> Table:
    """Two factors on one baseline, three seeds, all finished."""
    return tabulate(plan(VIT, RELU, GELU, LARGE), known(REACHED))


def roadmap() -> Table:
    """Three steps from a start; the last takes something away."""
    start, *steps = (
        VIT,
        *(arm("steps", name, paper={"top1": p}) for name, p in (("a", 81.0), ("b", 82.5), ("c", 82.0))),
    )
    heights = ({0: 70.0, 1: 72.0}, {0: 71.0, 1: 73.5}, {0: 73.0, 1: 75.0}, {0: 72.8, 1: 74.4})
    return tabulate(
        plan(start, *steps, design="roadmap", seeds=(0, 1)),
        known(list(zip((start, *steps), heights, strict=True))),
    )


def factorial() -> Table:
    """Two by two, with an interaction of 2, on top of a norm that never varies."""
    reached = {("pool", "relu"): 80.0, ("pool", "gelu"): 81.0, ("attn", "relu"): 82.0, ("attn", "gelu"): 85.0}
    name = "mixer × act × norm"
    arms = {place: arm(name, ", ".join((*place, "ln"))) for place in reached}
    arms = {
        place: replace(one, levels={"mixer": place[0], "act": place[1], "norm": "ln"}) for place, one in arms.items()
    }
    jitter = {0: 0.0, 1: 0.1, 2: -0.2}
    values: list[tuple[PlannedArm, Values]] = [
        (arms[place], {seed: height + shift * scatter for seed, shift in jitter.items()})
        for (place, height), scatter in zip(reached.items(), (1.0, 2.0, 2.5, 1.2), strict=True)
    ]
    vit = (VIT, {seed: 80.5 + shift for seed, shift in jitter.items()})
    return tabulate(plan(VIT, *arms.values(), design="factorial"), known([vit, *values]))


def curves(table: Table, epochs: int = 8) -> dict[str, list[Point]]:
    """How the runs of a table might have gone."""
    return {
        row.keys[seed]: [
            Point(e, 10 * e, 1.0, {"top1": value - 40 / e, "val_loss": 1 / e}) for e in range(1, epochs + 1)
        ]
        for row in table.rows
        for seed, value in row.values.items()
    }
