"""`archspec space size`: how many candidates there are, how many of them are wanted, and what they cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from archspec.cli.options import json_option
from archspec.cli.space.common import opened, seed_option, space_argument, where_option

if TYPE_CHECKING:
    from archspec.spec.candidates import Candidates


@click.command(
    epilog="""
    \b
    Examples:
      archspec space size metaformer_mixers
      archspec space size metaformer --where 'params <= 30M and macs <= 4.5G' --draws 10000
    """
)
@space_argument
@where_option
@click.option("--draws", type=click.IntRange(1), default=1000, show_default=True, help="Candidates to draw.")
@seed_option
@json_option
def size(space: str, where: tuple[str, ...], draws: int, seed: int, *, as_json: bool) -> None:
    """Count the candidates of SPACE, and draw some to estimate which share meets its conditions and what they cost."""
    from archspec.cli import format as fmt
    from archspec.cli.console import out, out_json, width
    from archspec.cli.table import Column, table
    from archspec.spec.survey import MEASURED, QUANTILES, survey

    candidates = opened(space, where)
    found = survey(candidates, draws, seed)
    if as_json:
        out_json({"space": space, "size": exact(candidates), **found.to_dict()})
        return
    out(f"{amount(candidates)} ways to decide everything, of which some may be one network")
    out(f"{found.feasible:.1%} of {found.drawn:,} candidates drawn at random meet every condition")
    for condition, count in found.refused.most_common():
        out(f"  {count:,} do not work as a network" if condition == "network" else f"  {count:,} miss `{condition}`")
    if not found.feasible:
        return
    out("")
    titles = [Column("of those that do"), *(Column(f"{share:.0%}", ">") for share in QUANTILES)]
    rows = [[name, *(fmt.short(cost) for cost in found.quantiles(name).values())] for name in MEASURED]
    for line in table(titles, rows, width()):
        out(line)


def exact(candidates: Candidates) -> int | None:
    """The number of ways; None where there is no end of them."""
    return None if math.isinf(candidates.size) else int(candidates.size)


def amount(candidates: Candidates) -> str:
    """The number of ways, in words."""
    found = exact(candidates)
    return "infinitely many" if found is None else f"{found:,}" if found < 10**7 else f"{found:.2g}"
