"""`archspec space check`: every mistake in a space."""

from __future__ import annotations

import click

from archspec.cli.space.common import space_argument


@click.command(
    epilog="""
    \b
    Examples:
      archspec space check metaformer_mixers
      archspec space check metaformer
    """
)
@space_argument
@click.pass_context
def check(ctx: click.Context, space: str) -> None:
    """Check SPACE: its paths, every alternative, and whether anything is left that meets its conditions.

    Exit code 1 when anything is wrong.
    """
    from archspec.cli.console import out, talk, width
    from archspec.cli.problems import shown
    from archspec.spec.checking import check_document
    from archspec.spec.shelf import find

    problems = check_document(find("space", space))
    if problems:
        out(shown(problems, "full", width()))
    else:
        talk(f"{space} is fine", "good")
    ctx.exit(1 if problems else 0)
