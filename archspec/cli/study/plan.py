"""`archspec study plan`: what would run, and what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option
from archspec.cli.study.common import profile_option, runner_option, seeds_option, study_argument
from archspec.cli.study.spending import memory_said, said

if TYPE_CHECKING:
    from archspec.cli.table import Row
    from archspec.execution.jobs import Needs
    from archspec.records.known import Known
    from archspec.spec.runner import Runner
    from archspec.studies.driving import Event
    from archspec.studies.estimating import Estimate, Spending
    from archspec.studies.plan import PlannedArm
    from archspec.studies.planning import Planned


@click.command(
    epilog="""
    \b
    Examples:
      archspec study plan quickstart
      archspec study plan ablation_metaformer --profile smoke
      archspec study plan my_study.yaml --seeds 0-4 --json
      archspec study plan quickstart --probe
      archspec study plan quickstart --runner slurm-cpu
    """
)
@study_argument
@profile_option
@seeds_option
@runner_option
@click.option("--probe", is_flag=True, help="Measure a few steps of each network on the runner, to tell the time.")
@store_option
@json_option
def plan(
    study: str,
    profile: str,
    seeds: tuple[int, ...] | None,
    runner: str,
    store: Path,
    *,
    probe: bool,
    as_json: bool,
) -> None:
    """Say what STUDY would run: its arms, what each changes, what it costs, and what is in the store already.

    Compute is in closed form: three forward passes an image, over all epochs and phases; branches that are dropped are
    not counted. The time is known once networks were measured with --probe, or from earlier runs on this runner;
    without --probe nothing is run. So it is with memory, which is told in closed form at first.
    """
    from archspec.cli.console import out, out_json, talk, width
    from archspec.records.index import Index
    from archspec.spec.runner import RUNNER
    from archspec.studies.estimating import estimates, spending
    from archspec.studies.memory import needed
    from archspec.studies.planning import planned
    from archspec.studies.pools import script_for

    found, where = planned(study, profile=profile, seeds=seeds, store=store), RUNNER.load(runner)
    with Index.open(store) as index:
        known = index.known(found.plan.keys)
        if probe:
            _probe(found, known, store, where)
        times = estimates(found, store, where, index)
    spent = spending(found, times, known, found.plan.keys, where)
    needs = needed(found, known, store, where)
    script = script_for(where, store, len(found.plan.keys), max((one.main for one in needs.values()), default=0))
    if as_json:
        out_json(as_data(found, known, times, spent, needs) | ({"script": script} if script else {}))
        return
    for line in lines(found, known, width()):
        out(line)
    if spent.arms:
        out(said(times, spent))
        out(memory_said(found, needs))
    for missing in found.missing:
        talk(f"cannot be run here: {missing}", "bad")
    if script:
        out("")
        out(script.rstrip())


def _probe(found: Planned, known: dict[str, Known], store: Path, runner: Runner) -> None:
    """Measure the networks of which something is left to run."""
    from archspec.cli.console import talk
    from archspec.studies.probing import probe

    def tell(event: Event) -> None:
        if event.what in ("done", "failed"):
            talk(f"measured {event.run.arm}{f': {event.known.reason}' * bool(event.known.reason)}", "dim")

    left = dict.fromkeys(run.arm for run in found.plan.runs if known[run.key].state != "done")
    probe(found, store, runner, left, tell)


def as_data(
    planned: Planned, known: dict[str, Known], times: dict[str, Estimate], spent: Spending, needs: dict[str, Needs]
) -> dict[str, Any]:
    """What `--json` prints."""
    runs, plan = [], planned.plan
    for run in plan.runs:
        arm, time = plan.by_id[run.arm], times.get(run.arm)
        about = {"arm": arm.name, "factor": arm.factor or None, "baseline": arm.baseline, "seed": run.seed}
        about |= {"role": run.role, "key": run.key, "state": known[run.key].state, "id": arm.id}
        costs = {name: getattr(arm, name) for name in COSTS}
        costs["training_macs"] = macs = plan.training_macs(run)
        share = macs / max(1, arm.training_macs)  # less on the rungs of a search
        timed = {"seconds": time and time.seconds * share, "seconds_from": time and time.source}
        sizes = {"disk_bytes": planned.trained[arm.id].disk, "memory_bytes": needs[run.key].main}
        sizes |= {"device_memory_bytes": needs[run.key].device}
        runs.append({**about, **costs, **sizes, **timed})
    totals = {name: getattr(spent, name) for name in ("gpu_hours", "core_hours", "wall_seconds", "spent_gpu_hours")}
    totals["unknown"] = list(spent.unknown)
    return {"study": plan.study, "profile": plan.profile or None, "time": totals, "runs": runs}


COSTS = ("params", "frozen_params", "macs", "activations", "training_macs")


def lines(planned: Planned, known: dict[str, Known], width: int | None) -> list[str]:
    """The table of arms, and the totals."""
    from archspec.cli.table import Column, table

    plan = planned.plan
    columns = [Column("arm"), Column("changes", spare=2), Column("params", ">"), Column("MACs", ">")]
    columns += [Column("act. MiB", ">", spare=3), Column("compute", ">", spare=1), Column("done", ">"), Column("")]
    rows: list[Row] = []
    before, several = None, len({arm.baseline for arm in plan.arms}) > 1
    firsts: dict[str, PlannedArm] = {}
    for arm in plan.arms:
        if arm.factor != before:
            rows += [arm.factor] if arm.factor else []
            before = arm.factor
        keys = plan.trainings(arm.id)
        twin = firsts.setdefault(keys[0], arm) if keys else arm
        same = f"= {twin.name}" if twin is not arm else ""
        done = f"{sum(known[key].state == 'done' for key in keys)}/{len(keys)}"
        rows.append([*_cells(arm, several=several), done, "; ".join(filter(None, [same, *arm.notes]))])
    return [*table(columns, rows, width), "", *_totals(planned, known)]


def _cells(arm: PlannedArm, *, several: bool) -> list[str]:
    """What an arm changes and costs; its baseline is named where there are several."""
    from archspec.cli import format as fmt
    from archspec.spec.writing import flow

    changes = ", ".join(f"{path}: {flow(value)}" for path, value in arm.changes.items())
    name = f"{arm.name} · {arm.baseline}" if several else arm.name
    cells = [name if arm.factor else arm.baseline, changes, fmt.short(arm.params), fmt.short(arm.macs)]
    return [*cells, fmt.mebibytes(arm.activations), fmt.short(arm.training_macs)]


def _totals(planned: Planned, known: dict[str, Known]) -> list[str]:
    from archspec.cli import format as fmt
    from archspec.studies.plan import TRAININGS

    plan = planned.plan
    once = {run.key: run for run in plan.runs}
    open_ = [run for key, run in once.items() if known[key].state != "done"]
    left = [run for run in open_ if run.role in TRAININGS]
    disk = sum(planned.trained[run.arm].disk for run in left)
    runs = f"{fmt.count(len(once), 'run')}, {len(once) - len(open_)} in the store"
    arms, seeds = fmt.count(len(plan.arms), "arm"), fmt.count(len(plan.seeds), "seed")
    said = f"{arms} × {seeds} ({_ranges(plan.seeds)}): {runs}"
    total = planned.total(plan.keys)
    to_come = (
        [f"and what follows from their results, up to {fmt.count(total, 'run')} in all"] if total > len(once) else []
    )
    macs = sum(map(plan.training_macs, left))
    roles = dict.fromkeys(run.role for run in plan.runs if run.role not in TRAININGS)
    measured = [f"measured on each finished run: {', '.join(roles)}"] if roles else []
    return [
        said,
        *to_come,
        *measured,
        f"left: {fmt.short(macs)} multiply-accumulates of training, up to {disk / 2**20:,.0f} MiB on disk",
    ]


def _ranges(seeds: Sequence[int]) -> str:
    """Seeds as `--seeds` takes them: 0-9, 12."""
    starts = [i for i, seed in enumerate(seeds) if i == 0 or seed != seeds[i - 1] + 1]
    parts = [seeds[start:end] for start, end in zip(starts, [*starts[1:], len(seeds)], strict=True)]
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)
