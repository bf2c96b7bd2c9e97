"""What a study has found: a table of numbers, sentences and figures, and the ways to show them."""

from __future__ import annotations
