"""`archspec study cancel` and `retry`: stop runs, and have what was stopped or failed run again."""

from __future__ import annotations

from collections.abc import Callable, Container
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option
from archspec.cli.study.common import chosen, only_option, profile_option, seeds_option, study_argument

if TYPE_CHECKING:
    from archspec.records.known import Known
    from archspec.studies.folder import StudyFolder

ENDED = ("done", "failed", "pruned", "invalid", "cancelled")
"""States of runs that there is nothing to stop about."""


def about_runs(command: Callable[..., None]) -> Callable[..., None]:
    """What both commands are told: a study, and which of its runs."""
    for option in (json_option, store_option, seeds_option, only_option, profile_option, study_argument):
        command = option(command)
    return command


@click.command(
    epilog="""
    \b
    Examples:
      archspec study cancel quickstart
      archspec study cancel quickstart --only pooling
    """
)
@about_runs
def cancel(store: Path, *, as_json: bool, **which: Any) -> None:
    """Stop the runs of STUDY that have not ended, or some of them. Whoever drives it has them write checkpoints first.
    A search asks for no more candidates.

    They stay cancelled until `archspec study retry`.
    """
    from archspec.cli.console import out, out_json
    from archspec.execution.slurm.looking import cancel as halt
    from archspec.records.store import Store
    from archspec.report.wording import count

    folder, known = _asked(store, **which)
    keys, whole = {key for key, one in known.items() if one.state not in ENDED}, not (which["only"] or which["seeds"])
    if whole:
        keys |= _of_before(folder, known)
    folder.cancel(folder.cancelled() | keys, halted=folder.halted or whole)
    if not folder.is_driven():
        halt(Store(store).slurm, keys)
    if as_json:
        out_json({"cancelled": sorted(keys)})
    else:
        out(
            f"{count(len(keys), 'run')} cancelled"
            + (", those at work stop within seconds" if folder.is_driven() else "")
        )


@click.command(
    epilog="""
    \b
    Examples:
      archspec study retry quickstart
      archspec study retry quickstart --only pooling
    """
)
@about_runs
def retry(store: Path, *, as_json: bool, **which: Any) -> None:
    """Forget that runs of STUDY failed or were cancelled, so that `archspec study run` starts them again.

    They go on from their newest checkpoints; what earlier attempts said is kept.
    """
    from archspec.cli.console import out, out_json, talk
    from archspec.records.run import RunFolder
    from archspec.records.store import Store
    from archspec.report.wording import count

    folder, known = _asked(store, **which)
    keys = {key for key, one in known.items() if one.state in ("failed", "cancelled")}
    for key in keys:
        if known[key].state == "failed":
            RunFolder(Store(store).run(key)).reopen()
    folder.cancel(folder.cancelled() - keys)
    if as_json:
        out_json({"retried": sorted(keys)})
        return
    out(f"{count(len(keys), 'run')} may run again")
    if keys:
        talk(f"archspec study run {which['study']}", "dim")


def _of_before(folder: StudyFolder, known: Container[str]) -> set[str]:
    """Runs that whoever drives the study began with, and that it has no more since its document was changed."""
    from archspec.records.knowing import known as look
    from archspec.records.run import RunFolder
    from archspec.records.store import Store

    runs = Store(folder.path.parents[1])
    before = [key for key in folder.begun_with() if key not in known] if folder.is_driven() else []
    return {key for key in before if look(RunFolder(runs.run(key))).state not in ENDED}


def _asked(
    store: Path, study: str, profile: str, only: tuple[str, ...], seeds: tuple[int, ...] | None
) -> tuple[StudyFolder, dict[str, Known]]:
    """The study's folder, and those of its runs that are meant as they stand now."""
    from archspec.cli.study.status import looked_at
    from archspec.studies.folder import StudyFolder
    from archspec.studies.planning import planned

    plan = planned(study, profile=profile, seeds=seeds, store=store).plan
    arms, known = chosen(plan.arms, only), looked_at(plan, store)
    return StudyFolder.of(store, plan), {run.key: known[run.key] for run in plan.runs if run.arm in arms}
