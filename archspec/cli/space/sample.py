"""`archspec space sample`: candidates as YAML."""

from __future__ import annotations

import click

from archspec.cli.options import json_option
from archspec.cli.space.common import opened, seed_option, space_argument, where_option

DRAWS = 1000
"""Draws for each sample, after which a space is said to hold too few that are wanted."""


@click.command(
    epilog="""
    \b
    Examples:
      archspec space sample metaformer_mixers
      archspec space sample metaformer --count 5 --where 'params <= 10M' > candidates.yaml
    """
)
@space_argument
@where_option
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="How many candidates.")
@seed_option
@json_option
def sample(space: str, where: tuple[str, ...], count: int, seed: int, *, as_json: bool) -> None:
    """Draw candidates of SPACE that meet its conditions, and print each as an arch with everything written out."""
    from archspec.cli.console import out, out_json, width
    from archspec.spec.loading import renamed
    from archspec.spec.survey import samples
    from archspec.spec.writing import WIDTH, to_yaml

    found = list(samples(opened(space, where), count, DRAWS, seed))
    named = [renamed(arch, f"{arch.arch or 'sample'}_{number}") for number, (_, arch) in enumerate(found, seed)]
    if as_json:
        costs = [arch.layout.cost._asdict() for arch in named]
        pairs = zip(found, named, costs, strict=True)
        out_json([{"choices": chosen, "digest": arch.digest, **cost} for (chosen, _), arch, cost in pairs])
    else:
        out("---\n".join(to_yaml(arch, width=min(WIDTH, width() or WIDTH)) for arch in named).rstrip("\n"))
    if len(found) < count:
        raise click.ClickException(f"only {len(found)} of {count * DRAWS:,} candidates met every condition")
