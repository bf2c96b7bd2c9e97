"""`archspec init`: something to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from archspec.cli.options import json_option


@click.command(
    epilog="""
    \b
    Examples:
      archspec init digits
      archspec init birds --data ~/pictures/birds
    """
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--data", default="digits", show_default=True, metavar="FOLDER", help="Images: one folder a class.")
@json_option
def init(folder: Path, data: str, as_json: bool) -> None:
    """Write an arch, a recipe and a study into DIR, ready to run and easy to change.

    FOLDER holds one folder a class, or `train` and `val` folders that do; whatever else a recipe may call `data` is
    fine, too. The size of its images, their number and their classes decide what is written. Nothing is overwritten.
    """
    from archspec.cli.console import out, out_json, talk
    from archspec.cli.starter import FILES, name_for, subject, written
    from archspec.records.files import make_folder, write_atomic

    if there := [folder / name for name in FILES if (folder / name).exists()]:
        raise click.ClickException(f"{there[0]} is there already, and nothing is overwritten; choose another folder")
    about = subject(data)
    files = {folder / name: text for name, text in written(name_for(folder), about).items()}
    make_folder(folder)
    for path, text in files.items():
        write_atomic(path, text)
    commands = next_commands(folder)
    if as_json:
        known = {name: getattr(about, name) for name in ("data", "classes", "channels", "images", "resolution")}
        out_json({"files": [str(path) for path in files], **known, "commands": commands})
        return
    talk(f"{about.images:,} images of {about.classes} classes to learn from, at {about.resolution} px")
    for path in files:
        out(str(path))
    talk("Next:", "dim")
    for command in commands:
        talk(f"  {command}", "name")


def next_commands(folder: Path) -> list[str]:
    """What one would type now."""
    arch, recipe, study = (shlex.quote(str(folder / f"{kind}.yaml")) for kind in ("arch", "recipe", "study"))
    check = f"archspec check {shlex.quote(str(folder))}"
    train = f"archspec train {arch} --recipe {recipe}"
    return [check, f"archspec show {arch}", train, f"archspec study plan {study}", f"archspec study run {study}"]
