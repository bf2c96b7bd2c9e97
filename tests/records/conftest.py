"""Databases to keep an index in."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.records.postgres import server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of an empty PostgreSQL database, started when it is first asked for and stopped at the end."""
    with server() as url:
        yield url


@pytest.fixture
def empty_postgres(postgres: str) -> str:
    """The same, with nothing in it."""
    import psycopg

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgres


@pytest.fixture(autouse=True)
def own_index(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the person at the machine has set."""
    monkeypatch.delenv("ARCHSPEC_INDEX", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pulls the plug in this test."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
