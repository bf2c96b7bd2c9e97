"""A table of trained networks, on which samplers can be compared without training: `python -m benchmarks.tabular make`.

The design: all 300 networks of a small space, each trained with seeds 0 and 1 by one recipe on digits (16 tokens, one
thread). It is fixed before any sampler is run on it. Without `make` samplers are compared on the table, over 20 seeds:
by how far the best of some trials is from the table's best, and with two objectives, top1 and MACs, by the share of the
volume that the table's own front dominates; beside how far two seeds agree on the networks' order.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from math import log
from pathlib import Path
from statistics import correlation, fmean
from typing import Any, Literal

from archspec.records.knowing import known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.candidates import Candidates, candidates_of
from archspec.spec.loading import load
from archspec.spec.search import Search
from archspec.spec.space import SPACE
from archspec.statistics import Mean, difference, mean
from archspec.statistics.fronts import hypervolume
from archspec.studies.measuring import reached
from archspec.studies.plan import Plan, PlannedTrial

HERE = Path(__file__).parent
TABLE = HERE / "tabular.json"
ARCHS, SEEDS, TRIALS, REPEATS = 300, (0, 1), 60, 20
STUDY = {
    "study": "tabular",
    "space": {
        "base": {
            "arch": "tabular",
            "input": {"size": 32, "channels": 1},
            "classes": 10,
            "stem": {"kind": "patch", "size": 8},
            "stages": [
                {"dim": 48, "depth": 2, "mixer": "pooling"},
                {"dim": 48, "depth": 2, "mixer": "pooling", "downsample": "none"},
            ],
            "head": {"kind": "linear", "norm_after": "layer_norm"},
        },
        "vary": {
            "stages.mixer": {"each": {"choose": [
                "identity", "pooling", {"kind": "sep_conv", "kernel": {"choose": [3, 5]}},
                {"kind": "attention", "head_dim": 16},
            ]}},
            "stages.mlp.ratio": {"choose": [1, 2, 4]},
            "stages.norm": {"choose": ["layer_norm", "batch_norm"]},
            "stages.activation": {"choose": ["gelu", "star_relu"]},
        },
    },
    "recipe": {"extends": "digits", "edits": {"epochs": 6}},
    "seeds": list(SEEDS),
    "search": {"objectives": {"top1": "max"}, "sampler": "brute_force", "trials": ARCHS, "final": {"best": 0}},
}  # fmt: skip


def candidates() -> Candidates:
    """The space of the table."""
    space = SPACE.load({"space": "tabular", **STUDY["space"]})  # type: ignore[dict-item]
    return candidates_of(space, load(space.base))


def make() -> None:
    """Train the table, going on from wherever it was left, and write it."""
    from archspec.spec.runner import RUNNER
    from archspec.spec.writing import document
    from archspec.studies.driving import drive
    from archspec.studies.planning import planned

    store = Path(tempfile.gettempdir()) / "archspec-tabular"
    store.mkdir(exist_ok=True)
    file = store / "tabular.yaml"
    file.write_text("\n".join(document(STUDY)) + "\n", encoding="utf-8")
    plan = planned(file, store=store)
    summary = drive(
        plan, store, RUNNER.load("local"), on=lambda event: print(event.what, event.run.arm, event.run.seed)
    )
    assert summary.planned is not None
    rows = [_row(summary.planned.plan, trial, store) for trial in summary.planned.plan.trials]
    TABLE.write_text(json.dumps({"command": "python -m benchmarks.tabular make", "rows": rows}, indent=1) + "\n")


def _row(plan: Plan, trial: PlannedTrial, store: Path) -> dict[str, Any]:
    """A network of the table: what it reached on val, seed by seed, and what it costs."""
    folders = [RunFolder(Store(store).run(run.key)) for run in plan.of(trial.arm, "search")]
    reached_ = [reached(folder, known(folder)).get("top1") for folder in folders]
    arm = plan.by_id[trial.arm]
    return {"choices": trial.choices, "top1": reached_, "params": arm.params, "macs": arm.macs}


Table = dict[str, dict[str, float]]
"""What each network comes to, by its decisions."""
SAMPLERS: tuple[Any, ...] = ("random", "tpe", {"kind": "nsga2", "population": 20})
FRONT: dict[str, Literal["max", "min"]] = {"top1": "max", "macs": "min"}


def met(sampler: Any, objectives: dict[str, Literal["max", "min"]], seed: int, table: Table) -> list[dict[str, float]]:
    """What a sampler meets in some trials."""
    from archspec.studies.proposing import Proposals

    search = Search.model_validate({"objectives": objectives, "sampler": sampler, "trials": TRIALS, "seed": seed})
    found = []
    with tempfile.TemporaryDirectory() as folder:
        proposals = Proposals(Path(folder) / "trials.journal", "tabular", search, candidates())
        for _ in range(TRIALS):
            asked = proposals.ask()
            assert asked is not None
            found.append(table[json.dumps(asked.choices, sort_keys=True)])
            proposals.tell(asked.number, "done", found[-1])
    return found


def regret(found: list[dict[str, float]], table: Table) -> float:
    """How far the best of some networks is from the best of the table."""
    return max(row["top1"] for row in table.values()) - max(row["top1"] for row in found)


def volume(found: list[dict[str, float]], table: Table) -> float:
    """The volume that some networks dominate, as a share of what the whole table does.

    It is bounded by the table's worst network in each objective; MACs count by their logarithm.
    """
    whole = [_point(row) for row in table.values()]
    worst = tuple(map(max, zip(*whole, strict=True)))
    return hypervolume([_point(row) for row in found], worst) / hypervolume(whole, worst)


def _point(row: dict[str, float]) -> tuple[float, ...]:
    return -row["top1"], log(row["macs"])


def compare() -> None:
    """Print how samplers do beside chance, with one objective and with two; each against random, seed by seed."""
    rows = json.loads(TABLE.read_text())["rows"]
    table = {_name(row): {"top1": fmean(row["top1"]), "macs": float(row["macs"])} for row in rows}
    first, second = (ranks([row["top1"][seed] for row in rows]) for seed in SEEDS)
    print(f"{len(rows)} networks; two seeds rank them with a correlation of {correlation(first, second):.2f}")
    _against_chance("regret", lambda sampler, seed: regret(met(sampler, {"top1": "max"}, seed, table), table))
    _against_chance("share of the volume", lambda sampler, seed: volume(met(sampler, FRONT, seed, table), table))


def _against_chance(title: str, score: Callable[[Any, int], float]) -> None:
    chance: dict[int, float] = {}
    for sampler in SAMPLERS:
        found = {seed: score(sampler, seed) for seed in range(REPEATS)}
        chance = chance or found
        told, apart = mean(found.values()), difference(found, chance)
        assert told is not None
        assert apart is not None
        beside = f", {_told(apart.summary)} beside random" if found is not chance else ""
        print(f"{sampler!s:40} {title} {_told(told)} after {TRIALS} trials{beside}")


def _told(one: Mean) -> str:
    return f"{one.mean:.3f} ± {one.margin or 0:.3f}"


def _name(row: dict[str, Any]) -> str:
    return json.dumps(row["choices"], sort_keys=True)


def ranks(values: list[float]) -> list[float]:
    """The values' places in their order; equal ones share the mean of theirs."""
    ordered = sorted(values)
    return [(2 * ordered.index(value) + ordered.count(value) - 1) / 2 for value in values]


if __name__ == "__main__":
    make() if sys.argv[1:] == ["make"] else compare()
