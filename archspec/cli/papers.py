"""What a paper prints about a network, beside what is computed."""

from __future__ import annotations

from typing import Any, NamedTuple

from archspec.spec.arch import Arch
from archspec.spec.cost import Cost

FIGURES = ("params", "macs", "frozen_params")
"""What is computed, and so compared, in the order of the tables."""


class Claim(NamedTuple):
    """A figure as printed, and whether ours rounds to it; None where there is nothing to compare."""

    name: str
    text: str
    agrees: bool | None


def claims(arch: Arch, cost: Cost, size: Any) -> list[Claim]:
    """What the paper says about an arch at an image size."""
    reference = arch.reference
    if reference is None:
        return []
    figures = reference.of(size, arch.input.size)
    said = {"params": reference.params, "frozen_params": reference.frozen_params}
    if figures is not None:
        said["macs"] = figures.macs
    found = [Claim(n, p.text, p.agrees(getattr(cost, n))) for n, p in said.items() if p is not None]
    if figures is not None and figures.top1 is not None:
        found.append(Claim("top1", _accuracy(figures.top1), None))
    return found


def printed(arch: Arch) -> dict[str, Any] | None:
    """Everything the paper says about an arch, as plain data."""
    return arch.reference.model_dump(mode="json", exclude_defaults=True) if arch.reference else None


def marked(claim: Claim) -> str:
    """A figure as the paper prints it, with a ✗ in front where ours does not round to it."""
    return claim.text if claim.agrees in (True, None) else f"✗ {claim.text}"


def _accuracy(percent: float) -> str:
    """Papers print one decimal, rarely more."""
    return f"{percent:.1f}" if round(percent, 1) == percent else f"{percent:g}"
