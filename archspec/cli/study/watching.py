"""What a person sees of a study while it runs: lines, and on a terminal a bar and the runs at work below them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archspec.cli.console import folded, talk, width
from archspec.cli.format import printable
from archspec.cli.study.spending import duration

if TYPE_CHECKING:
    from rich.console import RenderableType

    from archspec.records.known import Known
    from archspec.studies.driving import Event
    from archspec.studies.plan import Plan, PlannedRun
    from archspec.studies.planning import Planned

LOOKS = {"done": "good", "failed": "bad", "died": "bad"}
STYLES = {"good": "green", "bad": "red", "dim": "dim"}
"""The same looks as rich calls them."""
LOOK_EVERY = 1.0
"""Seconds between two looks into the folder of a run at work."""


class Lines:
    """A line for everything that happens, and how long the rest may take."""

    def __init__(self, plan: Plan, total: int) -> None:
        self.plan, self.total = plan, total
        self.began, self.ended, self.failed = time.monotonic(), 0, 0
        self.running: dict[str, PlannedRun] = {}

    def __call__(self, event: Event) -> None:
        """Tell of an event."""
        if event.what == "started":
            self.running[event.run.key] = event.run
        elif event.what != "waiting":
            self.running.pop(event.run.key, None)
        self.ended += event.what in ("done", "failed")
        self.failed += event.what == "failed"
        self.say(event)

    def say(self, event: Event) -> None:
        """A line on an event."""
        talk(self.line(event) + self._ahead(event), LOOKS.get(event.what, "dim"))

    def note(self, text: str) -> None:
        """A line on something else."""
        talk(text, "dim")

    def line(self, event: Event) -> str:
        """What has happened to which run, and what came of it."""
        from archspec.studies.plan import CHOOSING

        known = event.known
        scores = {} if event.what != "done" else known.last if event.run.role in CHOOSING else known.scores
        name = self.plan.metric if self.plan.metric in scores else next(iter(scores), "")
        details = f"{name} {scores[name]:.2f}" if name else event.known.reason
        return f"{event.what:8} {named(event.run)}  {details}".rstrip()

    @property
    def left(self) -> int:
        """Runs that have not ended."""
        return max(0, self.total - self.ended)

    @property
    def ahead(self) -> float | None:
        """Seconds that what is left may take at the pace so far."""
        return (time.monotonic() - self.began) / self.ended * self.left if self.ended else None

    def _ahead(self, event: Event) -> str:
        told = event.what == "done" and self.left and self.ahead and self.ahead >= 60
        return f"  ({self.ended} ended, {self.left} left, about {duration(self.ahead or 0)})" if told else ""


class Board(Lines):
    """On a terminal: lines for what has ended, and below them how far everything is."""

    def __init__(self, found: Planned, total: int, store: Path) -> None:
        from rich.console import Console
        from rich.live import Live

        super().__init__(found.plan, total)
        self.found, self.store = found, store
        self.seen: dict[str, tuple[float, Known]] = {}
        self.console = Console(stderr=True)
        self.live = Live(console=self.console, get_renderable=self.shown, refresh_per_second=4, transient=True)

    def say(self, event: Event) -> None:
        """A line above the board; what has begun is on it, and so is what waits, unless it waits for ever."""
        if event.what not in ("started", "waiting") or event.known.reason:
            self._print(self.line(event), STYLES[LOOKS.get(event.what, "dim")])

    def note(self, text: str) -> None:
        """A line above the board."""
        self._print(text, "dim")

    def _print(self, text: str, style: str) -> None:
        for line in folded(printable(text), width(err=True)):
            self.console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)

    def shown(self) -> RenderableType:
        """The bar, the counts, and the runs at work."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        columns = width(err=True) or 80
        bar = Table.grid(padding=(0, 2))
        bar.add_row(ProgressBar(max(1, self.total), self.ended, width=columns // 4), Text(self.counts()))
        running = list(self.running.values())
        room = max(1, self.console.height - 4)
        lines = [Text(f"  {self.told(run)}", no_wrap=True, overflow="ellipsis") for run in running[:room]]
        more = [Text(f"  and {len(running) - room} more", style="dim")] if len(running) > room else []
        return Group(bar, *lines, *more)

    def counts(self) -> str:
        """How many are where, and how long the rest may take."""
        failed = f"{self.failed} failed, " if self.failed else ""
        waiting = max(0, self.left - len(self.running))
        ahead = f", about {duration(self.ahead)}" if self.ahead is not None and self.left else ""
        return f"{self.ended}/{self.total}  {failed}{len(self.running)} running, {waiting} left{ahead}"

    def told(self, run: PlannedRun) -> str:
        """A run at work: its epoch and its newest score."""
        one, whole = self._look(run.key), self._epochs(run)
        epoch = f"  epoch {one.epoch}{f'/{whole}' if whole else ''}" if one.epoch is not None else ""
        score = one.last.get(self.plan.metric)
        return printable(f"{named(run)}{epoch}{f'  {self.plan.metric} {score:.2f}' if score is not None else ''}")

    def _epochs(self, run: PlannedRun) -> int | None:
        """How many a training takes."""
        from archspec.training.data.facts import steps_per_epoch
        from archspec.training.scheduling import total_epochs

        one = self.found.trained.get(run.arm)
        if one is None or run.role != "train":
            return None
        return total_epochs(one.recipe, steps_per_epoch(one.data.images, one.recipe))

    def _look(self, key: str) -> Known:
        from archspec.records.knowing import known
        from archspec.records.run import RunFolder
        from archspec.records.store import Store

        last, one = self.seen.get(key, (0.0, None))
        if one is None or time.monotonic() - last > LOOK_EVERY:
            one = known(RunFolder(Store(self.store).run(key)))
            self.seen[key] = (time.monotonic(), one)
        return one


def named(run: PlannedRun) -> str:
    """What a run is called."""
    return f"{run.about}, seed {run.seed}"


@contextmanager
def watching(found: Planned, total: int, store: Path) -> Iterator[Lines]:
    """Somebody to tell events to: with a board on a terminal, with lines elsewhere."""
    if width(err=True) is None:
        yield Lines(found.plan, total)
        return
    board = Board(found, total, store)
    live: AbstractContextManager[Any] = board.live
    with live:
        yield board
