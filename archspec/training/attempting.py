"""What training and measuring have in common: an attempt at a run, from its claim to its last sign of life."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archspec.errors import ArchspecError
from archspec.execution.jobs import AGAIN, wanted
from archspec.records.run import RunFolder
from archspec.spec.recipe import Recipe
from archspec.training.environment import settled, together
from archspec.training.journal import Journal
from archspec.training.progress import Progress, Quiet
from archspec.training.signals import Signals

SUPERSEDED = 1000
"""Above every exit code: a newer attempt has taken over."""


class SupersededError(ArchspecError):
    """A newer attempt at the same run has been made; what this one still had to say does not count."""

    def __init__(self) -> None:
        super().__init__("a newer attempt at this run has taken over; this one ends without a result")


@contextmanager
def attempted(run: RunFolder, recipe: Recipe, progress: Progress | None) -> Iterator[tuple[Journal, Signals]]:
    """A new attempt at a run, with torch as a recipe wants it; what ends it early is said in its log."""
    with Signals() as signals, settled(recipe.threads, recipe.precision), together() as world:
        attempt = run.attempt(world.tell(run.claim().number if world.writes else 0))
        journal = Journal(run, attempt, world, progress or Quiet())
        try:
            yield journal, signals
        except Exception as error:
            journal.say(f"{type(error).__name__}: {error}")
            raise
        finally:
            journal.leave()


def asked_to_stop(journal: Journal, signals: Signals) -> int:
    """A sign of life, and the exit code with which any of the processes was asked to stop; 0 where none was."""
    own = signals.code or (0 if wanted() else AGAIN)
    code = journal.world.largest(SUPERSEDED if journal.beat() else own)
    if code == SUPERSEDED:
        raise SupersededError
    return code
