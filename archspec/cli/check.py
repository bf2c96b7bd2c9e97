"""`archspec check`: every mistake in YAML files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from archspec.errors import Problem


@click.command(
    epilog="""
    \b
    Examples:
      archspec check my_arch.yaml
      archspec check studies/ searchspaces/
      archspec check my_arch.yaml --format concise
      archspec check . --format github
    """
)
@click.argument("files", type=click.Path(path_type=Path), metavar="FILE…", nargs=-1, required=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["full", "concise", "json", "github"]),
    default="full",
    help="full shows the lines, concise one line a problem, json data, github annotations.",
)
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], form: str) -> None:
    """Check every document of every FILE; of a folder, every YAML file in it.

    Nothing is built or run. Exit code 1 when anything is wrong.
    """
    from archspec.cli.console import out, out_json, talk, width
    from archspec.cli.problems import plain, shown

    reports = [report(file) for file in found(files)]
    problems = list(dict.fromkeys(problem for each in reports for problem in each.problems))
    if form == "json":
        out_json([plain(problem) for problem in problems])
    elif problems:
        out(shown(problems, form, width()))
    talk(verdict(reports, len(problems)), "bad" if problems else "good")
    ctx.exit(1 if problems else 0)


class Report(NamedTuple):
    """What a file holds: its problems, and how many of its documents are fine."""

    file: Path
    problems: list[Problem]
    documents: int
    fine: int


def found(paths: tuple[Path, ...]) -> Iterator[Path]:
    """The files that are meant, folders opened; a path that is no folder is taken as it is."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(file for pattern in ("*.yaml", "*.yml") for file in path.rglob(pattern))
        if not inside:
            raise click.UsageError(f"there is no YAML file in {path}")
        yield from inside


def report(file: Path) -> Report:
    """Check one file."""
    from archspec.errors import Mark, SpecError
    from archspec.spec.checking import check_document, check_file
    from archspec.spec.shelf import read_file_cached

    problems = [problem.at(Mark(str(file), 1, 1)) for problem in check_file(file)]
    try:
        documents = read_file_cached(file)
    except SpecError:
        return Report(file, problems, 0, 0)
    wrong = sum(bool(check_document(document)) for document in documents) if problems else 0
    return Report(file, problems, len(documents), len(documents) - wrong)


def verdict(reports: list[Report], problems: int) -> str:
    """The last word."""
    from archspec.cli.format import count

    documents, fine = sum(each.documents for each in reports), sum(each.fine for each in reports)
    files = count(len(reports), "file")
    whole = f"{count(documents, 'document')} in {files}" if documents else files
    if not problems:
        return f"{whole}: all fine" if documents > 1 else f"{whole}: fine"
    return f"{whole}: {count(problems, 'problem')}" + (f", {count(fine, 'document')} fine" if documents else "")
