"""For whoever drives nothing: what SLURM says of jobs, and an end to them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archspec.execution.slurm.asking import Word, queue
from archspec.execution.slurm.batch import batches
from archspec.execution.slurm.task import stop


def look(ledger: Path, jobs: Iterable[str]) -> dict[str, Word]:
    """What SLURM says of those jobs that were handed to it; it is asked only where there are any."""
    wanted = set(jobs)
    held = [batch for batch in batches(ledger) if wanted & set(batch.jobs)]
    words = (queue() if held else None) or {}
    found: dict[str, Word] = {}
    for batch in held:
        for name, pack in batch.tasks(batch.number(words) or "").items():
            word = words.get(name)
            if word is not None and word.name == batch.name:
                found |= {job: word for job, _ in pack if job in wanted and (word.live or job not in found)}
    return found


def cancel(ledger: Path, jobs: Iterable[str]) -> int:
    """Have jobs save and stop, and leave the queue; how many there were. Nobody submits them again."""
    names = sorted({word.id for word in look(ledger, jobs).values() if word.live})
    stop(names)
    return len(names)
