"""Where output goes: data to stdout, talk to stderr; as wide as the terminal, and as wide as it likes elsewhere."""

from __future__ import annotations

import json
import shutil
import sys
from typing import Any

import click

from archspec.cli.format import cells, wrapped

LOOKS: dict[str, dict[str, Any]] = {
    "": {},
    "head": {"bold": True},
    "name": {"fg": "cyan"},
    "dim": {"dim": True},
    "good": {"fg": "green"},
    "warn": {"fg": "yellow"},
    "bad": {"fg": "red"},
}
NARROWEST = 40


def width(*, err: bool = False) -> int | None:
    """The columns of the terminal; None where the output goes elsewhere and nothing needs to fit."""
    stream = sys.stderr if err else sys.stdout
    return max(NARROWEST, shutil.get_terminal_size().columns) if stream.isatty() else None


def styled(text: str, look: str) -> str:
    """A text in one of the few looks; click takes colours out again where they do not belong."""
    return click.style(text, **LOOKS[look]) if LOOKS[look] and text else text


def out(text: str = "") -> None:
    """A line of data."""
    click.echo(text)


def talk(text: str, look: str = "") -> None:
    """A line for the person at the terminal."""
    for line in folded(text, width(err=True)):
        click.echo(styled(line, look), err=True)


def out_json(data: Any) -> None:
    """Data for a program."""
    click.echo(json.dumps(data, indent=2))


def folded(text: str, columns: int | None, indent: int = 0) -> list[str]:
    """A text in lines that fit; what follows the first is indented."""
    if columns is None or cells(text) <= columns:
        return [text]
    first, *rest = wrapped(text, columns, columns - indent)
    return [first, *(" " * indent + line for line in rest)]
