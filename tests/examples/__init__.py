"""The examples work."""

from __future__ import annotations
