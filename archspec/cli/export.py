"""`archspec export`: a network in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import opened, set_option, size_option
from archspec.cli.running import finished_model, run_at, store_option

if TYPE_CHECKING:
    from archspec.compiler.network import Network

SUFFIXES = {"safetensors": ".safetensors", "onnx": ".onnx", "torch-export": ".pt2"}


@click.command(
    epilog="""
    \b
    Examples:
      archspec export 3f2a my_network.safetensors
      archspec export 3f2a --to onnx --size 256
      archspec export caformer_s18 --to torch-export
    """
)
@click.argument("network", metavar="RUN|ARCH")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--to",
    type=click.Choice(list(SUFFIXES)),
    help="What to write; by default what FILE's name ends in says, or safetensors.",
)
@size_option
@set_option
@store_option
def export(
    *, network: str, file: Path | None, to: str | None, size: Any, settings: tuple[str, ...], store: Path
) -> None:
    """Write the chosen network of a finished RUN to FILE, or an ARCH with its `pretrained` weights or untrained ones.

    safetensors hold the weights and the network's spec: `archspec.load_model(FILE)` rebuilds it, and a recipe that says
    `from: FILE` starts from it. onnx and torch-export hold a program that runs without archspec, for any number of
    images of one size. FILE is the network's name in this folder unless it is given.
    """
    from archspec.cli.console import out
    from archspec.compiler.exporting import export_model

    to = to or _meant(file)
    if file is not None and file.suffix != SUFFIXES[to]:
        raise click.UsageError(f"{file}: the name of a file for {to} ends in {SUFFIXES[to]}")
    model = _network(network, settings, store)
    file = file or Path(f"{model.spec.arch}{SUFFIXES[to]}")
    export_model(model, file, to, size)
    out(str(file))


def _meant(file: Path | None) -> str:
    """What a file's name says it is."""
    if file is None:
        return "safetensors"
    for to, suffix in SUFFIXES.items():
        if file.suffix == suffix:
            return to
    raise click.UsageError(f"{file}: its name ends in {', '.join(SUFFIXES.values())}")


def _network(reference: str, settings: tuple[str, ...], store: Path) -> Network:
    """The network of a run, or of an arch with the weights that it names or begins with."""
    from archspec.cli.console import talk
    from archspec.compiler import build, load_model

    run = run_at(reference, store)
    if run is not None:
        if settings:
            raise click.UsageError(f"`{reference}` is a run, whose network is trained; --set changes an arch")
        return load_model(finished_model(run))
    arch = opened(reference, settings)
    if arch.pretrained is None:
        talk(f"{arch.arch} names no `pretrained` weights: these are the ones it begins with")
    return build(arch, pretrained=arch.pretrained is not None)
