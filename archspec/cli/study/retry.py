"""`archspec study retry`: have what failed or was cancelled run again."""

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
      archspec study retry quickstart
      archspec study retry quickstart --only pooling
    """
)
@study_argument
@profile_option
@only_option
@seeds_option
@store_option
@json_option
def retry(
    study: str, profile: str, only: tuple[str, ...], seeds: tuple[int, ...] | None, *, store: Path, as_json: bool
) -> None:
    """Forget that runs of STUDY failed or were cancelled, so that `archspec study run` starts them again.

    They go on from their newest checkpoints; what earlier attempts said is kept.
    """
    from archspec.cli.console import out, out_json, talk
    from archspec.cli.study.status import looked_at
    from archspec.records.run import RunFolder
    from archspec.records.store import Store
    from archspec.studies.folder import StudyFolder
    from archspec.studies.planning import planned

    plan = planned(study, profile=profile, seeds=seeds, store=store).plan
    arms, known, folder = chosen(plan.arms, only), looked_at(plan, store), StudyFolder.of(store, plan)
    keys = {run.key for run in plan.runs if run.arm in arms and known[run.key].state in ("failed", "cancelled")}
    for key in keys:
        if known[key].state == "failed":
            RunFolder(Store(store).run(key)).reopen()
    folder.cancel(folder.cancelled() - keys)
    if as_json:
        out_json({"retried": sorted(keys)})
        return
    out(f"{len(keys)} runs may run again")
    if keys:
        talk(f"archspec study run {study}", "dim")
