"""`archspec evaluate`: how well a trained network does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import DocumentName, json_option, opened, size_option
from archspec.cli.running import finished_model, run_at, store_option, told

if TYPE_CHECKING:
    from archspec.compiler.network import Network
    from archspec.spec.recipe import Recipe


@click.command(
    epilog="""
    \b
    Examples:
      archspec evaluate 3f2a
      archspec evaluate archspec-store/runs/3f2a9c1b --size 48 --split val
      archspec evaluate my_pretrained_arch.yaml --recipe digits
    """
)
@click.argument("run", metavar="RUN|ARCH")
@click.option("--split", type=click.Choice(["val", "test"]), default="test", show_default=True, help="Which images.")
@click.option(
    "--recipe", type=DocumentName("recipe"), metavar="RECIPE", help="Whose data and crops: by default the run's own."
)
@size_option
@store_option
@json_option
def evaluate(*, run: str, split: Any, recipe: str | None, size: Any, store: Path, as_json: bool) -> None:
    """Top-1, top-5 and loss of a finished RUN, or of an ARCH whose document names its `pretrained` weights."""
    from archspec.cli.console import out, out_json
    from archspec.training.evaluating import evaluate_on

    network, chosen = _network(run, recipe, store)
    scores = evaluate_on(network, chosen, split, size)
    if as_json:
        out_json({"split": split, "size": size or chosen.resolution or network.spec.input.size, **scores})
    else:
        out(f"{split}  {told(scores)}")


def _network(reference: str, recipe: str | None, store: Path) -> tuple[Network, Recipe]:
    """The trained network, and the recipe that says what it is evaluated on."""
    from archspec.compiler import build, load_model
    from archspec.spec.recipe import RECIPE

    run = run_at(reference, store)
    if run is None:
        if recipe is None:
            raise click.UsageError(f"`{reference}` is no run; to evaluate an arch, say on what with --recipe")
        return build(opened(reference), pretrained=True), RECIPE.load(recipe)
    model = finished_model(run)
    chosen: Any = recipe if recipe is not None else run.spec()["recipe"]
    return load_model(model), RECIPE.load(chosen)
