"""The rules of the house: imports, sizes, documentation, the public face, the repository."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "archspec"


def sources() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    named = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(REPOSITORY).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return named


def shown(file: Path) -> str:
    """A file as tests name it."""
    return str(file.relative_to(REPOSITORY))
