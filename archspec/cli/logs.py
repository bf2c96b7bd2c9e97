"""`archspec logs`: what a run said."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archspec.cli.running import found_run, run_argument, store_option

if TYPE_CHECKING:
    from archspec.records.run import RunFolder

PAUSE = 0.5
"""Seconds between two looks."""
EVERY = 10.0
"""Seconds between two questions to SLURM."""


@click.command(
    epilog="""
    \b
    Examples:
      archspec logs 3f2a
      archspec logs archspec-store/runs/3f2a9c1b -f
    """
)
@run_argument
@click.option("--follow", "-f", is_flag=True, help="Go on until the run ends.")
@store_option
def logs(run: str, follow: bool, store: Path) -> None:
    """Print the log of a RUN's newest attempt. RUN is a folder, or a key, or how one begins."""
    folder = found_run(run, store)
    seen, goes_on = _print(folder, ("", 0)), _GoesOn(folder)
    while follow and goes_on():
        time.sleep(PAUSE)
        seen = _print(folder, seen)
    _print(folder, seen)


class _GoesOn:
    """Whether a run's log may grow: somebody works on it, or SLURM says that somebody will."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder, self.look, self.said = folder, 0.0, ""

    def __call__(self) -> bool:
        """Look at the folder, and now and then ask SLURM."""
        attempt = self.folder.newest()
        if self.folder.result() is not None:
            return False
        if attempt is not None and attempt.alive() is not False:
            return True
        if time.monotonic() >= self.look:
            self._ask()
        return bool(self.said)

    def _ask(self) -> None:
        from archspec.cli.console import talk
        from archspec.execution.slurm.looking import look

        word = look(self.folder.store.slurm, [self.folder.path.name]).get(self.folder.path.name)
        before, self.said = self.said, str(word) if word is not None and word.live else ""
        self.look = time.monotonic() + EVERY
        if self.said and self.said != before:
            talk(f"SLURM says {self.said} of job {word.id if word else ''}", "dim")


def _print(folder: RunFolder, seen: tuple[str, int]) -> tuple[str, int]:
    """Print what is new since a place in a log; the place reached."""
    from archspec.cli.console import out

    attempt = folder.newest()
    if attempt is None:
        return seen
    name, begin = str(attempt.log), seen[1] if seen[0] == str(attempt.log) else 0
    content = attempt.log.read_bytes() if attempt.log.exists() else b""
    # A line that is still being written is left for the next look.
    end = content.rfind(b"\n") + 1
    for line in content[begin:end].decode("utf-8", errors="replace").splitlines():
        out(line)
    return name, max(begin, end)
