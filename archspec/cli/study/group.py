"""`archspec study`: its commands, imported when they are called."""

from __future__ import annotations

import click

from archspec.cli.lazy import LazyGroup
from archspec.cli.registry import STUDY_COMMANDS


@click.group(
    cls=LazyGroup,
    registry=STUDY_COMMANDS,
    epilog="""
    \b
    Examples:
      archspec study plan quickstart
      archspec study run quickstart
      archspec study report quickstart --to latex
    """,
)
def study() -> None:
    """Say what to vary, and get the table.

    STUDY is a name on the shelf (`archspec ls studies`) or a path ending in .yaml. Every command can be given again:
    what is in the store is never computed twice.
    """
