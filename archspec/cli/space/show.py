"""`archspec space show`: what is left open, and what is asked for."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import json_option
from archspec.cli.space.common import opened, space_argument

if TYPE_CHECKING:
    from archspec.cli.table import Row
    from archspec.spec.candidates import Candidates
    from archspec.spec.decisions import Answer, Numbers


@click.command(
    epilog="""
    \b
    Examples:
      archspec space show metaformer_mixers
      archspec space show metaformer --json
    """
)
@space_argument
@json_option
def show(space: str, *, as_json: bool) -> None:
    """Show the decisions of SPACE, each with its possible answers, and the conditions on candidates."""
    from archspec.cli.console import out, out_json, width
    from archspec.cli.space.size import amount, exact
    from archspec.cli.table import Column, table

    found = opened(space, ())
    asked = {name: answers for one in found.open for name, answers in one.part.decisions()}
    if as_json:
        said = {"base": found.base.arch, "size": exact(found), "where": _conditions(found)}
        out_json({**said, "decisions": {name: _plain(answers) for name, answers in asked.items()}})
        return
    out(f"{space}: {found.base.arch or 'an arch described in place'} in {amount(found)} ways")
    out("")
    for line in table([Column("decision"), Column("answers")], _rows(asked), width()):
        out(line)
    for text in _conditions(found):
        out(f"where {text}")


def _rows(asked: dict[str, tuple[Answer, ...] | Numbers]) -> list[Row]:
    """A row a decision; stages that decide the same, each for itself, stand in one: `stages.{0,1,3}.mixer`."""
    from archspec.spec.decisions import Numbers
    from archspec.spec.writing import flow

    alike: dict[tuple[str, str], list[str]] = {}
    for name, answers in asked.items():
        said = str(answers) if isinstance(answers, Numbers) else " | ".join(map(flow, answers))
        stage = re.match(r"stages\.(\d+)\.", name)
        shared = f"stages.{{}}{name[stage.end(1) :]}" if stage else name
        alike.setdefault((shared, said), []).append(stage[1] if stage else "")
    return [
        [shared.replace("{}", stages[0] if len(stages) == 1 else f"{{{','.join(stages)}}}"), said]
        for (shared, said), stages in alike.items()
    ]


def _plain(answers: tuple[Answer, ...] | Numbers) -> Any:
    from archspec.spec.decisions import Numbers

    return asdict(answers) if isinstance(answers, Numbers) else list(answers)


def _conditions(found: Candidates) -> list[str]:
    return [condition.text for condition in found.conditions]
