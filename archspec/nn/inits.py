"""Initialisation schemes: they start the weights of linear layers and convolutions, whose biases become zero.

Every other module starts itself in its `reset_parameters`, and so does a linear layer or convolution whose class brings
one of its own. All numbers are drawn from a stream that depends on nothing but the seed and the module's path: two
networks that differ in one stage start equal in all others.
"""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from archspec.spec import inits as specs
from archspec.spec.place import Place

Layer = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d
TORCHS_OWN = {layer.reset_parameters for layer in (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)}


class Scheme(ABC):
    """How one module's own tensors start; those of the modules within it are left alone."""

    def __init__(self, spec: specs.Init, at: Place) -> None:
        self.spec = spec

    @abstractmethod
    def start(self, layer: Layer) -> None:
        """Fill the weight of a linear layer or convolution."""

    def __call__(self, module: nn.Module) -> None:
        """Start a module."""
        if getattr(type(module), "reset_parameters", None) in TORCHS_OWN:
            self.start(module)  # type: ignore[arg-type]
            if isinstance(module.bias, nn.Parameter):
                nn.init.zeros_(module.bias)
        else:
            restart(module)


def restart(module: nn.Module) -> None:
    """Have a module start itself, if it has anything to start."""
    reset: Any = getattr(module, "reset_parameters", None)
    if reset is not None:
        reset()


class TruncNormal(Scheme):
    """Normal, cut at ±2."""

    spec: specs.TruncNormal

    def start(self, layer: Layer) -> None:
        """Without the cut where it lies beyond what a normal draw can reach, which takes a third less time."""
        if self.spec.std * 10 < 2:
            nn.init.normal_(layer.weight, std=self.spec.std)
        else:
            nn.init.trunc_normal_(layer.weight, std=self.spec.std)


class XavierUniform(Scheme):
    """Uniform with variance 2 / (inputs + outputs), the weight taken as a matrix of outputs by inputs."""

    def start(self, layer: Layer) -> None:
        """A kernel's places are inputs of their own."""
        nn.init.xavier_uniform_(layer.weight.detach().flatten(1))


class KaimingNormal(Scheme):
    """Normal with variance 2 / outputs: as many as one input reaches at stride 1, within its group."""

    def start(self, layer: Layer) -> None:
        """A kernel's places are outputs of their own."""
        outputs = len(layer.weight) * math.prod(layer.weight.shape[2:]) // getattr(layer, "groups", 1)
        nn.init.normal_(layer.weight, std=math.sqrt(2 / outputs))


class Torch(Scheme):
    """What torch does, biases included."""

    def start(self, layer: Layer) -> None:
        """Left to the layer."""
        layer.reset_parameters()

    def __call__(self, module: nn.Module) -> None:
        """Every module starts itself."""
        restart(module)


class ZeroLinear(nn.Linear):
    """A linear layer that starts at zero whatever the scheme."""

    def reset_parameters(self) -> None:
        """Zeros."""
        nn.init.zeros_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


def initialise(modules: Iterable[tuple[str, nn.Module]], scheme: Scheme, seed: int) -> None:
    """Start modules, each from the stream of its path; torch's global stream stays where it was."""
    with torch.random.fork_rng(devices=[]):
        for path, module in modules:
            # Not torch.manual_seed, which would reseed the accelerators as well.
            torch.default_generator.manual_seed(stream(seed, path))
            scheme(module)


def stream(seed: int, path: str) -> int:
    """The number that a path's stream is seeded with."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{path}".encode()).digest()[:8], "big") >> 1
