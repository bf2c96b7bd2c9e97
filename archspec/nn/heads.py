"""Heads: from the last stage's tokens to logits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from archspec.nn.inits import ZeroLinear
from archspec.spec import heads as specs
from archspec.spec.place import Place


class Head(nn.Module, ABC):
    """norm_before, pool, norm_after, what the kind does, and the classifier: the linear layer that makes the logits."""

    classifier_name = "fc"
    has_hidden = False
    """Whether it computes features of its own, which can be dropped in training."""

    def __init__(self, spec: Any, at: Place) -> None:
        super().__init__()
        self.norm_before = spec.norm_before.build(at)
        self.pool = spec.pool.build(at)
        self.norm_after = spec.norm_after.build(spec.pooled(at))

    @property
    def classifier(self) -> nn.Module:
        """The last layer; an identity where there are no classes."""
        return getattr(self, self.classifier_name)  # type: ignore[no-any-return]

    def reset(self, classes: int) -> None:
        """Put a classifier for another number of classes in place of the one there is; for 0, none."""
        setattr(self, self.classifier_name, self.made(classes) if classes else nn.Identity())

    @abstractmethod
    def made(self, classes: int) -> nn.Linear:
        """A classifier."""

    def pooled(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, C'): what the classifier looks at; norms see it as one token."""
        x = self.pool(self.norm_before(x)).unsqueeze(1)
        return self.norm_after(x).squeeze(1)  # type: ignore[no-any-return]

    def forward(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """(B, N, C) → (B, classes), or what stands before the classifier."""
        x = self.pooled(x)
        return x if pre_logits else self.classifier(x)


class Linear(Head):
    """One linear layer."""

    def __init__(self, spec: specs.Linear, at: Place) -> None:
        super().__init__(spec, at)
        self.width, self.bias, self.kind = spec.pool.width(at), bool(spec.bias), spec.init
        self.fc = self.made(at.out)

    def made(self, classes: int) -> nn.Linear:
        """A classifier, which starts as the arch's scheme says or at zero."""
        return {"inherit": nn.Linear, "zeros": ZeroLinear}[self.kind](self.width, classes, bias=self.bias)


class Mlp(Head):
    """Two linear layers with an activation and a norm between them."""

    classifier_name = "fc2"
    has_hidden = True

    def __init__(self, spec: specs.Mlp, at: Place) -> None:
        super().__init__(spec, at)
        self.width, self.bias = spec.hidden(at), bool(spec.bias)
        between = at.pooled().wide(self.width)
        self.fc1 = nn.Linear(spec.pool.width(at), self.width, bias=self.bias)
        self.activation = spec.activation.build(between)
        self.norm = spec.norm.build(between)
        self.fc2 = self.made(at.out)

    def made(self, classes: int) -> nn.Linear:
        """A classifier."""
        return nn.Linear(self.width, classes, bias=self.bias)

    def pooled(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, hidden)."""
        x = self.activation(self.fc1(super().pooled(x))).unsqueeze(1)
        return self.norm(x).squeeze(1)  # type: ignore[no-any-return]
