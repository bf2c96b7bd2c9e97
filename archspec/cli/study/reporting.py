"""From a plan and a store to a report: on the terminal, or as a file."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.console import out, width

if TYPE_CHECKING:
    from archspec.records.index import Index
    from archspec.report.table import Table
    from archspec.studies.plan import Plan

FORMATS = {
    "terminal": "archspec.cli.study.reporting:terminal",
    "html": "archspec.report.html:html",
    "markdown": "archspec.report.markdown:markdown",
    "latex": "archspec.report.latex:latex",
    "csv": "archspec.report.csv:csv",
    "json": "archspec.cli.study.reporting:as_json",
}
"""What a report can be written as, and the function that does; only a page has room for learning curves."""
PAGE = "html"


def conclude(plan: Plan, store: Path) -> Table:
    """Print the table of a study, write its report as a page, and say where that is: the end of `study run`."""
    from archspec.records.index import Index

    with Index.open(store) as index:
        table = tabulated(plan, index)
        out(terminal(table).rstrip("\n"))
        out(f"report: {_kept(plan, table, index, page(store, table))}")
    return table


def _kept(plan: Plan, table: Table, index: Index, path: Path) -> Path:
    """A study's page, written anew only where something has changed that it shows: it is large."""
    from archspec import __version__
    from archspec.spec.hashing import digest

    seen = {key: [one.attempt, one.step, one.started, one.ended] for key, one in index.known(plan.keys).items()}
    mark = f"<!-- {digest([__version__, table.to_dict(), seen])} -->\n"
    if not _ends_with(path, mark):
        write(written(PAGE, table, index) + mark, path)
    return path


def _ends_with(path: Path, text: str) -> bool:
    """Whether a file ends with a text."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - len(text)))
            return file.read() == text.encode()
    except FileNotFoundError:
        return False


def tabulated(plan: Plan, index: Index, metric: str | None = None) -> Table:
    """The table of a plan, from what the store knows by now."""
    from archspec.report.table import tabulate

    return tabulate(plan, index.known(plan.keys), metric=metric)


def written(form: str, table: Table, index: Index) -> str:
    """A table as one of the formats."""
    module, _, name = FORMATS[form].partition(":")
    write = getattr(import_module(module), name)
    keys = [key for row in table.rows for key in row.keys.values()]
    text: str = write(table, index.curves(keys, [table.metric])) if form == PAGE else write(table)
    return text


def page(store: Path, table: Table) -> Path:
    """Where a study's page is kept."""
    from archspec.records.store import Store

    return Store(store).study(table.title) / "report.html"


def write(text: str, path: Path) -> Path:
    """Write a report, whole or not at all."""
    from archspec.records.files import make_folder, write_atomic

    make_folder(path.parent)
    write_atomic(path, text)
    return path


def terminal(table: Table) -> str:
    """The report as a terminal shows it."""
    from archspec.cli.study.table import lines

    return "".join(f"{line}\n" for line in lines(table, width()))


def as_json(table: Table) -> str:
    """The numbers as data."""
    return json.dumps(table.to_dict(), indent=2) + "\n"
