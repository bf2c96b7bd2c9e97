"""One step: the effective batch in micro-batches, its gradient over all processes, and the update."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.compiler.network import Network
from archspec.errors import ArchspecError
from archspec.nn.norms import statistics
from archspec.spec.recipe import Recipe
from archspec.training.data import Batch
from archspec.training.dropping import Dropping, micro_batches
from archspec.training.environment import World, autocast
from archspec.training.optimizing import optimizer_for
from archspec.training.scheduling import set_learning_rate

Say = Callable[[str], None]

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "_ALLOC_FAILED")
"""What torch, CUDA's libraries and the CPU's allocator say where memory is full."""


class DivergedError(ArchspecError):
    """A number that training rests on is no longer finite."""

    def __init__(self, step: int, culprit: str) -> None:
        super().__init__(f"training diverged in step {step}: the {culprit} is not finite")
        self.step, self.culprit = step, culprit


class Learner:
    """A network that learns, and everything that changes while it does."""

    def __init__(
        self, network: Network, recipe: Recipe, seed: int, *, device: torch.device, world: World, say: Say
    ) -> None:
        self.recipe, self.world, self.device, self.say = recipe, world, device, say
        self.network = network.to(device)
        self.average = copy.deepcopy(self.network) if recipe.ema is not None else None
        self.optimizer = optimizer_for(self.network, recipe, recipe.batch)
        self.scaler = torch.amp.GradScaler(device.type, enabled=recipe.precision == "fp16")
        constant = recipe.drop_path_rule == "constant"
        self.dropping = Dropping(self.network, seed, recipe.drop_path, recipe.head_dropout, constant=constant)
        self.parameters = {name: p for name, p in self.network.named_parameters() if p.requires_grad}
        self.statistics = statistics(self.network)
        self.micro = recipe.micro_batch or recipe.batch
        if recipe.grad_checkpointing:
            self.network.recompute()
        self.forward = compiled(self.network, recipe.compile, say)

    def step(self, number: int, batch: Batch, rate: float) -> float:
        """Learn from one effective batch; its mean loss."""
        self.network.train()
        set_learning_rate(self.optimizer, rate)
        self.dropping.decide(number, batch.total)
        loss = self._gathered(batch)
        self.scaler.unscale_(self.optimizer)
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        value, length = torch.stack([loss, norm.double()]).tolist()
        if not math.isfinite(value) or not (math.isfinite(length) or self._may_overflow()):
            raise DivergedError(number, self._culprit())
        self._update(norm)
        return float(value)

    def _gathered(self, batch: Batch) -> Tensor:
        """Fill the gradients of all processes with those of the whole effective batch."""
        while True:
            try:
                self.optimizer.zero_grad(set_to_none=True)
                loss = self._accumulated(batch)
                break
            except RuntimeError as error:
                if not _out_of_memory(error) or self.micro == 1:
                    raise
            self._halve(len(batch.images))
        for parameter in self.parameters.values():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.world.add([p.grad for p in self.parameters.values() if p.grad is not None])
        self.world.add([loss])
        self._share_statistics()
        return loss

    def _share_statistics(self) -> None:
        """Give all processes the mean of what their batch norms have seen, so that they are one network still."""
        self.world.add(self.statistics)
        for running in self.statistics if self.world.size > 1 else ():
            running.div_(self.world.size)

    def _accumulated(self, batch: Batch) -> Tensor:
        """Forward and backward, micro-batch by micro-batch; each counts by its share of the effective batch."""
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        for piece, indices in micro_batches(batch.indices, self.micro):
            images = self.placed(batch.images[piece])
            self.dropping.cut(indices, self.device)
            with self.autocast():
                logits = self.forward(images)
            loss = self.loss(logits.float(), batch.targets[piece].to(self.device)) / batch.total
            torch.autograd.backward(self.scaler.scale(loss))
            total += loss.detach()
        return total

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The sum over images."""
        smoothing = self.recipe.label_smoothing if targets.ndim == 1 else 0.0
        return F.cross_entropy(logits, targets, reduction="sum", label_smoothing=smoothing)

    def placed(self, images: Tensor) -> Tensor:
        """Images where the network is."""
        images = images.to(self.device, non_blocking=True)
        return images.contiguous(memory_format=torch.channels_last) if self.recipe.channels_last else images

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision of forward passes."""
        return autocast(self.recipe.precision, self.device)

    def _halve(self, share: int) -> None:
        self.micro = max(1, min(self.micro, share) // 2)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.say(f"out of memory: going on with micro-batches of {self.micro}")

    def _may_overflow(self) -> bool:
        """Whether the scaler may still find a scale at which half precision holds the gradient."""
        return self.scaler.is_enabled() and self.scaler.get_scale() >= 1

    def _culprit(self) -> str:
        """What is not finite: the first parameter or gradient, or else only the loss."""
        for kind, tensors in (("parameter", self.parameters), ("gradient of", self._gradients())):
            for name, tensor in tensors.items():
                if not bool(tensor.isfinite().all()):
                    return f"{kind} {name}"
        return "loss"

    def _gradients(self) -> dict[str, Tensor]:
        return {name: p.grad for name, p in self.parameters.items() if p.grad is not None}

    def _update(self, norm: Tensor) -> None:
        clip = self.recipe.optimizer.clip
        if clip is not None:
            torch.nn.utils.clip_grads_with_norm_(self.parameters.values(), clip, norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.average is not None and self.recipe.ema is not None:
            follow(self.average, self.network, self.recipe.ema)

    def state(self, step: int) -> dict[str, Any]:
        """Everything that a later attempt needs, in plain tensors and numbers."""
        if bad := [name for name, p in self.parameters.items() if not bool(p.isfinite().all())]:
            raise DivergedError(step, f"parameter {bad[0]}")
        average = None if self.average is None else self.average.state_dict()
        named = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}
        return {**named, "scaler": self.scaler.state_dict(), "average": average, "micro": self.micro}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what was saved."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.micro = int(state["micro"])


def _out_of_memory(error: RuntimeError) -> bool:
    return any(words in str(error) for words in OUT_OF_MEMORY)


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move an average a little towards the network."""
    for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


def compiled(network: Network, mode: str, say: Say) -> Callable[[Tensor], Tensor]:
    """The network, compiled if that is asked for; `auto` goes without where there is no compiler."""
    if mode == "off":
        return network
    if mode == "auto" and (lack := _compiler_lacking(next(network.parameters()).device)):
        say(f"warning: not compiled, since no compiler works here ({lack}); `compile: off` says so in the recipe")
        return network
    result: Callable[[Tensor], Tensor] = torch.compile(network)
    return result


def _compiler_lacking(device: torch.device) -> str:
    """Why nothing can be compiled here; nothing where something can."""
    try:
        torch.compile(torch.nn.functional.gelu)(torch.zeros(8, device=device))
    except Exception as error:  # whatever a compiler that is not there makes torch raise
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""
