"""`archspec study run`: run what is missing, and end with the table."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option
from archspec.cli.study.common import chosen, only_option, profile_option, seeds_option, study_argument

if TYPE_CHECKING:
    from archspec.studies.driving import Event
    from archspec.studies.planning import Planned


@click.command(
    epilog="""
    \b
    Examples:
      archspec study run quickstart
      archspec study run ablation_metaformer --profile smoke --only activation
      archspec study run my_study.yaml --seeds 0-4 --detach
    """
)
@study_argument
@profile_option
@click.option("--runner", metavar="R", default="local", show_default=True, help="Where: `archspec ls runners`.")
@only_option
@seeds_option
@click.option("--detach", is_flag=True, help="Leave at once; the runs go on without this terminal.")
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
    detach: bool,
    store: Path,
    as_json: bool,
) -> None:
    """Run what STUDY still misses, and end with its table.

    With --only, what the arms are compared with runs too. Whatever stops it, the same command goes on from there: what
    is in the store is never computed twice. Ctrl-C has the runs write checkpoints first. A run that fails stops no
    other; its traceback is kept (`archspec study status`).
    """
    from archspec.spec.runner import RUNNER
    from archspec.studies.driving import drive
    from archspec.studies.planning import planned

    found = planned(study, profile=profile, seeds=seeds, store=store)
    if found.missing:
        raise click.ClickException(found.missing[0])
    arms = chosen(found.plan.arms, only, compared=True)
    if detach:
        _detach(found, store)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    keys = [one.key for one in found.plan.runs if one.arm in arms]
    summary = drive(found, store, RUNNER.load(runner), keys=keys, on=_Teller(found, found.total(keys)))
    _conclude(summary.planned or found, store, as_json=as_json)
    if summary.reason:
        raise click.ClickException(summary.reason)
    ctx.exit(1 if summary.failed else 0)


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
    talk(f"archspec study status {found.plan.study} --watch")


class _Teller:
    """A line for everything that happens, and how long the rest may take."""

    def __init__(self, found: Planned, total: int) -> None:
        self.found, self.total = found, total
        self.began, self.ended, self.running = time.monotonic(), 0, 0

    def __call__(self, event: Event) -> None:
        """Tell of an event."""
        from archspec.cli.console import talk

        name = f"{event.run.arm}, seed {event.run.seed}"
        self.running += {"started": 1, "waiting": 0}.get(event.what, -1)
        if event.what in ("done", "failed", "pruned"):
            self.ended += 1
        look = {"done": "good", "failed": "bad", "died": "bad"}.get(event.what, "dim")
        talk(f"{event.what:8} {name}{self._details(event)}", look)

    def _details(self, event: Event) -> str:
        from archspec.studies.plan import CHOOSING

        if event.what == "done":
            known = event.known.last if event.run.role in CHOOSING else event.known.scores
            score = known.get(self.found.plan.metric)
            return f"  {self.found.plan.metric} {score:.2f}{self._ahead()}" if score is not None else self._ahead()
        return f"  {event.known.reason}" if event.known.reason else ""

    def _ahead(self) -> str:
        """How long what is left may take at the pace so far."""
        left = self.total - self.ended
        seconds = (time.monotonic() - self.began) / self.ended * left
        return f"  ({self.ended} ended, {left} left, about {seconds / 60:.0f} min)" if seconds >= 60 else ""
