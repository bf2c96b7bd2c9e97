"""`archspec study report`: the table, the figures, and what they say."""

from __future__ import annotations

from pathlib import Path

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option
from archspec.cli.study.common import profile_option, seeds_option, study_argument
from archspec.cli.study.reporting import FORMATS, PAGE


@click.command(
    epilog="""
    \b
    Examples:
      archspec study report quickstart
      archspec study report quickstart --to html
      archspec study report quickstart --to latex --out table.tex
      archspec study report quickstart --metric loss
    """
)
@study_argument
@profile_option
@seeds_option
@click.option(
    "--to", "form", type=click.Choice(list(FORMATS)), default="terminal", show_default=True, help="What to write."
)
@click.option("--out", "path", type=click.Path(path_type=Path, dir_okay=False), help="Write there instead of printing.")
@click.option("--metric", metavar="NAME", help="Compare by this: loss, or MEASUREMENT.NAME; default: the study's own.")
@store_option
@json_option
def report(  # noqa: PLR0917 - an argument an option
    study: str,
    profile: str,
    seeds: tuple[int, ...] | None,
    form: str,
    path: Path | None,
    metric: str | None,
    store: Path,
    as_json: bool,
) -> None:
    """What STUDY has found so far: means over seeds, differences paired by seed, the paper's numbers beside them.

    Nothing is run; what is missing is said. A page (`--to html`) is written into the store unless --out says otherwise,
    and opens from disk without network.
    """
    from archspec.cli.console import out, talk
    from archspec.cli.study.reporting import page, tabulated, write, written
    from archspec.records.index import Index
    from archspec.studies.planning import planned

    form = "json" if as_json else form
    plan = planned(study, profile=profile, seeds=seeds, store=store).plan
    with Index.open(store) as index:
        table = tabulated(plan, index, metric)
        text = written(form, table, index)
    if form == PAGE:
        path = path or page(store, table)
    out(text.rstrip("\n") if path is None else str(write(text, path)))
    if not any(row.n for row in table.rows):
        talk(f"nothing is finished yet; `archspec study run {study}` begins, and goes on", "dim")
