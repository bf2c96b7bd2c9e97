"""What runs died of, in words."""

from __future__ import annotations

import re
from pathlib import Path

from archspec.errors import FullError
from archspec.execution.jobs import Ended
from archspec.records.files import read_json
from archspec.records.known import Known
from archspec.records.run import RunFolder

FULL = re.compile(rf"^{FullError.__module__}\.{FullError.__name__}: (.+)$", re.MULTILINE)
"""The end of a traceback, whoever printed it."""
LESS = "a smaller `micro_batch` or `grad_checkpointing: true` needs less, and the result stays the same"


def disk_full(ended: Ended) -> str:
    """What was said of a disk that is full; nothing where that is not what a run died of."""
    found = FULL.search(ended.error)
    return found[1] if found else ""


def last_words(ended: Ended, log: Path) -> str:
    """What was said last, in a line; of a process that said nothing, how it ended."""
    if ended.error:
        return ended.error.strip().splitlines()[-1]
    if ended.code < 0:
        return f"its process died of signal {-ended.code}"
    return f"its process ended with code {ended.code} before it had begun; {log} may say why"


def unheard_of(run: RunFolder, known: Known) -> str:
    """Where somebody else works on a run, or did: what to do if that host is gone, which nobody can know from here."""
    newest = run.newest()
    if known.state != "unknown" or newest is None:
        return known.reason
    host = (read_json(newest.lease) or {}).get("host", "another host")
    gone = f"if nothing works on it there any more, delete {newest.lease}"
    return known.reason or f"{host} was at work on it, and is silent; {gone}"


def out_of_memory(said: str, had: int) -> str:
    """What was said of too little memory, how much there was, and what needs less."""
    last = f", the last time with {had / 2**30:.1f} GiB" if had else ""
    return f"out of memory{last}: {said}; {LESS}"
