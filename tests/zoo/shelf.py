"""The architectures that ship with archspec, loaded from their own files whatever $ARCHSPEC_PATH says."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import archspec
from archspec.spec.arch import Arch
from archspec.spec.reading import read_file

HERE = Path(__file__).parent
FILES = sorted((Path(archspec.__file__).parent / "zoo").glob("*.yaml"))
HOMES = {document.name: file for file in FILES for document in read_file(file)}
"""Every name on the shelf and the file it is written in."""
NAMES = sorted(HOMES)


@cache
def shipped(name: str) -> Arch:
    """An arch of the zoo."""
    return archspec.load(f"{HOMES[name]}:{name}")
