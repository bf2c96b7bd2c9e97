"""`archspec study plan`: what would run, and what it would cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option
from archspec.cli.study.common import profile_option, seeds_option, study_argument

if TYPE_CHECKING:
    from archspec.cli.table import Row
    from archspec.records.known import Known
    from archspec.studies.plan import Plan, PlannedArm
    from archspec.studies.planning import Planned


@click.command(
    epilog="""
    \b
    Examples:
      archspec study plan quickstart
      archspec study plan ablation_metaformer --profile smoke
      archspec study plan my_study.yaml --seeds 0-4 --json
    """
)
@study_argument
@profile_option
@seeds_option
@store_option
@json_option
def plan(study: str, profile: str, seeds: tuple[int, ...] | None, store: Path, *, as_json: bool) -> None:
    """Say what STUDY would run: its arms, what each changes, what it costs, and what is in the store already.

    Nothing is run. Compute is in closed form: three forward passes an image, over all epochs and phases; branches that
    are dropped are not counted.
    """
    from archspec.cli.console import out, out_json, talk, width
    from archspec.records.index import Index
    from archspec.studies.planning import planned

    found = planned(study, profile=profile, seeds=seeds, store=store)
    with Index.open(store) as index:
        known = index.known(found.plan.keys)
    if as_json:
        out_json(as_data(found.plan, known))
        return
    for line in lines(found, known, width()):
        out(line)
    for missing in found.missing:
        talk(f"cannot be run here: {missing}", "bad")


def as_data(plan: Plan, known: dict[str, Known]) -> dict[str, Any]:
    """What `--json` prints."""
    runs = []
    for run in plan.runs:
        arm = plan.by_id[run.arm]
        said = {"arm": arm.name, "factor": arm.factor or None, "baseline": arm.baseline, "seed": run.seed}
        costs = {name: getattr(arm, name) for name in ("params", "frozen_params", "macs", "training_macs")}
        runs.append({**said, "key": run.key, **costs, "state": known[run.key].state, "id": arm.id})
    return {"study": plan.study, "profile": plan.profile or None, "runs": runs}


def lines(planned: Planned, known: dict[str, Known], width: int | None) -> list[str]:
    """The table of arms, and the totals."""
    from archspec.cli.table import Column, table

    plan = planned.plan
    columns = [Column("arm"), Column("changes", spare=2), Column("params", ">"), Column("MACs", ">")]
    columns += [Column("act. MiB", ">", spare=3), Column("compute", ">", spare=1), Column("done", ">"), Column("")]
    rows: list[Row] = []
    before = None
    for arm in plan.arms:
        if arm.factor != before:
            rows += [arm.factor] if arm.factor else []
            before = arm.factor
        rows.append(_row(plan, arm, known))
    return [*table(columns, rows, width), "", *_totals(planned, known)]


def _row(plan: Plan, arm: PlannedArm, known: dict[str, Known]) -> Row:
    from archspec.cli import format as fmt
    from archspec.spec.writing import flow

    runs = list(plan.of(arm.id))
    done = sum(known[run.key].state == "done" for run in runs)
    twin = next((other for other in plan.arms if other is not arm and _first(plan, other) == _first(plan, arm)), None)
    same = [f"= {twin.name}"] if twin and plan.arms.index(twin) < plan.arms.index(arm) else []
    changes = ", ".join(f"{path}: {flow(value)}" for path, value in arm.changes.items())
    name = arm.name if len({other.baseline for other in plan.arms}) == 1 else f"{arm.name} · {arm.baseline}"
    cells = [name if arm.factor else arm.baseline, changes, fmt.short(arm.params), fmt.short(arm.macs)]
    cells += [fmt.mebibytes(arm.activations), fmt.short(arm.training_macs), f"{done}/{len(runs)}"]
    return [*cells, "; ".join([*same, *arm.notes])]


def _first(plan: Plan, arm: PlannedArm) -> str:
    return next(run.key for run in plan.of(arm.id))


def _totals(planned: Planned, known: dict[str, Known]) -> list[str]:
    from archspec.cli import format as fmt

    plan = planned.plan
    once = {run.key: plan.by_id[run.arm] for run in plan.runs}
    left = [arm for key, arm in once.items() if known[key].state != "done"]
    disk = sum(planned.trained[arm.id].disk for arm in left)
    seeds = ", ".join(map(str, plan.seeds))
    runs = f"{len(once)} runs, {len(once) - len(left)} in the store"
    said = f"{len(plan.arms)} arms × {len(plan.seeds)} seeds ({seeds}): {runs}"
    macs = sum(arm.training_macs for arm in left)
    return [said, f"left: {fmt.short(macs)} multiply-accumulates of training, up to {disk / 2**20:,.0f} MiB on disk"]
