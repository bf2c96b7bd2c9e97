"""What a study takes, in words, and whether its budget has room for that."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from archspec.execution.jobs import Needs
    from archspec.records.index import Index
    from archspec.spec.runner import Runner
    from archspec.studies.estimating import Estimate, Spending
    from archspec.studies.planning import Planned

SOURCES = {
    "probe": "measured",
    "runs": "by earlier runs of the same networks",
    "other runs": "by earlier runs of other networks, roughly",
}
"""Where estimates come from, the best first."""
HINT = "unknown; `--probe` measures a few steps of each network"


def duration(seconds: float) -> str:
    """40 s, 12 min, 3.5 h, 2.1 days."""
    for unit, length, enough, digits in UNITS:
        if seconds >= enough * length:
            return f"{seconds / length:,.{digits}f} {unit}"
    return f"{seconds:.0f} s"


UNITS = (("days", 86400, 2, 1), ("h", 3600, 1.5, 1), ("min", 60, 1.5, 0))
"""Units of time, their seconds, how many of them are worth being told in it, and in how many decimals."""


def hours(number: float) -> str:
    """Hours in as many digits as tell anything."""
    return f"{number:,.0f}" if number >= 99.5 else f"{number:.2g}"


def said(found: dict[str, Estimate], spent: Spending) -> str:
    """A line on time."""
    if spent.unknown and len(spent.unknown) >= spent.arms:
        return f"time: ? ({HINT})"
    kinds = [text for source, text in SOURCES.items() if any(one.source == source for one in found.values())]
    some = f"; of {len(spent.unknown)} arms it is {HINT}" if spent.unknown else ""
    gpus = f"{hours(spent.gpu_hours)} GPU-hours, " if spent.gpu_hours else ""
    total = f"time: {gpus}{hours(spent.core_hours)} core-hours, {duration(spent.wall_seconds)} on this runner"
    return f"{total} ({' and '.join(kinds)}){some}"


def memory_said(planned: Planned, needs: dict[str, Needs]) -> str:
    """A line on memory: what the greediest run is given."""
    largest = max(planned.plan.runs, key=lambda run: needs[run.key])
    most = needs[largest.key]
    main, device = (f"{size / 2**30:.3g} GiB" for size in (most.main, most.device))
    of_device = f", and {device} of each accelerator" if most.device else ""
    return f"memory: up to {main} a run{of_device}; most of all {largest.about}"


def refuse_beyond_budget(planned: Planned, store: Path, runner: Runner, index: Index, keys: Iterable[str]) -> None:
    """Stop before a study begins that would take more than its `budget` says."""
    from archspec.cli.console import talk
    from archspec.studies.estimating import estimates, spending

    most = planned.study.budget.gpu_hours
    if most is None or not runner.given.gpus:
        return
    wanted = [*keys]
    spent = spending(planned, estimates(planned, store, runner, index), index.known(planned.plan.keys), wanted, runner)
    needed = spent.spent_gpu_hours + spent.gpu_hours
    if needed > most:
        total = f"would take {hours(needed)} GPU-hours ({hours(spent.spent_gpu_hours)} of them are spent)"
        limit = f"more than its `budget: {{gpu_hours: {most:g}}}`"
        hint = "raise the budget, or run a part: --only, --seeds"
        raise click.ClickException(f"{planned.plan.study} {total}, {limit}; {hint}")
    if spent.unknown:
        name = planned.plan.study
        message = f"whether {name} keeps to its budget of {most:g} GPU-hours is not known"
        talk(f"{message}; `archspec study plan {name} --probe` measures it", "warn")
