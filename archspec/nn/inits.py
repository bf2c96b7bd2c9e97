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
_CUT_AT_TWO = 0.87962566103423978
"""The deviation of a standard normal cut at ±2."""
TORCHS_OWN = {layer.reset_parameters for layer in (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)}


class Scheme(ABC):
    """How one module's own tensors start; those of the modules within it are left alone."""

    def __init__(self, spec: specs.Init, at: Place) -> None:
        self.spec = spec

    @abstractmethod
    def start(self, layer: Layer, path: str) -> None:
        """Fill the weight of a linear layer or convolution that stands at a path."""

    def start_bias(self, bias: nn.Parameter, path: str) -> None:
        """Fill its bias."""
        nn.init.zeros_(bias)

    def __call__(self, module: nn.Module, path: str) -> None:
        """Start a module."""
        if getattr(type(module), "reset_parameters", None) in TORCHS_OWN:
            self.start(module, path)  # type: ignore[arg-type]
            if isinstance(module.bias, nn.Parameter):
                self.start_bias(module.bias, path)
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

    def start(self, layer: Layer, path: str) -> None:
        """Without the cut where it lies beyond what a normal draw can reach, which takes a third less time."""
        if self.spec.std * 10 < 2:
            nn.init.normal_(layer.weight, std=self.spec.std)
        else:
            nn.init.trunc_normal_(layer.weight, std=self.spec.std)


class XavierUniform(Scheme):
    """Uniform with variance 2 / (inputs + outputs), the weight taken as a matrix of outputs by inputs."""

    def start(self, layer: Layer, path: str) -> None:
        """A kernel's places are inputs of their own."""
        nn.init.xavier_uniform_(layer.weight.detach().flatten(1))


class KaimingNormal(Scheme):
    """Normal with variance 2 / outputs: as many as one input reaches at stride 1, within its group."""

    def start(self, layer: Layer, path: str) -> None:
        """A kernel's places are outputs of their own."""
        outputs = len(layer.weight) * math.prod(layer.weight.shape[2:]) // getattr(layer, "groups", 1)
        nn.init.normal_(layer.weight, std=math.sqrt(2 / outputs))


class Torch(Scheme):
    """What torch does, biases included."""

    def start(self, layer: Layer, path: str) -> None:
        """Left to the layer."""
        layer.reset_parameters()

    def __call__(self, module: nn.Module, path: str) -> None:
        """Every module starts itself."""
        restart(module)


class Sequencer(Scheme):
    """Linear layers as by `xavier_uniform`; convolutions and whatever leads into a stage by LeCun's scheme, cut."""

    def start(self, layer: Layer, path: str) -> None:
        """A downsampler without a stride is a convolution too, though written as a linear layer."""
        if layer.weight.ndim > 2 or "downsample" in path.split("."):
            # The cut at two deviations takes some of the variance, which a wider normal makes up for.
            std = layer.weight[0].numel() ** -0.5 / _CUT_AT_TWO
            nn.init.trunc_normal_(layer.weight, std=std, a=-2 * std, b=2 * std)
        else:
            nn.init.xavier_uniform_(layer.weight)

    def start_bias(self, bias: nn.Parameter, path: str) -> None:
        """Zero, and next to zero in channel mlps."""
        if "mlp" in path.split("."):
            nn.init.normal_(bias, std=1e-6)
        else:
            super().start_bias(bias, path)


class Vil(Scheme):
    """The stem as by `xavier_uniform`, convolutions by themselves, linear layers small."""

    def start(self, layer: Layer, path: str) -> None:
        """By where it stands."""
        outputs, inputs = layer.weight.shape[:2]
        if path.startswith("stem."):
            nn.init.xavier_uniform_(layer.weight.detach().flatten(1))
        elif path.startswith("head."):
            nn.init.trunc_normal_(layer.weight, std=2e-5)
        elif layer.weight.ndim > 2:
            layer.reset_parameters()
        else:
            std = 2 / math.sqrt(outputs) if path.endswith(".down") else math.sqrt(0.4 / inputs)
            nn.init.normal_(layer.weight, std=std)


class Transnext(Scheme):
    """Linear layers normal, convolutions as by `kaiming_normal`."""

    def start(self, layer: Layer, path: str) -> None:
        """By what it is; a cut at ±2 lies a hundred deviations away."""
        if layer.weight.ndim > 2:
            KaimingNormal.start(self, layer, path)  # type: ignore[arg-type]
        else:
            nn.init.normal_(layer.weight, std=0.02)


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
            scheme(module, path)


def stream(seed: int, path: str) -> int:
    """The number that a path's stream is seeded with."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{path}".encode()).digest()[:8], "big") >> 1
