"""`archspec store gc`: what a store can do without."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option

if TYPE_CHECKING:
    from archspec.records.tidying import Item

KINDS = {
    "checkpoint": "checkpoints of finished runs",
    "superseded": "files of attempts that another one has taken the place of",
    "temporary": "half-made files that were left behind",
    "orphan": "runs that no study mentions",
}


@click.command(
    epilog="""
    \b
    Examples:
      archspec store gc
      archspec store gc --yes
      archspec store gc --orphans
    """
)
@click.option("--orphans", is_flag=True, help="Also runs that no study of this store mentions, with their networks.")
@click.option("--yes", is_flag=True, help="Delete; without it nothing is.")
@store_option
@json_option
def gc(*, orphans: bool, yes: bool, store: Path, as_json: bool) -> None:
    """Say what the store can do without, and delete it with --yes.

    That is: checkpoints of finished runs, what superseded attempts left, and half-made files. Results, metrics, times,
    logs and the networks of finished runs stay, and so do the checkpoints of runs that failed or were cancelled, from
    which a retry goes on. A run that somebody works on is never touched.
    """
    from archspec.cli.console import out_json
    from archspec.records.store import Store
    from archspec.records.tidying import delete, disposable

    found = disposable(Store(store), orphans=orphans)
    freed = delete(Store(store), found) if yes else 0
    if as_json:
        items = [{"kind": item.kind, "path": str(item.path), "bytes": item.bytes} for item in found]
        out_json({"deleted": yes, "bytes": freed if yes else _bytes(found), "items": items})
    else:
        _print(found, freed, store, deleted=yes)


def _print(found: list[Item], freed: int, store: Path, *, deleted: bool) -> None:
    from archspec.cli.console import out, talk
    from archspec.cli.format import short

    for kind, meaning in KINDS.items():
        items = [item for item in found if item.kind == kind]
        if items:
            out(f"{len(items):>7,}  {short(_bytes(items)):>6}B  {meaning}")
            for item in items if kind == "orphan" else ():
                out(f"                 {item.path}")
    if not found:
        talk(f"there is nothing in {store} that could go")
    elif deleted:
        talk(f"{short(freed)}B deleted", "good")
    else:
        talk(f"{short(_bytes(found))}B could go; --yes deletes it")


def _bytes(items: Iterable[Any]) -> int:
    return sum(item.bytes for item in items)
