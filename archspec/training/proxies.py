"""How proxies are computed; `spec/proxies.py` says what they are. A copy is looked at: the network stays as it is."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.errors import RuntimeInputError
from archspec.nn.block import Branch
from archspec.nn.norms import BatchNorm, GroupNorm, batch_norms
from archspec.spec import proxies as specs
from archspec.spec.arch import as_grid
from archspec.spec.registry import members
from archspec.training.data import batches
from archspec.training.data.finding import same_source
from archspec.training.data.source import Part
from archspec.training.measuring import Measured
from archspec.training.randomness import generator, order

SMALL = 1e-5
"""Added to eigenvalues before they are divided by."""
STEP = 0.01
"""How much noise moves an image."""
OVER: dict[type[nn.Module], tuple[int, ...]] = {BatchNorm: (0, 1), GroupNorm: (1, 2)}
"""Over what norms take a variance, where it is not over the channels of each token."""


def grad_norm(spec: specs.GradNorm, one: Measured) -> dict[str, float]:
    """The sum of the norms of the loss's gradients, tensor by tensor."""
    images, labels = shown(spec, one)
    return scored(pull(one.network, images, labels), spec)


def jacov(spec: specs.Jacov, one: Measured) -> dict[str, float]:
    """How far the Jacobians of the images are from being one."""
    images, _ = shown(spec, one)
    return scored(independence(answers(one.network, images)), spec)


def naswot(spec: specs.Naswot, one: Measured) -> dict[str, float]:
    """The log-determinant of how many activations agree, image by image."""
    images, _ = shown(spec, one)
    return scored(distinctness(codes(one.network, images)), spec)


def synflow(spec: specs.Synflow, one: Measured) -> dict[str, float]:
    """The sum of what each weight contributes to the flow."""
    return scored(flow(one.network, torch.ones(1, *_shape(one), device=one.device)), spec)


def zen(spec: specs.Zen, one: Measured) -> dict[str, float]:
    """The mean over draws of weights and images."""
    return scored(sum(_drawn(spec, one)) / spec.repeats, spec)


def scored(score: float, spec: specs.Proxy) -> dict[str, float]:
    """A score as a result; one that is no finite number is none."""
    if not math.isfinite(score):
        raise RuntimeInputError(f"`{spec.called()}` is not defined for this network: it comes to {score}")
    return {specs.SCORE: score}


def pull(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The sum of the Euclidean norms of the gradients of the loss by each tensor of weights."""
    network = looked_at(network)
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    loss = F.cross_entropy(network(images), labels)
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    return sum(float(gradient.double().norm()) for gradient in found if gradient is not None)


def answers(network: nn.Module, images: Tensor) -> Tensor:
    """The gradient of the sum of each image's outputs by its pixels: (images, pixels)."""
    images = images.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(looked_at(network)(images).sum(), images)
    return found.flatten(1)


def independence(gradients: Tensor) -> float:
    """-Σ(log(λ + k) + 1/(λ + k)) over the eigenvalues of their correlations: highest where none resembles another."""
    values = torch.linalg.eigvalsh(torch.corrcoef(gradients.double())) + SMALL
    return -float((values.log() + 1 / values).sum())


@torch.no_grad()
def codes(network: nn.Module, images: Tensor) -> Tensor:
    """For each image which activations are on, as 1 and 0: (images, activations)."""
    found: list[Tensor] = []
    network = looked_at(network)
    for activation in of_family(network, "activations"):
        activation.register_forward_pre_hook(lambda _, given: found.append((given[0] > 0).flatten(1)))
    network(images)
    if not found:
        raise RuntimeInputError("`naswot` is not defined for a network without activations")
    return torch.cat([code for code in found if len(code) == len(images)], 1).double()


def distinctness(code: Tensor) -> float:
    """log |det K| with K[i, j] the number of activations that images i and j agree on."""
    agreeing = code @ code.T + (1 - code) @ (1 - code).T
    return float(torch.linalg.slogdet(agreeing).logabsdet)


def flow(network: nn.Module, ones: Tensor) -> float:
    """Σ |w · ∂R/∂w| with R the sum of the outputs for an image of ones, all weights made positive."""
    network = looked_at(network).double()
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    for weight in weights:
        weight.data.abs_()
    for part in (*of_family(network, "norms"), *of_family(network, "activations")):
        part.register_forward_hook(lambda _, given, __: given[0])
    found = torch.autograd.grad(network(ones.double()).sum(), weights, allow_unused=True)
    return sum(float((w * g).detach().abs().sum()) for w, g in zip(weights, found, strict=True) if g is not None)


@torch.no_grad()
def sensitivity(network: Any, images: Tensor, noise: Tensor, draws: torch.Generator) -> float:
    """log of how far noise moves the features, and of what every norm has divided by, with weights drawn anew."""
    network, divided = looked_at(network), list[Tensor]()
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d):
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=draws))
            if layer.bias is not None:
                layer.bias.zero_()
    for branch in network.modules():
        if isinstance(branch, Branch):
            branch.scaling.register_forward_hook(lambda _, given, __: given[1])
    moved = network.forward_features(images + STEP * noise)
    for norm in of_family(network, "norms"):
        norm.register_forward_pre_hook(lambda norm, given: divided.append(deviation(norm, given[0])))
    moved = moved - network.forward_features(images)
    return float(moved.double().norm().log()) + sum(float(by.log()) for by in divided)


def deviation(norm: nn.Module, x: Tensor) -> Tensor:
    """What a norm divides by: the root of the mean of its variances."""
    return x.double().var(OVER.get(type(norm), (-1,)), correction=0).mean().sqrt()


def looked_at(network: nn.Module) -> nn.Module:
    """A copy to be looked at: nothing is dropped, and batch norms go by the batch, having learned nothing yet."""
    network = copy.deepcopy(network).eval()
    for norm in batch_norms(network):
        norm.train()
    return network


def of_family(network: nn.Module, family: str) -> Iterator[nn.Module]:
    """The modules within a network that a kind of a family stands for, plugins' included."""
    makers = [member.implemented() for name, member in members(family).items() if name not in ("none", "inherit")]
    kinds = tuple(maker for maker in makers if isinstance(maker, type))
    return (module for module in network.modules() if isinstance(module, kinds))


def shown(spec: specs.OfImages, one: Measured) -> tuple[Tensor, Tensor]:
    """Images of training, drawn by the seed, as they are looked at in validation; and their classes."""
    split = same_source(one.recipe.data, one.data).split("train")
    some = Part(split, order(len(split), one.seed, "proxy")[: spec.batch])
    about: dict[str, Any] = {"size": one.network.spec.input.size, "classes": one.network.num_classes}
    found = [*batches(some, one.recipe, **about, seed=0, epoch=0, training=False)]
    images, labels = (torch.cat([getattr(batch, name) for batch in found]) for name in ("images", "targets"))
    return images.to(one.device), labels.to(one.device)


def _drawn(spec: specs.Zen, one: Measured) -> Iterator[float]:
    for repeat in range(spec.repeats):
        one.between()
        draws = generator(one.seed, "zen", repeat)
        images, noise = (torch.randn(spec.batch, *_shape(one), generator=draws).to(one.device) for _ in range(2))
        yield sensitivity(one.network, images, noise, draws)


def _shape(one: Measured) -> tuple[int, int, int]:
    return (one.network.spec.input.channels, *as_grid(one.network.spec.input.size))
