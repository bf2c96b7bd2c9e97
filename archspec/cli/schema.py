"""`archspec schema`: what editors need to complete and check documents."""

from __future__ import annotations

import json
from pathlib import Path

import click

from archspec.cli.ls import DOCUMENTS

KINDS = tuple(kind for kind, _ in DOCUMENTS.values())


@click.command(
    epilog="""
    \b
    Examples:
      archspec schema > arch.json
      archspec schema study
      archspec schema --out schemas
    """
)
@click.argument("kind", type=click.Choice(KINDS), required=False)
@click.option("--out", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write one file a kind into a folder.")  # fmt: skip
def schema(kind: str | None, folder: Path | None) -> None:
    """Print the JSON Schema of a document KIND, arch by default; with --out, write those of all kinds.

    A document that begins with `# yaml-language-server: $schema=schemas/arch.json` is then completed and checked while
    it is typed. Plugins' kinds are part of it, so write it again when they change.
    """
    from archspec.cli.console import out, talk
    from archspec.cli.format import count
    from archspec.spec.schema import schema as schema_of

    if folder is None:
        out(json.dumps(schema_of(kind or "arch"), indent=2))
        return
    folder.mkdir(parents=True, exist_ok=True)
    chosen = (kind,) if kind else KINDS
    for each in chosen:
        (folder / f"{each}.json").write_text(json.dumps(schema_of(each), indent=2) + "\n", encoding="utf-8")
    talk(f"{count(len(chosen), 'schema')} in {folder}")
