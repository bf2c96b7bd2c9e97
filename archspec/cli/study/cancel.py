"""`archspec study cancel`: stop runs; their checkpoints stay."""

from __future__ import annotations

from pathlib import Path

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option
from archspec.cli.study.common import chosen, only_option, profile_option, seeds_option, study_argument


@click.command(
    epilog="""
    \b
    Examples:
      archspec study cancel quickstart
      archspec study cancel quickstart --only pooling
    """
)
@study_argument
@profile_option
@only_option
@seeds_option
@store_option
@json_option
def cancel(
    study: str, profile: str, only: tuple[str, ...], seeds: tuple[int, ...] | None, *, store: Path, as_json: bool
) -> None:
    """Stop the runs of STUDY that have not ended, or some of them. Whoever drives it has them write checkpoints first.

    They stay cancelled until `archspec study retry`.
    """
    from archspec.cli.console import out, out_json
    from archspec.cli.study.status import looked_at
    from archspec.studies.folder import StudyFolder
    from archspec.studies.planning import planned

    plan = planned(study, profile=profile, seeds=seeds, store=store).plan
    arms, known, folder = chosen(plan.arms, only), looked_at(plan, store), StudyFolder.of(store, plan)
    ended = ("done", "failed", "pruned", "invalid", "cancelled")
    keys = {run.key for run in plan.runs if run.arm in arms and known[run.key].state not in ended}
    folder.cancel(folder.cancelled() | keys)
    if as_json:
        out_json({"cancelled": sorted(keys)})
    else:
        out(f"{len(keys)} runs cancelled" + (", those at work stop within seconds" if folder.is_driven() else ""))
