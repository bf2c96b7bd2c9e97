"""The commands of `archspec space`."""

from __future__ import annotations
