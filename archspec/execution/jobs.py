"""A job and its end, whatever it is run by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol

AGAIN = 85
"""What a function returns that was stopped and wants to be started again."""
INTERRUPTED = 130
"""What it returns when Ctrl-C has stopped it."""


class Ended(NamedTuple):
    """A job that runs no more."""

    job: str
    code: int
    """What its function returned: 0, or AGAIN; below 0, the signal that its process died of; above, what went wrong."""
    error: str = ""
    """The traceback of what it raised."""
    starved: bool = False
    """Whether it died since it had too little memory."""


class Needs(NamedTuple):
    """The memory that a job is thought to need, in bytes; nothing where nobody knows. And whether it needs quiet."""

    main: int = 0
    """Of each machine that it runs on."""
    device: int = 0
    """Of each accelerator."""
    alone: bool = False
    """Whether it measures time, which others at work beside it would change."""


UNKNOWN_NEEDS = Needs()


def nothing() -> None:
    """What whoever waits has to see to meanwhile, where there is nothing."""


WANTED: ContextVar[Callable[[], bool]] = ContextVar("WANTED", default=lambda: True)
"""What a job asks that is done in the process of whoever wants it, and that no signal tells to stop."""


def wanted() -> bool:
    """Whether a job is to go on; where it is not, it stops where it can go on from. Jobs ask this at every step."""
    return WANTED.get()()


class Signs(Protocol):
    """What the folders of jobs tell, to a pool whose jobs outlive it."""

    def finished(self, folder: Path) -> bool:
        """Whether a job has left its result."""

    def alive(self, folder: Path) -> bool | None:
        """Whether somebody still works on it; None where that cannot be known from here."""


class Pool(Protocol):
    """Something that runs jobs."""

    @property
    def lasting(self) -> bool:
        """Whether jobs go on when nobody waits for them."""

    def attach(self, jobs: Iterable[str]) -> Collection[str]:
        """Those that an earlier pool began and that are not over: this one waits for them."""

    @property
    def free(self) -> int:
        """How many more jobs it takes now."""

    def takes(self, needs: Needs) -> bool:
        """Whether there is room for one more such job now."""

    def submit(self, job: str, folder: Path, needs: Needs = UNKNOWN_NEEDS) -> None:
        """Begin a job: the function is called with its folder."""

    def wait(self, seconds: float, meanwhile: Callable[[], None] = nothing) -> list[Ended]:
        """The jobs that have ended, after at most so long a time.

        A job that is done in this very process takes as long as it takes; what is to be seen to meanwhile is, each time
        that the seconds are over.
        """

    def waiting(self) -> dict[str, str]:
        """Jobs that turn out to wait for what will not come, and what that is; each is told of once."""

    def stop(self, job: str) -> None:
        """Ask a job to stop where it can go on from."""

    def close(self) -> None:
        """End everything at once, except for jobs that go on by themselves."""


def call(target: str, folder: str) -> int:
    """Call the function `package.module:name` with a folder."""
    module, _, name = target.partition(":")
    return int(getattr(import_module(module), name)(folder) or 0)
