"""`archspec store export` and `import`: runs in one file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from archspec.cli.options import json_option
from archspec.cli.running import store_option

file_argument = click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))


@click.command(
    "export",
    epilog="""
    \b
    Examples:
      archspec store export everything.tar
      archspec store export results.tar.gz --study quickstart --without-weights
    """,
)
@file_argument
@click.option("--study", default="", metavar="NAME", help="Only this study: a folder in the store's studies/.")
@click.option("--without-weights", is_flag=True, help="Leave the networks out: numbers and logs are small.")
@store_option
@json_option
def export(*, file: Path, study: str, without_weights: bool, store: Path, as_json: bool) -> None:
    """Write finished runs into FILE (.tar, .tar.gz), for another machine or for a paper's supplement.

    With each run go its result, metrics, times, log and network, the environment it ran in, and the plans of studies.
    Checkpoints and runs that have not ended stay here.
    """
    from archspec.cli.console import out, out_json, talk
    from archspec.cli.format import count, short
    from archspec.records.packing import pack
    from archspec.records.store import Store

    packed = pack(Store(store), file, study=study, weights=not without_weights)
    if as_json:
        out_json({"file": str(file), **asdict(packed)})
        return
    out(f"{count(packed.runs, 'run')} in {file}, {short(packed.bytes)}B")
    if packed.unfinished:
        talk(f"{count(packed.unfinished, 'run')} stayed here without a result", "dim")


@click.command(
    "import",
    epilog="""
    \b
    Examples:
      archspec store import results.tar.gz
      archspec store import results.tar.gz --store elsewhere --trust
    """,
)
@file_argument
@click.option("--trust", is_flag=True, help="Also take runs whose keys this archspec cannot confirm.")
@store_option
@json_option
@click.pass_context
def import_(ctx: click.Context, *, file: Path, trust: bool, store: Path, as_json: bool) -> None:
    """Take in the runs of FILE, as `archspec store export` wrote it.

    Checksums and keys are verified first: a key is the hash of what a run describes, so a run that another version of
    archspec made, whose networks are computed otherwise, is refused and named (--trust takes it). What is finished here
    stays as it is, and so does a run that somebody works on. Exit code 1 if a run was refused.
    """
    from archspec.cli.console import out, out_json, talk
    from archspec.cli.format import count
    from archspec.records.store import Store
    from archspec.records.unpacking import unpack

    done = unpack(Store(store), file, trust=trust)
    for key, reason in done.refused.items():
        talk(f"{key} was refused: {reason}", "bad")
    if as_json:
        out_json(asdict(done))
    else:
        told = {"imported": done.imported, "here before": done.kept, "being worked on": done.live}
        parts = [f"{len(keys)} {what}" for what, keys in told.items() if keys or what == "imported"]
        out(f"{', '.join(parts)}; {count(len(done.studies), 'new study', 'new studies')}")
    ctx.exit(1 if done.refused else 0)
