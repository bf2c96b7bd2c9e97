"""The command: what it prints, where it listens, what it leaves behind."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archspec.dashboard.serving import at_port
from tests.records.samples import PATIENCE

REPOSITORY = Path(__file__).parents[2]


@contextmanager
def started(store: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A dashboard in a process of its own, and the address that it prints."""
    command = [sys.executable, "-W", "error", "-m", "archspec", "dashboard", "--store", str(store), *options]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=pipe, stderr=pipe, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.communicate()


def got(connection: http.client.HTTPConnection, path: str, cookie: str = "") -> http.client.HTTPResponse:
    """An answer, which has been read."""
    connection.request("GET", path, headers={"Host": "localhost", **({"Cookie": cookie} if cookie else {})})
    answer = connection.getresponse()
    answer.read()
    return answer


def test_the_printed_address_is_the_way_in(store: Path) -> None:
    with at_port(0) as free:
        port = free.getsockname()[1]
    with started(store, "--port", str(port)) as (address, process):
        match = re.fullmatch(rf"http://localhost:{port}(/\?token=[\w-]{{40,}})", address)
        assert match is not None
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        assert got(connection, "/").status == 401
        entered = got(connection, match[1])
        cookie = (entered.headers["set-cookie"] or "").partition(";")[0]
        assert got(connection, "/s/one_factor", cookie).status in (200, 404)
        assert got(connection, "/", cookie).status == 200
        connection.close()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert f"ssh -N -L {port}:localhost:{port}" in said
    assert "Traceback" not in said


def test_a_socket_file_is_gone_when_the_server_is(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "here.sock"
    with started(store, "--uds", str(path)) as (address, process):
        assert address.startswith("http://localhost:8765/?token=")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(path))
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost:8765\r\nConnection: close\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 401"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert not path.exists()


@pytest.mark.parametrize("options", [["--port", "0"], ["--port", "70000"], ["--host", "0.0.0.0"]])
def test_wrong_usage(store: Path, options: list[str]) -> None:
    with started(store, *options) as (address, process):
        assert address == ""
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 2


def test_a_port_that_is_taken(store: Path) -> None:
    with at_port(0) as taken, started(store, "--port", str(taken.getsockname()[1])) as (address, process):
        _, said = process.communicate(timeout=PATIENCE)
        assert address == ""
        assert "is taken" in said
        assert process.returncode == 1
