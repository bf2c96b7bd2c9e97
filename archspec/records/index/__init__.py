"""The SQL index over the run folders: brought up to date by whoever opens it, and rebuilt at will."""

from __future__ import annotations

from archspec.records.index.index import Index

__all__ = ["Index"]
