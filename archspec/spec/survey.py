"""What a space holds, by drawing from it: how many candidates meet its conditions, and what they cost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from archspec.spec.arch import Arch
from archspec.spec.candidates import Candidates, Draw
from archspec.spec.decisions import Choices

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
MEASURED = ("params", "macs", "activations")


@dataclass
class Survey:
    """Candidates drawn at random."""

    drawn: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """The first condition that a candidate missed, and how many did."""
    costs: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in MEASURED})
    """What those cost that meet everything."""

    @property
    def feasible(self) -> float:
        """The share that meets everything."""
        return 1 - sum(self.refused.values()) / self.drawn if self.drawn else 0.0

    def quantiles(self, name: str) -> dict[float, int]:
        """How a cost is spread."""
        ordered = sorted(self.costs[name])
        return {share: ordered[round(share * (len(ordered) - 1))] for share in QUANTILES} if ordered else {}

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        spread = {name: {f"{share:g}": cost for share, cost in self.quantiles(name).items()} for name in self.costs}
        return {"drawn": self.drawn, "feasible": self.feasible, "refused": dict(self.refused), "costs": spread}


def survey(candidates: Candidates, draws: int, seed: int = 0) -> Survey:
    """Draw so many candidates."""
    found, draw = Survey(), Draw(random.Random(seed))  # noqa: S311 - the same candidates every time
    for _ in range(draws):
        arch = candidates.quick(candidates.draw(draw))
        refusal = candidates.refusal(arch)
        found.drawn += 1
        if refusal is not None:
            found.refused[refusal.condition] += 1
            continue
        for name, costs in found.costs.items():
            costs.append(getattr(arch.layout.cost, name))
    return found


def samples(candidates: Candidates, count: int, draws: int, seed: int = 0) -> Iterator[tuple[Choices, Arch]]:
    """So many candidates that meet everything, if as many are found in so many draws for each."""
    draw, left = Draw(random.Random(seed)), count * draws  # noqa: S311 - the same candidates every time
    while count and left:
        left -= 1
        chosen = candidates.draw(draw)
        if candidates.refusal(candidates.quick(chosen)) is None:
            count -= 1
            yield chosen, candidates.arch(chosen)
