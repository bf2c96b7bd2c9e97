"""Networks to choose from: the arms of a study, and the archs that have a name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from archspec.report.table import Table
from archspec.spec.shelf import names


class Choice(NamedTuple):
    """Networks that stand together in a list."""

    title: str
    options: list[tuple[str, str]]
    """What stands in the address, and what a reader sees."""


def networks(table: Table) -> list[Choice]:
    """The arms, baseline by baseline, then what is on the shelf."""
    found = []
    for block in table.blocks:
        options = [(row.planned.id, table.names[row.planned.id]) for row in block.rows]
        found.append(Choice(f"arms on {block.baseline.label}", options))
    return [*found, Choice("archs", [(name, name) for name in names("arch")])]


def known(choices: Iterable[Choice]) -> dict[str, str]:
    """Every choice by what stands in the address."""
    return dict(reversed([option for choice in choices for option in choice.options]))
