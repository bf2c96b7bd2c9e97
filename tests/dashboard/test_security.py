"""Who is let in, and what they can make the pages do: nothing leaks, and nothing hangs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from archspec.cli.root import archspec
from archspec.dashboard import pages
from archspec.dashboard.files import plain, tail
from archspec.dashboard.guard import HANDSHAKE, POLICY
from archspec.dashboard.page import found
from archspec.dashboard.serving import LOOPBACK, at_file, at_port
from archspec.errors import ArchspecError
from tests.dashboard.serving import TOKEN, Served, client_of, served
from tests.dashboard.stores import ONE_FACTOR, VALUES, filled, planned, real
from tests.report.samples import VIT, arm, plan

EVIL = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\n{{7*7}}\u202e" + "x" * 10_000
TRAVERSALS = [
    *("../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "....//etc/passwd"),
    *("%2e%2e", "\\..\\..", "a%00b", "."),
]
PARAMETERS = (
    *("study", "baseline", "metric", "epoch", "x", "factor", "models", "arm", "a", "b", "key", "q", "s"),
    *("attempt", "beside", "token2", "state", "find", "all", "differences", "seeds"),
)


@pytest.fixture
def stranger(store: Path) -> Any:
    """Somebody on the same machine who has no token."""
    with client_of(store) as client:
        client.cookies.clear()
        yield client


@pytest.mark.parametrize("path", ["/", "/s/one_factor", "/live", "/assets/style.css", "/nothing"])
def test_nothing_is_shown_without_the_token(stranger: TestClient, path: str) -> None:
    for cookies in ("", f"archspec={TOKEN}", f"archspec-000000000000={TOKEN}", "=;==", TOKEN):
        answer = stranger.get(path, headers={"cookie": cookies})
        assert answer.status_code == 401
        assert "one_factor" not in answer.text


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é"])
def test_a_wrong_token_opens_nothing(stranger: TestClient, token: str) -> None:
    answer = stranger.get("/", params={"token": token})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_the_token_becomes_a_cookie_and_leaves_the_address(stranger: TestClient) -> None:
    answer = stranger.get("/s/one_factor/table?metric=loss&q=%22%3E%3Cb%3E&token=" + TOKEN)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in answer.text
    assert 'url=?metric=loss&amp;q=%22%3E%3Cb%3E"' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert stranger.get("/s/one_factor").status_code == 200
    assert "url=." in HANDSHAKE


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1@evil.example",
     "evil.example#127.0.0.1", "0.0.0.0", "10.0.0.1:8765", "", "localhost:80:80", "[::1", "[::1].evil"],
)  # fmt: skip
def test_a_foreign_host_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:1", "[::1]:8765", "LOCALHOST:5"])
def test_its_own_hosts_are_known_at_every_port(stranger: TestClient, host: str) -> None:
    answer = stranger.get("/", headers={"host": host}, params={"token": TOKEN})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://127.0.0.1:8765"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    ],
)
def test_other_pages_cannot_ask(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/", headers=headers).status_code == 403


def test_a_link_elsewhere_may_open_a_page(client: TestClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/s/one_factor", headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_pages_are_only_read(client: TestClient, method: str) -> None:
    answer = client.request(method, "/s/one_factor", headers={"origin": "http://127.0.0.1:8765"})
    assert answer.status_code == 405


def test_every_answer_keeps_the_browser_to_the_policy(client: TestClient) -> None:
    for path in ("/", "/s/one_factor/curves", "/no", "/assets/none.js"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'")


def test_no_page_has_a_script_or_style_of_its_own(client: TestClient) -> None:
    for address in ("/", "/queue", *(f"/s/one_factor{path}" for path in ("", "/table", "/curves", "/tradeoffs"))):
        text = client.get(address).text
        scripts = re.findall(r"<script([^>]*)>", text)
        assert all("src=" in script or "application/json" in script for script in scripts)
        assert not re.search(r"<style|<[^>]+ style=|<[^>]+ on\w+=", text)


@pytest.mark.parametrize("value", TRAVERSALS)
def test_no_parameter_leads_out_of_the_store(client: TestClient, value: str) -> None:
    for page in found().values():
        paths = [page.path.format(study="one_factor", key=ONE_FACTOR.keys[0]), page.path.format(study=value, key=value)]
        for path, parameters in ((path, said) for path in paths for said in ({}, dict.fromkeys(PARAMETERS, value))):
            answer = client.get(path, params=parameters)
            assert answer.status_code in (200, 404), path
            assert "root:" not in answer.text


def test_every_parameter_is_tried() -> None:
    folder = Path(pages.__path__[0]).parent
    texts = [file.read_text(encoding="utf-8") for file in folder.rglob("*.py")]
    asked = {name for text in texts for name in re.findall(r"query\.(?:one|many|text|flag|number)\(\s*\"(\w+)\"", text)}
    assert len(asked) > 12
    assert asked <= set(PARAMETERS)


def test_names_are_never_markup(tmp_path: Path) -> None:
    made = plan(VIT, arm(EVIL, EVIL, notes=(EVIL,)), study=EVIL, profile=EVIL, paper=EVIL, warnings=(EVIL,))
    filled(tmp_path, real(made), {VIT.id: {0: 80.0}, made.arms[1].id: {0: 81.0}}, "<script>alert(3)<script>\"'&?#%")
    with client_of(tmp_path) as client:
        (address,) = set(re.findall(r'<th scope="row"><a href="([^"]+)"', client.get("/").text))
        mine = [page.path.removeprefix("/s/{study}") for page in found().values() if page.of_study]
        for page in (*mine, "/curves?seeds=on", "/tradeoffs?models=all", f"/table?baseline={quote(EVIL[:300])}"):
            answer = client.get(address + page)
            assert answer.status_code == 200, page
            assert "<script>alert" not in answer.text
            assert "<img" not in answer.text
            assert ("{{7*7}}" in answer.text) == (page not in ("/failures", "/search")), page


def test_a_study_outside_of_the_store_is_not_opened(tmp_path: Path) -> None:
    inside, outside = tmp_path / "store", tmp_path / "elsewhere"
    filled(inside, ONE_FACTOR, VALUES)
    folder = planned(outside, replace(ONE_FACTOR, study="secret"))
    (inside / "studies" / "linked").symlink_to(folder)
    with client_of(inside) as client:
        assert client.get("/s/linked").status_code == 404
        assert client.get("/").status_code == 200


def test_files_outside_of_the_store_are_not_read(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (tmp_path / "secret").write_text("secret")
    (store / "link").symlink_to(tmp_path / "secret")
    (store / "own").write_text("own")
    (store / "inner").symlink_to(store / "own")
    os.mkfifo(store / "pipe")
    assert tail(store, store / "link") is None
    assert tail(store, store / ".." / "secret") is None
    assert tail(store, store / "pipe") is None
    assert tail(store, store) is None
    assert tail(store, store / "nothing") is None
    assert tail(store, store / "inner") == ("own", 0)


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"a" * 5000 + b"end")
    assert tail(tmp_path, tmp_path / "log", 10) == ("a" * 7 + "end", 4993)


def test_a_log_is_plain_text() -> None:
    assert plain("\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;http://x\x1b\\link") == "red  link"
    assert plain("10 %\r20 %\r\nnext") == "20 %\nnext"
    assert plain("a\0b\x08\u202ec\x9b31m") == "a�b��c�31m"


def test_a_socket_file_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "here.sock"
    with at_file(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with at_file(path):
        pass  # the one before has left its file behind
    path.unlink()
    path.write_text("a file of somebody's")
    with pytest.raises(ArchspecError, match="there already"):
        at_file(path)
    assert path.read_text() == "a file of somebody's"


def test_it_listens_on_this_machine_only() -> None:
    with at_port(0) as listening:
        assert listening.getsockname()[0] == LOOPBACK == "127.0.0.1"
        port = listening.getsockname()[1]
        with pytest.raises(ArchspecError, match="is taken"):
            at_port(port)
    for options in (["--host", "0.0.0.0"], ["--port", "1", "--uds", "x"]):
        assert CliRunner().invoke(archspec, ["dashboard", *options]).exit_code == 2


REQUEST = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {}={}\r\n\r\n"


async def opened(server: Served, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request that has been sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(REQUEST.format(path, server.app.guard.cookie, TOKEN).encode())
    await writer.drain()
    return reader, writer


async def crowded(server: Served) -> tuple[list[bytes], bytes]:
    """What 200 who listen, 50 who are slow to speak and one who is slow to read leave for somebody else."""
    listeners = [await opened(server, "/live") for _ in range(200)]
    slow = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(50)]
    for _, writer in slow:
        writer.write(b"GET / HTTP/1.1\r\nHost: 127")
    deaf = await opened(server, "/s/one_factor/curves")
    reader, writer = await opened(server, "/s/one_factor/table")
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    told = [await asyncio.wait_for(reader.readuntil(b"\n\n"), 30) for reader, _ in listeners]
    for _, one in (*listeners, *slow, deaf, (reader, writer)):
        one.close()
    return told, answer


def test_a_crowd_keeps_nobody_waiting(store: Path) -> None:
    with served(store) as server:
        told, answer = asyncio.run(crowded(server))
    assert answer.startswith(b"HTTP/1.1 200")
    assert len(told) == 200
    assert all(b"text/event-stream" in one and re.search(rb"data: [0-9a-f]{16}", one) for one in told)


def test_a_stream_tells_a_version_and_nothing_else(listening: Served) -> None:
    with socket.create_connection(("127.0.0.1", listening.port)) as connection:
        connection.sendall(REQUEST.format("/live", listening.app.guard.cookie, TOKEN).encode())
        said = b""
        while b"data: " not in said or not said.endswith(b"\r\n"):
            said += connection.recv(4096)
    body = said.partition(b"\r\n\r\n")[2]
    assert re.fullmatch(rb"[0-9a-f]+\r\ndata: [0-9a-f]{16}\n\n\r\n", body)
    assert json.dumps(TOKEN) not in body.decode()
