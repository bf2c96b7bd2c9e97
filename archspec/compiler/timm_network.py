"""A network of timm's with the face of ours: built, trained, saved and measured like the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import timm
import torch
from timm.layers.drop import DropPath
from torch import Tensor, nn

from archspec.compiler.network import Network
from archspec.nn.block import Kept
from archspec.spec.arch import as_grid
from archspec.spec.place import Grid
from archspec.spec.timm_arch import TimmArch

PROBE = 0.5
"""The rate with which models are made, so that all branches that may be dropped say so, each with its share."""


class Path(nn.Module):
    """Where a branch ends that may be dropped: whoever trains says for which images it counts, as for our own."""

    kept: Kept | None = None
    """The images it counts for in training; None for all."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, …) → (B, …), zero for the images that are dropped and as much larger for the others."""
        if self.kept is None or not self.training:
            return x
        indices, boost = self.kept
        return torch.zeros_like(x).index_copy(0, indices, x.index_select(0, indices) * boost)


def made(
    name: str, args: dict[str, Any], classes: int, channels: int, size: Any
) -> tuple[nn.Module, list[tuple[Path, float]]]:
    """A model, and the ends of its branches, each with its share of the highest rate of dropping."""
    optional = {"img_size": size if isinstance(size, int) else tuple(size), "drop_path_rate": PROBE}
    while True:
        try:
            asked = {"num_classes": classes, "in_chans": channels, **optional, **args}
            model = timm.create_model(name, pretrained=False, **asked)
            return model, list(_paths(model))
        except TypeError as error:
            # Not every model can be shaped for a size, or drops anything.
            refused = [word for word in optional if f"'{word}'" in str(error) and word not in args]
            if not refused:
                raise
            optional = {word: value for word, value in optional.items() if word not in refused}


def _paths(model: nn.Module) -> Iterator[tuple[Path, float]]:
    """Put ends of ours in the place of timm's, which draw at random by themselves."""
    found = [
        (owner, name) for owner in model.modules() for name, end in owner.named_children() if type(end) is DropPath
    ]
    for owner, name in found:
        share = getattr(owner, name).drop_prob / PROBE
        path = Path()
        setattr(owner, name, path)
        yield path, share


class TimmNetwork(Network):
    """Images (B, C, H, W) → logits (B, classes). All of it is under `model`, as timm names it."""

    draws = True

    def __init__(self, arch: TimmArch, seed: int = 0) -> None:
        nn.Module.__init__(self)
        self.spec, self.seed, self.num_classes = arch, seed, arch.classes
        self.model, self.paths = made(arch.timm, arch.args, arch.classes, arch.input.channels, arch.input.size)
        self.num_features = int(getattr(self.model, "num_features", 0))
        self.sizes = {as_grid(arch.input.size)}

    def start(self) -> None:
        """Nothing: timm starts weights as it makes them."""

    def forward_features(self, image: Tensor) -> Tensor:
        """Images (B, C, H, W) → whatever the model has before its head."""
        self.check(image)
        x: Tensor = self.model.forward_features(image)  # type: ignore[operator]
        return x

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """What the model has before its head → logits, or what the classifier would look at."""
        y: Tensor = self.model.forward_head(x, pre_logits=pre_logits)  # type: ignore[operator]
        return y

    def forward(self, image: Tensor) -> Tensor:
        """Images (B, C, H, W) → logits (B, classes)."""
        self.check(image)
        y: Tensor = self.model(image)
        return y

    def droppable(self, rate: float, *, constant: bool) -> Iterator[tuple[Any, float]]:
        """The ends of its branches and their rates: those that timm gives them, or the same for all."""
        yield from ((path, rate if constant else rate * share) for path, share in self.paths)

    def recompute(self) -> None:
        """Have the model run parts of it again in the backward pass."""
        self.model.set_grad_checkpointing(True)  # type: ignore[operator]

    @property
    def classifier_path(self) -> str:
        """Where the linear layer stands whose outputs are the logits."""
        classifier = self.get_classifier()
        return str(next(name for name, module in self.named_modules() if module is classifier))

    @property
    def has_hidden(self) -> bool:
        """No: what timm drops out of heads is an argument of its own, `args: {drop_rate: …}`."""
        return False

    def get_classifier(self) -> nn.Module:
        """The linear layer whose outputs are the logits."""
        classifier: nn.Module = self.model.get_classifier()  # type: ignore[operator]
        return classifier

    def reset_classifier(self, num_classes: int) -> None:
        """Start a classifier for another number of classes as timm does; with 0 classes, have none."""
        self.model.reset_classifier(num_classes)  # type: ignore[operator]
        self.num_classes = num_classes
        if num_classes:
            self.spec = self.spec.edit({"classes": num_classes})

    def admit(self, size: Grid) -> None:
        """Remember a size; a model that it does not fit says so itself."""
        self.sizes.add(size)
