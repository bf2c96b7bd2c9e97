"""`archspec space`: its commands, imported when they are called."""

from __future__ import annotations

import click

from archspec.cli.lazy import LazyGroup
from archspec.cli.registry import SPACE_COMMANDS


@click.group(
    cls=LazyGroup,
    registry=SPACE_COMMANDS,
    epilog="""
    \b
    Examples:
      archspec space show metaformer_mixers
      archspec space size metaformer --where 'params <= 30M and macs <= 4.5G'
      archspec space sample metaformer_mixers --count 2
    """,
)
def space() -> None:
    """What a search may choose from: how much there is, what it costs, and examples.

    SPACE is a name on the shelf (`archspec ls spaces`) or a path ending in .yaml. docs/search.md describes them.
    """
