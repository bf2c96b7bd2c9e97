"""`archspec dashboard`: the pages, live."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path

import click

from archspec.cli.running import store_option


@click.command(
    epilog="""
    \b
    Examples:
      archspec dashboard
      archspec dashboard --port 9000 --store /data/archspec-store
      archspec dashboard --uds ~/.archspec.sock
    """
)
@click.option("--port", type=click.IntRange(1, 65535), help="Listen here; default: 8765, or any that is free.")
@click.option(
    "--uds", type=click.Path(path_type=Path, dir_okay=False), help="Listen on a socket file that only you may open."
)
@click.option("--allow-actions", is_flag=True, help="Let pages ask a study's driver to cancel and retry runs.")
@store_option
def dashboard(port: int | None, uds: Path | None, *, allow_actions: bool, store: Path) -> None:
    """Show what the studies of a store have taught so far, in a browser, while they run.

    Only this machine can ask, and only with the token of the address that is printed. From elsewhere, go through ssh
    as is printed beside it. Nothing is changed: --allow-actions has pages write requests, which drivers carry out.
    """
    from archspec.cli.console import out, talk
    from archspec.dashboard.serving import serve

    if port is not None and uds is not None:
        raise click.UsageError("--port and --uds exclude each other")

    def tell(place: str, token: str) -> None:
        at = place if uds is None else "8765"
        remote = f"localhost:{place}" if uds is None else Path(place).absolute()
        out(f"http://localhost:{at}/?token={token}")
        talk(f"from another machine: ssh -N -L {at}:{remote} {getpass.getuser()}@{socket.gethostname()}", "dim")
        talk("Ctrl-C stops it", "dim")

    serve(store, tell, port=port, uds=uds, actions=allow_actions)
