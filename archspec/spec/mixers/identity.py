"""No mixing at all: IdentityFormer's."""

from __future__ import annotations

from typing import Literal

from archspec.spec.mixers.base import Mixer


class Identity(Mixer):
    """The identity; the branch, its norm included, stays."""

    kind: Literal["identity"] = "identity"
