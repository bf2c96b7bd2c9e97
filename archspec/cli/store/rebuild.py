"""`archspec store rebuild`: the index made anew."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option

if TYPE_CHECKING:
    from archspec.records.index.index import OnRead


@click.command(
    epilog="""
    \b
    Examples:
      archspec store rebuild
      archspec store rebuild --store elsewhere
    """
)
@store_option
@json_option
def rebuild(*, store: Path, as_json: bool) -> None:
    """Read every run again and make the index anew.

    Nothing needs this: whoever opens the index brings it up to date, and one that is damaged is replaced. It answers
    the doubt whether a number is what the run's folder says, and it prints where the index is, for SQL clients.
    $ARCHSPEC_INDEX names another place: a file on a local disk, or a PostgreSQL database.
    """
    from archspec.cli.console import out, out_json, talk
    from archspec.cli.format import count
    from archspec.records.index import Index

    start = time.perf_counter()
    with Index.at(store) as index, _bar() as on:
        runs = index.rebuild(on)
        place, trouble = index.place, index.trouble
    seconds = time.perf_counter() - start
    if trouble:
        talk(f"warning: {trouble}", "warn")
    if as_json:
        out_json({"index": place, "runs": runs, "seconds": round(seconds, 3)})
    else:
        out(f"{count(runs, 'run')} in {seconds:.1f} s")
        out(place)


@contextmanager
def _bar() -> Iterator[OnRead | None]:
    """A bar on a terminal, nothing elsewhere."""
    from archspec.cli.console import width

    if width(err=True) is None:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading runs", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
