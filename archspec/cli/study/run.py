"""`archspec study run`: run what is missing, and end with the table."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option
from archspec.cli.study.common import chosen, only_option, profile_option, runner_option, seeds_option, study_argument

if TYPE_CHECKING:
    from archspec.cli.study.watching import Lines
    from archspec.spec.runner import Runner
    from archspec.studies.planning import Planned


@click.command(
    epilog="""
    \b
    Examples:
      archspec study run quickstart
      archspec study run ablation_metaformer --profile smoke --only activation
      archspec study run my_study.yaml --seeds 0-4 --detach
      archspec study run my_study.yaml --only pooling --steps 5 --debug
      archspec study run my_study.yaml --runner slurm-a100 --driver slurm-cpu
    """
)
@study_argument
@profile_option
@runner_option
@only_option
@seeds_option
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Only N steps a run, as a study of its own.")
@click.option("--debug", is_flag=True, help="One arm here, under pdb where it fails; nothing is kept.")
@click.option("--detach", is_flag=True, help="Leave at once; the runs go on without this terminal.")
@click.option(
    "--driver", metavar="R", help="Have a job of this runner drive, where processes on login nodes are killed."
)
@store_option
@json_option
@click.pass_context
def run(  # noqa: PLR0917 - an argument an option
    ctx: click.Context,
    study: str,
    profile: str,
    runner: str,
    only: tuple[str, ...],
    seeds: tuple[int, ...] | None,
    steps: int | None,
    debug: bool,
    detach: bool,
    driver: str | None,
    store: Path,
    as_json: bool,
) -> None:
    """Run what STUDY still misses, and end with its table.

    With --only, what the arms are compared with runs too. Whatever stops it, the same command goes on from there: what
    is in the store is never computed twice. Ctrl-C has the runs write checkpoints first. A run that fails stops no
    other; its traceback is kept (`archspec study status`). Jobs of a SLURM runner go on when this command is left, by
    Ctrl-C too; given again it waits for them, and `archspec study cancel` ends them. With --debug the first of the arms
    runs in this process, at the first seed, and what it raises is shown where it was raised.
    """
    from archspec.cli.console import talk
    from archspec.cli.study.debugging import look_into
    from archspec.cli.study.spending import refuse_beyond_budget
    from archspec.cli.study.watching import watching
    from archspec.records.index import Index
    from archspec.spec.runner import RUNNER
    from archspec.studies.driving import drive
    from archspec.studies.planning import planned

    found = planned(study, profile=profile, seeds=seeds, steps=steps, store=store)
    if found.missing:
        raise click.ClickException(found.missing[0])
    if debug:
        ctx.exit(look_into(found, chosen(found.plan.arms, only)))
    arms = chosen(found.plan.arms, only, compared=True)
    keys, where = [one.key for one in found.plan.runs if one.arm in arms], RUNNER.load(runner)
    with Index.open(store) as index:
        refuse_beyond_budget(found, store, where, index, keys)
        left = sum(one.state != "done" for one in index.known(keys).values())
    if driver or detach:
        _submit(found, store, driver) if driver else _detach(found, store)
        return
    try:
        with watching(found, left, store) as tell, _stoppable(tell, where):
            summary = drive(found, store, where, keys=keys, on=tell)
    except KeyboardInterrupt:
        talk(f"{'stopped' if where.here else 'left'}; the same command goes on: archspec {shlex.join(sys.argv[1:])}")
        raise
    _conclude(summary.planned or found, store, as_json=as_json)
    if summary.reason:
        raise click.ClickException(summary.reason)
    ctx.exit(1 if summary.failed else 0)


STOPPING = "stopping: runs at work write checkpoints first; Ctrl-C again ends them at once"
LEAVING = "leaving: what is in the queue or at work goes on; `archspec study cancel` ends it"


@contextmanager
def _stoppable(tell: Lines, runner: Runner) -> Iterator[None]:
    """Ctrl-C and TERM stop the study in good order, or leave it, and say so; given twice, at once."""

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.default_int_handler)
        tell.note(STOPPING if runner.here else LEAVING)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _conclude(found: Planned, store: Path, *, as_json: bool) -> None:
    from archspec.cli.console import out_json
    from archspec.cli.study.reporting import conclude, tabulated
    from archspec.records.index import Index

    if not as_json:
        conclude(found.plan, store)
        return
    with Index.open(store) as index:
        out_json(tabulated(found.plan, index).to_dict())


def _detach(found: Planned, store: Path) -> None:
    """Start the same command in a session of its own."""
    from archspec.cli.console import talk
    from archspec.records.files import make_folder
    from archspec.studies.folder import StudyFolder

    folder = StudyFolder.of(store, found.plan)
    make_folder(folder.path)
    command = [sys.executable, "-m", "archspec", *(word for word in sys.argv[1:] if word != "--detach")]
    with folder.driver_log.open("ab") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
    talk(f"process {child.pid} goes on by itself; it writes to {folder.driver_log}")
    talk(f"archspec study status {shlex.quote(found.plan.typed)} --watch")


def _submit(found: Planned, store: Path, runner: str) -> None:
    """Hand the same command to SLURM."""
    from archspec.cli.console import talk
    from archspec.spec.runner import RUNNER
    from archspec.studies.pools import submit_driver

    words = [word for word in sys.argv[1:] if not word.startswith("--driver=") and word != "--detach"]
    if "--driver" in words:
        place = words.index("--driver")
        del words[place : place + 2]
    number = submit_driver(RUNNER.load(runner), found.plan, store, ("-m", "archspec", *words))
    talk(f"job {number} drives; it prints to {store}/slurm/driver-{found.plan.study}")
    talk(f"archspec study status {shlex.quote(found.plan.typed)} --watch")
