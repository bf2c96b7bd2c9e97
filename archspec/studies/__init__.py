"""Studies: what is varied becomes a plan of runs, and a plan is driven until every run has its result."""

from __future__ import annotations
