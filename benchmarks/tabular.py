"""A table of trained networks, on which samplers can be compared without training: `python -m benchmarks.tabular make`.

The design: all 300 networks of a small space, each trained with seeds 0 and 1 by one recipe on digits (16 tokens, one
thread). It is fixed before any sampler is run on it. Without `make` samplers are compared on the table: how far the
best of some trials is from the table's best, over 20 seeds, beside how far two seeds agree on the networks' order.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import correlation, fmean, stdev
from typing import Any

from archspec.records.knowing import known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.candidates import Candidates, candidates_of
from archspec.spec.loading import load
from archspec.spec.search import Search
from archspec.spec.space import SPACE
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


def regret(sampler: Any, seed: int, table: dict[str, float]) -> float:
    """How far the best of some trials is from the best of the table."""
    from archspec.studies.proposing import Proposals

    search = Search.model_validate({"objectives": {"top1": "max"}, "sampler": sampler, "trials": TRIALS, "seed": seed})
    best = float("-inf")
    with tempfile.TemporaryDirectory() as folder:
        proposals = Proposals(Path(folder) / "trials.journal", "tabular", search, candidates())
        for _ in range(TRIALS):
            asked = proposals.ask()
            assert asked is not None
            value = table[json.dumps(asked.choices, sort_keys=True)]
            best = max(best, value)
            proposals.tell(asked.number, "done", {"top1": value})
    return max(table.values()) - best


def compare() -> None:
    """Print the regret of samplers."""
    rows = json.loads(TABLE.read_text())["rows"]
    table = {json.dumps(row["choices"], sort_keys=True): fmean(row["top1"]) for row in rows}
    first, second = (ranks([row["top1"][seed] for row in rows]) for seed in SEEDS)
    print(f"{len(rows)} networks; two seeds rank them with a correlation of {correlation(first, second):.2f}")
    for sampler in ("random", "tpe", {"kind": "nsga2", "population": 20}):
        found = [regret(sampler, seed, table) for seed in range(REPEATS)]
        half = 2.09 * stdev(found) / len(found) ** 0.5
        print(f"{sampler!s:40} regret {fmean(found):.2f} ± {half:.2f} after {TRIALS} trials")


def ranks(values: list[float]) -> list[float]:
    """The values' places in their order; equal ones share the mean of theirs."""
    ordered = sorted(values)
    return [(2 * ordered.index(value) + ordered.count(value) - 1) / 2 for value in values]


if __name__ == "__main__":
    make() if sys.argv[1:] == ["make"] else compare()
