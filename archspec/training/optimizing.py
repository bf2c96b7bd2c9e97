"""Optimizers, built by timm's factory over groups of parameters with and without decay, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from timm.optim import create_optimizer_v2, list_optimizers  # type: ignore[attr-defined]
from torch import nn
from torch.optim import Optimizer

from archspec.errors import Problem, SpecError, near
from archspec.spec import optimizers as specs
from archspec.spec.recipe import Recipe
from archspec.training.scheduling import set_learning_rate


def optimizer_for(model: nn.Module, recipe: Recipe, batch: int) -> Optimizer:
    """The optimizer of a recipe over a network's trainable parameters, at the learning rate of an effective batch."""
    spec = recipe.optimizer
    if spec.name() not in (known := [str(name) for name in list_optimizers()]):
        message = f"timm has no optimizer `{spec.name()}`"
        raise SpecError(Problem("ARC102", message, near(spec.name(), known), "optimizer.optimizer"))
    groups, peak = parameter_groups(model, spec), spec.peak(batch)
    try:
        optimizer = create_optimizer_v2(
            groups, opt=spec.name(), lr=peak, weight_decay=spec.weight_decay, **spec.settings()
        )
    except (TypeError, ValueError, ImportError) as error:
        message = f"timm cannot make the optimizer `{spec.name()}`: {error}"
        raise SpecError(Problem("ARC104", message, "see `options`, or choose another", "optimizer")) from error
    set_learning_rate(optimizer, peak)
    return optimizer


def parameter_groups(model: nn.Module, spec: specs.Optimizer) -> list[dict[str, Any]]:
    """The trainable parameters by decay and layer, in the network's order; a group holds their names as well."""
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    scales = layer_scales(model, spec.layer_decay, spec.layer_blocks) if spec.layer_decay is not None else {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decay = spec.weight_decay if is_decayed(name, parameter, spec.no_decay) else 0.0
            scale = scales.get(name, 1.0)
            empty = {"params": [], "names": [], "weight_decay": decay, "lr_scale": scale}
            group = groups.setdefault((scale, decay), empty)
            group["params"].append(parameter)
            group["names"].append(name)
    return list(groups.values())


def is_decayed(name: str, parameter: nn.Parameter, rules: tuple[str, ...]) -> bool:
    """Whether weight decay reaches a parameter; `norms_and_biases` is the rule of timm's own groups."""
    small = parameter.ndim <= 1 or name.endswith(".bias")
    return not any(small if rule == specs.NORMS_AND_BIASES else fnmatchcase(name, rule) for rule in rules)


def layer_scales(model: nn.Module, decay: float, blocks: int) -> dict[str, float]:
    """What the learning rate of each parameter is multiplied by: 1 in the head, less in every layer before it.

    So many blocks are one layer. The stem is the first; what stands before the blocks of a stage goes with the first
    of them, but in the first stage with the stem. The head, with the last norm, is a layer of its own.
    """
    layers = dict(_layers(model, blocks))
    last = max(layers.values(), default=0) + 1
    return {name: decay ** (last - layers.get(name, last)) for name, _ in model.named_parameters()}


def _layers(model: nn.Module, blocks: int) -> Iterator[tuple[str, int]]:
    """The layer of every parameter before the head: 0 in the stem, then counted over the blocks of all stages."""
    stages, before = list(model.stages), 0  # type: ignore[arg-type]
    yield from ((f"stem.{name}", 0) for name, _ in model.stem.named_parameters())  # type: ignore[union-attr]
    for index, stage in enumerate(stages):
        for name, _ in stage.named_parameters():
            kind, _, rest = name.partition(".")
            position = before + int(rest.partition(".")[0]) if kind == "blocks" else before
            layer = 0 if kind != "blocks" and index == 0 else 1 + position // blocks
            yield f"stages.{index}.{name}", layer
        before += len(stage.blocks)
