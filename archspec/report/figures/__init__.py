"""Figures: numbers first, which are tested, then their drawing as Plotly's JSON, which is not looked into again."""

from __future__ import annotations
