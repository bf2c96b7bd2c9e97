"""`archspec ls`: what has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archspec.cli.options import json_option

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

DOCUMENTS = {
    "archs": ("arch", "Networks."),
    "studies": ("study", "Ablations and searches, ready to run."),
    "spaces": ("space", "Archs with parts to choose from."),
    "recipes": ("recipe", "How to train, and on which data."),
    "runners": ("runner", "Where runs execute."),
}
"""What lies on the shelf: the document kind, and what it is."""

PARTS = ("mixers", "mlps", "norms", "scalings", "activations", "positions", "stems", "downsamples", "heads", "pools")
FAMILIES = (*PARTS, "inits")
"""The parts of networks, in the order in which one asks for them; further families follow."""


class Listing(click.ParamType[str]):
    """What can be listed."""

    name = "what"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words, without importing what they stand for."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(word) for word in (*DOCUMENTS, *FAMILIES) if word.startswith(incomplete)]


@click.command(
    epilog="""
    \b
    Examples:
      archspec ls
      archspec ls archs
      archspec ls mixers --json
    """
)
@click.argument("what", type=Listing(), required=False)
@json_option
def ls(what: str | None, as_json: bool) -> None:
    """List what has a name: everything that can be listed, or all of one thing.

    WHAT is archs, studies, spaces, recipes or runners: the documents on the shelf (the folders of $ARCHSPEC_PATH and
    what ships with archspec); or a family of parts, such as mixers or norms, with every kind's fields.
    """
    from archspec.cli import documents, parts, shelf

    if what is None:
        shelf.overview(as_json)
        return
    if what == "archs":
        shelf.archs(as_json)
        return
    if what in DOCUMENTS:
        documents.documents(DOCUMENTS[what][0], as_json)
        return
    if what not in parts.families():
        from archspec.errors import near

        raise click.UsageError(f"`{what}` cannot be listed: {near(what, (*DOCUMENTS, *parts.families()))}")
    parts.kinds(what, as_json)
