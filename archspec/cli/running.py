"""What the commands about runs share: where the store is, which run is meant, and how a result is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from archspec.records.run import RunFolder

store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="ARCHSPEC_STORE",
    default=Path("archspec-store"),
    show_default=True,
    help="Where runs live; also $ARCHSPEC_STORE.",
)
run_argument = click.argument("run", metavar="RUN")


def run_at(reference: str, store: Path) -> RunFolder | None:
    """The run of a folder, or of a key or the beginning of one in the store."""
    from archspec.records.run import RunFolder
    from archspec.records.store import Store

    if RunFolder(Path(reference)).exists():
        return RunFolder(Path(reference))
    known = Store(store).keys()
    keys = [key for key in known if len(reference) >= 4 and key.startswith(reference)]
    if len(keys) > 1:
        raise click.UsageError(f"`{reference}` begins {len(keys)} keys: {', '.join(keys[:4])}")
    return RunFolder(Store(store).run(keys[0])) if keys else None


def found_run(reference: str, store: Path) -> RunFolder:
    """The same; there must be one."""
    run = run_at(reference, store)
    if run is None:
        message = f"there is no run `{reference}`: a run is a folder with a run.yaml, or a key in {store}"
        raise click.ClickException(message)
    return run


def finished_model(run: RunFolder) -> Path:
    """The file of a finished run's network."""
    if run.measures:
        measured = run.measured()
        where = f"the network is that of {measured.path}" if measured else "its network is not trained"
        raise click.ClickException(f"{run.path} is a measurement; {where}")
    result = run.result()
    if result is None or result["state"] != "done":
        raise click.ClickException(f"{run.path} has no finished network; `archspec logs {run.path}` says why")
    return run.attempt(int(result["attempt"])).model


def told(scores: dict[str, Any]) -> str:
    """Scores in a line."""
    return f"top-1 {scores['top1']:.2f} %  top-5 {scores['top5']:.2f} %  loss {scores['loss']:.4f}"
