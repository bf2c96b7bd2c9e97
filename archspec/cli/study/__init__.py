"""The commands of `archspec study`."""

from __future__ import annotations
