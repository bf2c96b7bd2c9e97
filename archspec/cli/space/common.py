"""What the commands about spaces share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archspec.cli.options import DocumentName

if TYPE_CHECKING:
    from archspec.spec.candidates import Candidates


space_argument = click.argument("space", type=DocumentName("space"), metavar="SPACE")
where_option = click.option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    help="Ask for more than the space does: 'params <= 30M'. Repeatable.",
)
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="Draw other candidates.")


def opened(space: str, where: tuple[str, ...]) -> Candidates:
    """The candidates of a space by name or path."""
    from archspec.errors import Mark
    from archspec.spec.candidates import candidates_of
    from archspec.spec.conditions import condition
    from archspec.spec.loading import ARCH
    from archspec.spec.nodes import Node
    from archspec.spec.shelf import find
    from archspec.spec.space import SPACE

    document = find("space", space)
    said = SPACE.read(document)
    base = ARCH.resolve(said.tree.mapping["base"], document)
    further = [condition(Node(text, Mark("--where", 1, 1, len(text), text))) for text in where]
    return candidates_of(said, base, further)
