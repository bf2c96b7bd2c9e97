"""What a person sees of a run: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol


class Progress(Protocol):
    """Where a run says how far it is."""

    def begin(self, steps: int, done: int) -> None:
        """Say how many steps there are, and how many lie behind."""

    def advance(self, done: int, text: str) -> None:
        """A step is made."""

    def say(self, line: str) -> None:
        """Something worth a line."""


class Quiet:
    """Says nothing; the run's own log says it all."""

    def begin(self, steps: int, done: int) -> None:
        """Nothing."""

    def advance(self, done: int, text: str) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""


class Lines:
    """Prints lines: what is worth one, and now and then how far the run is."""

    def __init__(self, write: Callable[[str], None] | None = None, every: float = 30.0) -> None:
        self.write = write or (lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
        self.every, self.steps, self.last = every, 0, time.monotonic()

    def begin(self, steps: int, done: int) -> None:
        """Remember how many steps there are."""
        self.steps = steps

    def advance(self, done: int, text: str) -> None:
        """A line, unless one was printed a moment ago."""
        if time.monotonic() - self.last >= self.every:
            self.say(f"step {done}/{self.steps}  {text}")

    def say(self, line: str) -> None:
        """A line."""
        self.last = time.monotonic()
        self.write(line)


class Bar:
    """A bar that moves, with lines above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        parts = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
        self.bar = RichProgress(*parts, console=Console(stderr=True), transient=True)
        self.task: Any = None

    def __enter__(self) -> Bar:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def begin(self, steps: int, done: int) -> None:
        """Show the bar."""
        self.task = self.bar.add_task("", total=steps, completed=done)

    def advance(self, done: int, text: str) -> None:
        """Move it."""
        self.bar.update(self.task, completed=done, description=text)

    def say(self, line: str) -> None:
        """A line above it."""
        self.bar.console.print(line, markup=False, highlight=False)


class Clock:
    """Where the time of an epoch goes: to waiting for data, or to the network."""

    def __init__(self) -> None:
        self.start, self.waited, self.images = time.perf_counter(), 0.0, 0

    def timed(self, wait: Callable[[], Any]) -> Any:
        """What is waited for."""
        begin = time.perf_counter()
        try:
            return wait()
        finally:
            self.waited += time.perf_counter() - begin

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.perf_counter() - self.start

    @property
    def speed(self) -> float:
        """Images a second."""
        return self.images / max(self.seconds, 1e-9)

    @property
    def share(self) -> float:
        """The part of the time that went to waiting for data."""
        return self.waited / max(self.seconds, 1e-9)

    def __str__(self) -> str:
        bottleneck = "data" if self.share > 0.5 else "model"
        return f"{self.speed:,.0f} images/s, {self.share:.0%} waiting for data: the {bottleneck} is the bottleneck"
