"""The tests: same names, same folders as the package."""

from __future__ import annotations
