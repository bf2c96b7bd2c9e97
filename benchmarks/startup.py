"""How long commands take that need no tensors: processes started one after another, the fastest of each."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from benchmarks.timing import interleaved

COMMANDS = (("--help",), ("profile", "caformer_s18"), ("show", "caformer_s18"), ("ls", "archs"))


def run() -> None:
    """Start every command and print the time beside a bare interpreter's."""
    bare = [sys.executable, "-c", ""]
    started = {" ".join(words): [sys.executable, "-m", "archspec", *words] for words in COMMANDS}
    candidates = {
        name: partial(subprocess.run, words, check=True, capture_output=True)
        for name, words in {"a bare python": bare, **started}.items()
    }
    for name, seconds in interleaved(candidates, rounds=8).items():
        print(f"{1000 * seconds:6.0f} ms  {name}")
