"""Channel mlps, one file a kind."""

from __future__ import annotations

from archspec.spec.mlps.base import ChannelMlp as ChannelMlp
