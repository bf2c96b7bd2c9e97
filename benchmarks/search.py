"""How fast a space is filtered, and what a candidate costs to ask for once a thousand are known; on one core."""

from __future__ import annotations

import gc
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import fmean, median
from typing import Any

from archspec.spec.candidates import Candidates, Draw, candidates_of
from archspec.spec.conditions import condition
from archspec.spec.loading import load
from archspec.spec.nodes import Node
from archspec.spec.search import Search
from archspec.spec.space import SPACE
from archspec.studies.proposing import Proposals

COUNT = 500_000
KNOWN = 1000
MEASURED = 50
TEN = {
    "stages.depth": {"each": {"range": [1, 12]}},
    "stages.dim": {"each": {"range": [64, 512], "step": 32}},
    "stages.activation": {"choose": ["gelu", "relu", "star_relu"]},
    "stages.scaling": {"choose": ["none", "res_scale"]},
}
"""Ten decisions, none of which depends on another."""


def space(name: str, *where: str) -> Candidates:
    """The candidates of a space, of which more may be asked."""
    said = SPACE.load(name)
    return candidates_of(said, load(said.base), [condition(Node(text)) for text in where])


def filtering(count: int) -> None:
    """Draw candidates of the MetaFormer space, and hold them against bounds on params and MACs."""
    found = space("metaformer", "params <= 30M and macs <= 4.5G")
    draw, refused = Draw(random.Random(0)), Counter[str]()
    gc.freeze()
    start = time.process_time()
    for _ in range(count):
        refusal = found.refusal(found.quick(found.draw(draw)))
        refused[refusal.condition if refusal else "(wanted)"] += 1
    seconds = time.process_time() - start
    print(f"{count:,} candidates filtered in {seconds:.0f} s, {1e6 * seconds / count:.0f} µs each")
    for name, number in refused.most_common():
        print(f"  {number:>9,}  {name}")


def asking(title: str, candidates: Candidates) -> None:
    """Ask TPE for candidates once so many are known, journal included; in processor time."""
    search = Search.model_validate({"objectives": {"top1": "max"}, "sampler": "tpe", "trials": KNOWN})
    rng, spent = random.Random(0), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        proposals = Proposals(Path(folder) / "trials.journal", "bench", search, candidates)
        redrawn = 0
        for number in range(KNOWN + MEASURED):
            start = time.process_time()
            asked = proposals.ask()
            assert asked is not None
            spent.append(time.process_time() - start)
            values: dict[str, Any] = {"top1": rng.random()}
            proposals.tell(asked.number, "done", values)
            redrawn = asked.number - number
    last = [1e3 * seconds for seconds in spent[-MEASURED:]]
    said = f"median {median(last):.1f} ms, mean {fmean(last):.1f} ms"
    print(f"{title}: {said} an ask at {KNOWN:,} trials; {redrawn} candidates were drawn again")


def run() -> None:
    """Print both."""
    filtering(COUNT)
    said = SPACE.load({"space": "ten", "base": "caformer_s18", "vary": TEN})
    asking("ten decisions", candidates_of(said, load(said.base)))
    asking("the MetaFormer space", space("metaformer"))
