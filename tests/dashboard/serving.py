"""A dashboard that really listens, in a thread of the test's own process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from starlette.testclient import TestClient

from archspec.dashboard.app import App
from archspec.dashboard.serving import Server, at_port
from archspec.dashboard.site import Site
from archspec.records.index import Index

TOKEN = "a-token-for-this-test"


class Served(NamedTuple):
    """Where it listens, and what listens."""

    port: int
    app: App

    def at(self, path: str) -> str:
        """An address."""
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def entrance(self) -> str:
        """The address that is printed."""
        return self.at(f"/?token={TOKEN}")


@contextmanager
def served(store: Path, *, actions: bool = False, pause: float = 0.1) -> Iterator[Served]:
    """A store's dashboard."""
    listening, index = at_port(0), Index.at(store)
    app = App(Site(store, index, actions=actions), TOKEN, pause)
    running = Server(app)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Served(listening.getsockname()[1], app)
    finally:
        running.should_exit = True
        thread.join()
        listening.close()
        index.close()


@contextmanager
def client_of(store: Path, *, actions: bool = False, url: str | None = None) -> Iterator[TestClient]:
    """A client of a store's dashboard that holds the token; the store has been read once."""
    with Index.at(store, url) as index:
        site = Site(store, index, actions=actions)
        site.refresh()
        app = App(site, TOKEN)
        with TestClient(app.asgi, base_url="http://127.0.0.1:8765") as client:
            assert client.get("/", params={"token": TOKEN}).status_code == 200
            yield client
