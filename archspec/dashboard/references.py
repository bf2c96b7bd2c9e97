"""What papers print about the networks that have a name here."""

from __future__ import annotations

from functools import cache

from archspec.report.figures.tradeoffs import Printed
from archspec.spec.api import load
from archspec.spec.shelf import names


@cache
def references() -> tuple[tuple[str, Printed], ...]:
    """Every network with a printed accuracy, behind the paper it is from."""
    found = []
    for name in names("arch"):
        said = load(name).reference
        if said is not None and said.top1 is not None:
            printed = {"params": said.params, "macs": said.macs}
            costs = {cost: float(figure) for cost, figure in printed.items() if figure is not None}
            found.append((said.paper or "", Printed(name, float(said.top1), costs)))
    return tuple(found)
