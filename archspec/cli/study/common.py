"""What the commands about studies share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from archspec.cli.options import DocumentName

if TYPE_CHECKING:
    from archspec.studies.plan import PlannedArm


class Seeds(click.ParamType[tuple[int, ...]]):
    """Whole numbers: 0,1,2 or 0-4."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers, each once."""
        if isinstance(value, tuple):
            return value
        parts = [re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part.strip()) for part in str(value).split(",")]
        if not all(parts):
            self.fail(f"`{value}` are no seeds; write 0,1,2 or 0-4", param, ctx)
        ranges = [range(int(part[1]), int(part[2] or part[1]) + 1) for part in parts if part]
        return tuple(dict.fromkeys(seed for numbers in ranges for seed in numbers))


study_argument = click.argument("study", type=DocumentName("study"), metavar="STUDY")
profile_option = click.option(
    "--profile",
    metavar="P",
    default="",
    help="As one of its profiles has it; each has `check`: two small steps.",
)
seeds_option = click.option("--seeds", type=Seeds(), metavar="LIST", help="Other seeds than the study's: 0,1,2 or 0-4.")
runner_option = click.option(
    "--runner",
    type=DocumentName("runner"),
    metavar="R",
    default="local",
    show_default=True,
    help="Where: `archspec ls runners`.",
)
only_option = click.option(
    "--only",
    metavar="ARM",
    multiple=True,
    help="Only this arm, or this factor's arms. Repeatable.",
)


def chosen(arms: tuple[PlannedArm, ...], only: tuple[str, ...], *, compared: bool = False) -> set[str]:
    """The ids of the arms that `--only` names, by id, name or factor, and perhaps of what they are compared with."""
    if not only:
        return {arm.id for arm in arms}
    found: set[str] = set()
    for word in only:
        named = [arm for arm in arms if word in (arm.id, arm.name, arm.factor)]
        if not named:
            from archspec.errors import near

            known = [*dict.fromkeys(word for arm in arms for word in (arm.name, arm.factor) if word)]
            raise click.UsageError(f"there is no arm or factor `{word}`: {near(word, known)}")
        found |= {name for arm in named for name in (arm.id, compared and arm.against) if name}
    return found
