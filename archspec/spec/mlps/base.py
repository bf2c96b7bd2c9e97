"""What every channel mlp is, and having none."""

from __future__ import annotations

from typing import Literal

from archspec.spec.base import Spec


class ChannelMlp(Spec, family="mlps"):
    """What works on the channels of every token: (B, N, C) on a grid → (B, N, C)."""


class NoMlp(ChannelMlp):
    """No second branch: the block has the mixer's only."""

    kind: Literal["none"] = "none"
