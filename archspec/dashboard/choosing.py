"""Networks to choose from: the arms of a study, the best candidates of a search, and the archs that have a name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from archspec.dashboard.study import Study
from archspec.report.sheets import MOST
from archspec.spec.shelf import names


class Choice(NamedTuple):
    """Networks that stand together in a list."""

    title: str
    options: list[tuple[str, str]]
    """What stands in the address, and what a reader sees."""


def networks(study: Study) -> list[Choice]:
    """The arms, baseline by baseline, what a search has found, then what is on the shelf."""
    table = study.table
    arms = {f"arms on {block.baseline.label}": [row.planned.id for row in block.rows] for block in table.blocks}
    if table.search and (best := table.search.best(MOST)):
        arms["best candidates"] = [trial.arm for trial in best]
    found = [Choice(title, [(arm, study.names[arm]) for arm in ids]) for title, ids in arms.items()]
    return [*found, Choice("archs", [(name, name) for name in names("arch")])]


def known(choices: Iterable[Choice]) -> dict[str, str]:
    """Every choice by what stands in the address."""
    return dict(reversed([option for choice in choices for option in choice.options]))
