"""A gallery of studies, and clients that have come in by the printed address."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.dashboard.chromium import BROWSER, Browser, browser
from tests.dashboard.serving import Served, client_of, served
from tests.dashboard.stores import gallery


@pytest.fixture(scope="session", autouse=True)
def own_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever the person at the machine has set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ARCHSPEC_INDEX", raising=False)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of each design, and one under way. Nobody may write into it."""
    folder = tmp_path_factory.mktemp("store")
    gallery(folder)
    return folder


@pytest.fixture(scope="session")
def client(store: Path) -> Iterator[TestClient]:
    """Somebody who has come in."""
    with client_of(store) as found:
        yield found


@pytest.fixture(scope="session")
def listening(store: Path) -> Iterator[Served]:
    """The same store, really served."""
    with served(store) as found:
        yield found


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser."""
    if not BROWSER:
        pytest.skip("there is no chromium here")
    with browser(tmp_path_factory.mktemp("browser")) as found:
        yield found
