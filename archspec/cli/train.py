"""`archspec train`: one arch, one recipe, one seed, here and now."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import DocumentName, arch_argument, json_option, opened, set_option
from archspec.cli.running import store_option, told

if TYPE_CHECKING:
    from archspec.records.run import RunFolder
    from archspec.spec.recipe import Recipe
    from archspec.training.environment import World

RECIPE_PREFIX = "recipe."


@click.command(
    epilog="""
    \b
    Examples:
      archspec train convformer_s18 --recipe digits
      archspec train my_arch.yaml --recipe digits --seed 1 --set recipe.epochs=5
      archspec train caformer_s18 --recipe digits --set stages.2-3.mixer=pooling
      torchrun --nproc-per-node 8 -m archspec train vit_tiny --recipe digits
    """
)
@arch_argument
@click.option(
    "--recipe",
    type=DocumentName("recipe"),
    required=True,
    metavar="RECIPE",
    help="How, and on which data: `archspec ls recipes`.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Equal seeds give equal weights.")
@store_option
@set_option
@json_option
@click.pass_context
def train(
    ctx: click.Context, *, arch: str, recipe: str, seed: int, store: Path, settings: tuple[str, ...], as_json: bool
) -> None:
    """Train ARCH by a recipe, and test it. A run that was finished before is answered from the store.

    Where the recipe starts `from` another recipe, the run of that one goes first unless it is in the store. Whatever
    stops it, the same command goes on from there. A setting whose path begins with `recipe.` changes the recipe. Exit
    codes: 85 after USR1, USR2 or TERM (start me again), 130 after Ctrl-C, 1 when training diverged.
    """
    from archspec.training.environment import together
    from archspec.training.preparing import prepare
    from archspec.training.signals import Stopped

    of_recipe = tuple(text for text in settings if text.startswith(RECIPE_PREFIX))
    network = opened(arch, tuple(text for text in settings if text not in of_recipe))
    run = prepare(network, _recipe(recipe, of_recipe), seed, store)
    try:
        with together() as world:
            _train_before(run, world)
            result = _trained(run)
    except Stopped as stop:
        raise SystemExit(stop.code) from None
    _print(run, result, as_json=as_json)
    ctx.exit(0 if result["state"] == "done" else 1)


def _recipe(reference: str, settings: tuple[str, ...]) -> Recipe:
    from archspec.spec.edits import edit_of
    from archspec.spec.recipe import RECIPE

    recipe = RECIPE.load(reference)
    edits = [edit_of(text.removeprefix(RECIPE_PREFIX), "--set") for text in settings]
    return RECIPE.blaming(recipe, edits) if edits else recipe


def _train_before(run: RunFolder, world: World) -> None:
    """Train the runs whose weights this one starts from, unless they were finished before."""
    from archspec.cli.console import talk
    from archspec.training.starting import finished_model

    for before in run.lineage()[:-1]:
        if before.result() is None:
            if world.writes:
                talk(f"{run.path} starts from {before.path}, which goes first", "dim")
            _trained(before)
        finished_model(before)


def _trained(run: RunFolder) -> dict[str, Any]:
    """Run it, with a bar on a terminal and lines elsewhere."""
    from archspec.cli.console import talk, width
    from archspec.training.progress import Bar, Lines
    from archspec.training.train import train as learn

    known = run.result()
    if known is not None:
        talk(f"finished before: {run.path}", "dim")
        return known
    if width(err=True) is None:
        return learn(run.path, Lines(talk))
    with Bar() as bar:
        return learn(run.path, bar)


def _print(run: RunFolder, result: dict[str, Any], *, as_json: bool) -> None:
    from archspec.cli.console import out, out_json, styled
    from archspec.training.environment import world_in

    if not world_in(os.environ).writes:
        return
    if as_json:
        out_json({"run": str(run.path), **result})
    elif result["state"] == "done":
        out(f"{styled('done', 'good')}  epoch {result['epoch']}  {told(result)}")
        out(str(run.path))
    else:
        out(f"{styled('failed', 'bad')}  {result['reason']}; last good checkpoint: {result['checkpoint'] or 'none'}")
        out(str(run.path))
