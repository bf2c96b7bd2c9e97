"""The command line: one command, one function, imported when it is called."""

from __future__ import annotations

import sys


def main() -> None:
    """The console script: run a command, and end quietly when the user has had enough."""
    try:
        from archspec.cli.root import archspec

        for stream in (sys.stdout, sys.stderr):
            # A terminal or a file that cannot show `×` shows `?`; that is no reason to fail.
            getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
        archspec(prog_name="archspec")
    except KeyboardInterrupt:
        sys.exit(130)
