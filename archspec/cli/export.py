"""`archspec export`: a run's network in one file."""

from __future__ import annotations

from pathlib import Path

import click

from archspec.cli.running import found_run, run_argument, store_option


@click.command(
    epilog="""
    \b
    Examples:
      archspec export 3f2a my_network.safetensors
      archspec export archspec-store/runs/3f2a9c1b my_network.safetensors
    """
)
@run_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@store_option
def export(run: str, file: Path, store: Path) -> None:
    """Write the chosen network of a finished RUN to FILE.

    The file is safetensors and holds the network's spec as well: `archspec.load_model(FILE)` rebuilds it, and a recipe
    that says `from: FILE` starts from it.
    """
    from archspec.cli.console import out
    from archspec.cli.running import finished_model
    from archspec.records.files import write_atomic

    if file.suffix != ".safetensors":
        raise click.UsageError(f"{file}: the file is safetensors, so its name ends in .safetensors")
    write_atomic(file, finished_model(found_run(run, store)).read_bytes())
    out(str(file))
