"""`archspec profile`: what archs cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import archs_argument, json_option, opened, set_option, size_option

if TYPE_CHECKING:
    from archspec.cli.table import Row
    from archspec.spec.profile import Profile


@click.command(
    epilog="""
    \b
    Examples:
      archspec profile caformer_s18
      archspec profile convformer_s18 caformer_s18 vit_small
      archspec profile caformer_s18 --size 384 --json
      archspec profile caformer_s18 '{timm: swin_tiny_patch4_window7_224}'
    """
)
@archs_argument
@size_option
@set_option
@json_option
def profile(archs: tuple[str, ...], size: Any, settings: tuple[str, ...], as_json: bool) -> None:
    """Say what each ARCH costs for one image, in closed form; nothing is built or run.

    Several are compared with the first. Activation memory is what training keeps for the backward pass, at 4 bytes a
    number.
    """
    from archspec.cli.console import out, out_json, talk, width
    from archspec.spec.profile import profile as costs_of

    costs = [costs_of(opened(arch, settings), size) for arch in archs]
    if as_json:
        out_json([cost.to_dict() for cost in costs])
        return
    for line in lines(costs, width()):
        out(line)
    talk("act.: activations kept for the backward pass of one image, at fp32", "dim")


def lines(costs: Sequence[Profile], width: int | None) -> list[str]:
    """The table: a row an arch, and how each differs from the first."""
    from archspec.cli.table import Column, table

    frozen, several = any(cost.frozen_params for cost in costs), len(costs) > 1
    columns = [Column("arch"), Column("size", ">"), Column("params", ">"), Column("MACs", ">")]
    columns += [Column("frozen", ">", spare=1)] * frozen + [Column("act. MiB", ">", spare=1)]
    columns += [Column(title, ">", spare=2) for title in ("Δ params", "Δ MACs", "Δ act.")] * several
    rows = [_row(cost, costs[0], frozen=frozen, several=several) for cost in costs]
    return table(columns, rows, width)


def _row(cost: Profile, first: Profile, *, frozen: bool, several: bool) -> Row:
    from archspec.cli import format as fmt

    row = [cost.arch or "unnamed", fmt.image(cost.size), fmt.short(cost.params), fmt.short(cost.macs)]
    row += [fmt.short(cost.frozen_params)] * frozen + [fmt.mebibytes(cost.activations)]
    if several:
        names = ("params", "macs", "activations")
        row += [fmt.percent(getattr(first, n), getattr(cost, n)) if cost is not first else "" for n in names]
    return row
