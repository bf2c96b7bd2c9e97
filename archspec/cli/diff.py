"""`archspec diff`: what leads from one arch to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import DocumentName, arch_argument, json_option, opened, set_option

if TYPE_CHECKING:
    from archspec.spec.arch import Arch
    from archspec.spec.diff import Change

COSTS = (("params", "params"), ("frozen_params", "frozen"), ("macs", "MACs"), ("activations", "activations"))


@click.command(
    epilog="""
    \b
    Examples:
      archspec diff convformer_s18 caformer_s18
      archspec diff caformer_s18 --set stages.2-3.mixer=pooling
      archspec diff identityformer_s12 randformer_s12 --json
    """
)
@arch_argument
@click.argument("other", type=DocumentName("arch"), metavar="[ARCH]", required=False)
@set_option
@json_option
def diff(arch: str, other: str | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Say what differs between two ARCHs: parts, not lines, and what the difference costs.

    `--set` changes the second; with one ARCH, that arch is compared with what `--set` makes of it.
    """
    from archspec.cli.console import out, out_json, width

    if other is None and not settings:
        raise click.UsageError("name a second arch, or change the one with --set PATH=VALUE")
    before, after = opened(arch), opened(other or arch, settings)
    if as_json:
        out_json(data(before, after))
        return
    title = f"{arch} → {other}" if other else arch
    for line in lines(before, after, title + (", edited" if settings else ""), width()):
        out(line)


def data(before: Arch, after: Arch) -> dict[str, Any]:
    """The difference for a program."""
    from archspec.spec.diff import diff as changes

    costs = {}
    for name, _ in COSTS:
        old, new = getattr(before.layout.cost, name), getattr(after.layout.cost, name)
        share = (new - old) / old if old else None
        costs[name] = {"before": old, "after": new, "change": new - old, "share": share}
    sides = {side: {"arch": arch.arch, "digest": arch.digest} for side, arch in (("before", before), ("after", after))}
    found = [change._asdict() for change in changes(before, after)]
    return {**sides, "equal": before.digest == after.digest, "changes": found, **costs}


def lines(before: Arch, after: Arch, title: str, width: int | None) -> Iterator[str]:
    """The difference for people."""
    from archspec.cli.console import folded, styled
    from archspec.spec.diff import diff as changes

    yield from (styled(line, "head") for line in folded(title, width))
    if before.digest == after.digest:
        yield f"equal networks: {before.digest}"
        return
    yield ""
    for change in changes(before, after):
        yield from _change(change, width)
    yield ""
    yield from _costs(before, after, width)


def _change(change: Change, width: int | None) -> Iterator[str]:
    """A path and its two values: on one line where they fit, else below each other."""
    from archspec.cli.console import folded, styled
    from archspec.cli.format import cells
    from archspec.spec.writing import flow

    old, new = ("–" if value is None else flow(value) for value in (change.before, change.after))
    if width is None or cells(change.path) + cells(old) + cells(new) + 6 <= width:
        yield f"{styled(change.path, 'name')}  {styled(old, 'bad')} → {styled(new, 'good')}"
        return
    yield styled(change.path, "name")
    for sign, text, look in (("-", old, "bad"), ("+", new, "good")):
        yield from (styled(line, look) for line in folded(f"  {sign} {text}", width, 4))


def _costs(before: Arch, after: Arch, width: int | None) -> list[str]:
    from archspec.cli import format as fmt
    from archspec.cli.table import Column, table

    rows = []
    for name, title in COSTS:
        old, new = getattr(before.layout.cost, name), getattr(after.layout.cost, name)
        if old or new:
            row = [title, fmt.short(old), fmt.short(new), fmt.signed(new - old), fmt.percent(old, new)]
            rows.append(row)
    columns = [Column(""), Column("before", ">"), Column("after", ">"), Column("change", ">"), Column("", ">")]
    return table(columns, rows, width)
