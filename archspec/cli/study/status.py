"""`archspec study status`: what has become of every run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option
from archspec.cli.study.common import profile_option, seeds_option, study_argument

if TYPE_CHECKING:
    from archspec.cli.table import Row
    from archspec.execution.slurm.asking import Word
    from archspec.records.known import Known
    from archspec.studies.plan import Plan, PlannedRun

EVERY = 2.0
"""Seconds between two looks."""
SELDOM = 15.0
"""The same, where each look is a question to SLURM."""


@click.command(
    epilog="""
    \b
    Examples:
      archspec study status quickstart
      archspec study status quickstart --watch
      archspec study status quickstart --json
    """
)
@study_argument
@profile_option
@seeds_option
@click.option("--watch", is_flag=True, help="Look again and again until everything has ended; Ctrl-C leaves.")
@store_option
@json_option
def status(study: str, profile: str, seeds: tuple[int, ...] | None, *, watch: bool, store: Path, as_json: bool) -> None:
    """Say what has become of every run of STUDY: how far it is, its score, and why it failed."""
    from archspec.cli.console import out, out_json, width
    from archspec.studies.planning import planned
    from archspec.studies.status import counts, queued

    plan = planned(study, profile=profile, seeds=seeds, store=store).plan
    while True:
        words = scheduled(plan, store)
        known = queued(looked_at(plan, store), [key for key, word in words.items() if word.live])
        if as_json:
            out_json(as_data(plan, known, words))
        else:
            for line in lines(plan, known, width(), words):
                out(line)
        if not watch or not {"running", "queued"} & counts(known).keys():
            return
        time.sleep(SELDOM if words else EVERY)
        click.clear()


def looked_at(plan: Plan, store: Path) -> dict[str, Known]:
    """Every run of a plan as it stands now."""
    from archspec.records.index import Index
    from archspec.studies.folder import StudyFolder
    from archspec.studies.status import overlaid

    folder = StudyFolder.of(store, plan)
    with Index.open(store) as index:
        return overlaid(plan, index.known(plan.keys), folder.cancelled(), driven=folder.is_driven())


def scheduled(plan: Plan, store: Path) -> dict[str, Word]:
    """What SLURM says of the runs that were handed to it."""
    from archspec.execution.slurm.looking import look
    from archspec.records.store import Store

    return look(Store(store).slurm, plan.keys)


def as_data(plan: Plan, known: dict[str, Known], words: dict[str, Word]) -> dict[str, Any]:
    """What `--json` prints."""
    from archspec.studies.status import counts

    runs = []
    for run in plan.runs:
        arm, one = plan.by_id[run.arm], known[run.key]
        said: dict[str, Any] = {
            "arm": arm.name,
            "factor": arm.factor or None,
            "baseline": arm.baseline,
            "seed": run.seed,
            "role": run.role,
        }
        said |= {"key": run.key, "state": one.state, "attempt": one.attempt, "epoch": one.epoch}
        if run.key in words:
            said["slurm"] = words[run.key]._asdict()
        runs.append({**said, "metric": _score(run, one, plan.metric), "reason": one.reason or None})
    return {"study": plan.study, "counts": counts(known), "runs": runs}


def lines(plan: Plan, known: dict[str, Known], width: int | None, words: dict[str, Word]) -> list[str]:
    """A row a run, and how many are in each state."""
    from archspec.cli.table import Cell, Column, table
    from archspec.studies.status import counts

    looks = {"done": "good", "failed": "bad", "lost": "bad", "running": "head"}
    titles = [Column("arm"), Column("seed", ">"), Column("state"), Column("epoch", ">"), Column(plan.metric, ">")]
    rows: list[Row] = []
    for run in plan.runs:
        one = known[run.key]
        score, epoch = _score(run, one, plan.metric), "" if one.epoch is None else str(one.epoch)
        cells: list[str | Cell] = [run.about, str(run.seed), Cell(one.state, looks.get(one.state, "")), epoch]
        score_ = "" if score is None else f"{score:.2f}"
        rows.append([*cells, score_, run.key[:12], *_slurm(words, run.key), one.reason])
    titles += [Column("run", spare=2), *([Column("SLURM", spare=3)] if words else []), Column("", spare=1)]
    said = ", ".join(f"{count} {state}" for state, count in counts(known).items())
    return [*table(titles, rows, width), "", said]


def _slurm(words: dict[str, Word], key: str) -> list[str]:
    """What SLURM says of a run: number, state, why it waits or where it is and for how long."""
    word = words.get(key)
    if not words or word is None:
        return [""] if words else []
    return [" ".join(filter(None, (word.id, str(word), word.node, word.elapsed if word.node else "")))]


def _score(run: PlannedRun, one: Known, metric: str) -> float | None:
    """The result's, or the newest so far; of what something is chosen by, that of val."""
    from archspec.studies.plan import CHOOSING

    return one.last.get(metric) if run.role in CHOOSING else one.scores.get(metric, one.last.get(metric))
