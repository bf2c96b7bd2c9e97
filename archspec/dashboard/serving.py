"""Listening: on this machine's own address or on a socket file, never anywhere else."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn

from archspec.dashboard.app import App
from archspec.dashboard.frugal import frugal
from archspec.dashboard.guard import new_token
from archspec.dashboard.site import Site
from archspec.errors import ArchspecError
from archspec.records.index import Index

LOOPBACK = "127.0.0.1"
PORT = 8765
QUEUE = 256
"""Connections that may wait to be accepted."""


def serve(
    store: Path, on: Callable[[str, str], None], *, port: int | None = None, uds: Path | None = None, actions: bool
) -> None:
    """Serve a store until somebody stops it; `on` is told where, and with which token."""
    frugal()
    token = new_token()
    index = Index.at(store)
    listening = at_file(uds) if uds is not None else at_port(port)
    place = str(uds) if uds is not None else str(listening.getsockname()[1])
    # uvicorn ends tidily and then lets the signal through, which would leave the socket file behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        app = App(Site(store, index, actions=actions), token)
        on(place, token)
        Server(app).run(sockets=[listening])
    finally:
        listening.close()
        index.close()
        if uds is not None:
            with suppress(OSError):
                uds.unlink()


def at_port(port: int | None) -> socket.socket:
    """A port of this machine that nobody else reaches; without a wish the usual one, or any that is free."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    wishes = [PORT, 0] if port is None else [port]
    for wish in wishes:
        with suppress(OSError):
            listening.bind((LOOPBACK, wish))
            listening.listen(QUEUE)
            return listening
    listening.close()
    raise ArchspecError(f"port {port} is taken; name another with --port, or none for any that is free")


def at_file(path: Path) -> socket.socket:
    """A socket file that only its owner may open."""
    if path.is_socket():
        _remove_dead(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
        listening.listen(QUEUE)
    except OSError as error:
        listening.close()
        reason = "it is there already" if path.exists() else (error.strerror or str(error)).lower()
        raise ArchspecError(f"no socket can be made at {path}: {reason}") from error
    finally:
        os.umask(before)
    return listening


def _remove_dead(path: Path) -> None:
    """Remove a socket file behind which nobody listens any more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)


class Server(uvicorn.Server):
    """What listens. When it is stopped, it lets the streams go first, which would otherwise never end."""

    def __init__(self, app: App) -> None:
        quiet: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
        limits: dict[str, Any] = {"timeout_graceful_shutdown": 2, "backlog": QUEUE}
        super().__init__(uvicorn.Config(app.asgi, proxy_headers=False, ws="none", **limits, **quiet))
        self.app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self.app.watcher.stop()
        await super().shutdown(sockets)
