"""The phases of a recipe: how long each is, and how weights go from one network to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archspec.compiler.network import Network
from archspec.errors import WeightsError
from archspec.nn.positions import Learned
from archspec.nn.tokens import apart, grid_only, together
from archspec.spec.recipe import Recipe, phases_of
from archspec.training.data import steps_per_epoch
from archspec.training.data.source import Split
from archspec.training.scheduling import learning_rate, total_steps


@dataclass(frozen=True)
class Phase:
    """A stretch of training under one recipe; epochs and steps are counted from the beginning of the run."""

    recipe: Recipe
    steps: int
    """Steps in an epoch."""
    total: int
    """Steps in all of its epochs; the last may be shorter than the others."""
    first_epoch: int
    first_step: int

    @property
    def end(self) -> int:
        """The epoch after its last one."""
        return self.first_epoch + math.ceil(self.total / self.steps)

    def begin(self, epoch: int) -> int:
        """The steps made before an epoch."""
        return self.first_step + min(self.total, (epoch - self.first_epoch) * self.steps)

    def length(self, epoch: int) -> int:
        """The steps of an epoch."""
        return min(self.steps, self.first_step + self.total - self.begin(epoch))

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        return learning_rate(self.recipe, step - self.first_step, self.steps)


def phases(recipe: Recipe, data: Split) -> list[Phase]:
    """The phases of a recipe on some data."""
    found: list[Phase] = []
    for part in phases_of(recipe):
        steps, before = steps_per_epoch(data, part), found[-1] if found else None
        epoch, step = (before.end, before.first_step + before.total) if before else (0, 0)
        found.append(Phase(part, steps, total_steps(part, steps), epoch, step))
    return found


@torch.no_grad()
def hand_over(old: Network, new: Network) -> None:
    """Give a network the weights of another; position tables are resized, and a head for other classes stays new."""
    target, weights = new.state_dict(), {**old.state_dict(), **_tables(old, new)}
    head = f"{new.classifier_path}." if new.num_classes != old.num_classes else None
    for name, tensor in target.items():
        if head is not None and name.startswith(head):
            continue
        if name not in weights or weights[name].shape != tensor.shape:
            message = f"the weights to begin with do not fit: `{name}` is missing or of another shape"
            raise WeightsError(f"{message}; begin with a run of the same arch")
        tensor.copy_(weights[name])


def _tables(old: Network, new: Network) -> dict[str, Tensor]:
    """The old network's position tables at the new one's resolutions."""
    modules: dict[str, nn.Module] = dict(old.named_modules())
    found = {}
    for path, module in new.named_modules():
        before = modules.get(path)
        if isinstance(module, Learned) and isinstance(before, Learned) and before.native != module.native:
            table = before.table.unsqueeze(0)
            grid = before.resized(grid_only(table, before.covered), module.native)
            found[f"{path}.table"] = together(apart(table, before.covered) | apart(grid, ())).squeeze(0)
    return found
