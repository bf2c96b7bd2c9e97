"""Memory: a login node has little for each of us, and C's allocator gives nothing back by itself."""

from __future__ import annotations

import ctypes
from contextlib import suppress

ARENAS, TRIM = -8, -1
"""The numbers of two options of `mallopt`: how many heaps there are, and how much of one may be left unused."""
UNUSED = 64 * 1024


def frugal() -> None:
    """Have all threads share one heap. Where the C library is another one, nothing changes."""
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(ARENAS, 1)
        library.mallopt(TRIM, UNUSED)


def release() -> None:
    """Give back what is not used any more."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
