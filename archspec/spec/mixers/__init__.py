"""Token mixers, one file a kind."""

from __future__ import annotations

from archspec.spec.mixers.base import Mixer as Mixer
