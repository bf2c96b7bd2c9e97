"""Equal tuning: every arm of an ablation gets the same small search over its recipe."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from archspec.spec.base import Spec
from archspec.spec.candidates import Draw
from archspec.spec.decisions import Choices
from archspec.spec.domains import complaints
from archspec.spec.drawing import Open, decided, opened, size, ways
from archspec.spec.edits import Edit, edits_of
from archspec.spec.naming import Paths
from archspec.spec.nodes import Node
from archspec.spec.values import Count, NonNegative

FIXED = ("data", "resolution", "from", "phases")
"""What a recipe's search leaves alone: with other data arms could not be compared."""


class Tune(Spec):
    """What is chosen for every arm by itself before its seeds are run."""

    vary: Annotated[dict[str, Any], Paths("recipe", varying=True)] = Field(
        {}, description="paths into the recipe, and what each may become; nothing is tuned where nothing varies"
    )
    trials: Count = Field(8, description="settings that each arm is tried with; all, where there are fewer")
    seeds: Count = Field(1, description="runs of each setting; their seeds are none of the study's")
    metric: Literal["top1", "top5", "loss"] = Field("top1", description="what decides, measured on val")
    seed: NonNegative = Field(0, description="what the settings are drawn by")


def wrong(tune: Tune, tree: Node) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """What cannot be tuned: where, why, and what to do."""
    for path in tune.vary:
        if path.split(".")[0] in FIXED:
            hint = "write arms with recipes of their own"
            yield ("tune", "vary", path), f"`{path}` is the same for all settings", hint
    for edit in edits_of(tree.mapping["vary"]):
        for problem in complaints(edit.value, edit.path):
            yield ("tune", "vary", edit.path), problem.message, problem.hint


def settings(tune: Tune, tree: Node, recipe: Node) -> list[tuple[Choices, list[Edit]]]:
    """What every arm is tried with: all ways to decide, or as many different ones as are wanted."""
    found = opened(recipe, edits_of(tree.mapping["vary"]))
    chosen = list(ways([one.part for one in found])) if size(found) <= tune.trials else _drawn(found, tune)
    return [(choices, [one.decided(choices) for one in found]) for choices in chosen]


def _drawn(found: list[Open], tune: Tune) -> list[Choices]:
    draw, chosen = Draw(random.Random(tune.seed)), list[Choices]()  # noqa: S311 - the same settings every time
    while len(chosen) < tune.trials:
        choices = decided(found, draw)
        if choices not in chosen:
            chosen.append(choices)
    return chosen
