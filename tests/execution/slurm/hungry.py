"""A run that needs memory, for long enough to be seen."""

from __future__ import annotations

import time

from tests.studies import fake

SIZE, SECONDS = 10**9, 6.0


def work(folder: str) -> int:
    """Take it, keep it for a while, and do what is to be done."""
    taken = b"\1" * SIZE
    time.sleep(SECONDS)
    return fake.work(folder) if taken else 1
