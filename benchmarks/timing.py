"""Timing several things fairly on a machine that is not ours alone: in turns, and the best of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping


def interleaved(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The fewest seconds each candidate took over some rounds, the candidates taking turns; one round warms up."""
    best = dict.fromkeys(candidates, float("inf"))
    for number in range(rounds + 1):
        for name, candidate in candidates.items():
            start = time.perf_counter()
            candidate()
            if number:
                best[name] = min(best[name], time.perf_counter() - start)
    return best
