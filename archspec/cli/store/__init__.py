"""The commands of `archspec store`."""

from __future__ import annotations
