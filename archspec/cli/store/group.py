"""`archspec store`: its commands, imported when they are called."""

from __future__ import annotations

import click

from archspec.cli.lazy import LazyGroup
from archspec.cli.registry import STORE_COMMANDS


@click.group(
    cls=LazyGroup,
    registry=STORE_COMMANDS,
    epilog="""
    \b
    Examples:
      archspec store gc
      archspec store gc --yes
      archspec store export results.tar.gz --study quickstart
      archspec store import results.tar.gz --store elsewhere
    """,
)
def store() -> None:
    """What is kept: rebuild its index, tidy, export, import.

    A store is a folder. `runs/KEY` holds all that is known about a run; the index beside it is an SQL database that is
    made from the runs, and may be deleted at any time. docs/store.md describes both.
    """
