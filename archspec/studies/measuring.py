"""What a search knows of a run: how it does on val after each epoch, and how fast it is. The test stays unseen."""

from __future__ import annotations

from typing import Any

from archspec.records.known import Known
from archspec.records.run import RunFolder
from archspec.spec.proxies import SCORE

NAMES = {"top1": ("ema_top1", "top1"), "top5": ("ema_top5", "top5"), "loss": ("ema_loss", "val_loss")}
"""What is called what in a line of metrics; of an average, where one is kept, before the weights themselves."""


def learned(line: dict[str, Any], metric: str) -> float | None:
    """A metric of val in a line of metrics, if it was measured then."""
    return next((float(line[name]) for name in NAMES[metric] if line.get(name) is not None), None)


def curve(run: RunFolder, metric: str) -> dict[int, float]:
    """A metric of val, by epoch."""
    found = {int(line["epoch"]): learned(line, metric) for line in run.metrics()}
    return {epoch: value for epoch, value in found.items() if value is not None}


def looked(known: Known) -> float:
    """What a proxy comes to."""
    return known.scores[SCORE]


def reached(run: RunFolder, known: Known) -> dict[str, float]:
    """What a finished run has reached, at the epoch that its recipe chooses."""
    chosen = int((run.result() or {}).get("epoch", 0))
    lines = run.metrics()
    line = next((one for one in lines if one["epoch"] == chosen), lines[-1] if lines else {})
    found = {metric: learned(line, metric) for metric in NAMES}
    found |= {"throughput": known.images_per_second, "peak_memory": known.memory_mib}
    return {metric: value for metric, value in found.items() if value is not None}
