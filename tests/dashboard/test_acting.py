"""What pages may ask for, and that nobody else can."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.dashboard.serving import client_of
from tests.dashboard.stores import ONE_FACTOR, VALUES, filled
from tests.report.samples import VIT

ORIGIN = {"origin": "http://127.0.0.1:8765"}
KEYS = [run.key for run in ONE_FACTOR.runs]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A study that is not finished."""
    filled(tmp_path, ONE_FACTOR, {VIT.id: VALUES[VIT.id]})
    return tmp_path


@pytest.fixture
def client(store: Path) -> Iterator[TestClient]:
    """Somebody who may ask."""
    with client_of(store, actions=True) as found:
        yield found


def seal(client: TestClient) -> str:
    """What a form of this server carries."""
    match = re.search(r'name="seal" value="(\w+)"', client.get("/s/one_factor/runs").text)
    assert match is not None
    return match[1]


def sent(client: TestClient, headers: dict[str, str] | None = None, **changes: Any) -> int:
    """How a form is answered."""
    said = {"study": "one_factor", "what": "cancel", "key": KEYS[:2], "seal": seal(client), **changes}
    return client.post(
        "/act", data=said, headers=ORIGIN if headers is None else headers, follow_redirects=False
    ).status_code


def requests(store: Path) -> list[dict[str, Any]]:
    """What drivers are asked for."""
    return [json.loads(file.read_text()) for file in sorted(store.glob("studies/*/requests/*.json"))]


def test_a_request_is_written_down(client: TestClient, store: Path) -> None:
    assert sent(client) == 303
    assert sent(client, what="retry", key=[KEYS[3], "nobody"]) == 303
    assert [(one["what"], one["keys"]) for one in requests(store)] == [
        ("cancel", sorted(KEYS[:2])),
        ("retry", [KEYS[3]]),
    ]
    text = client.get("/s/one_factor/runs").text
    assert "2 requests to be carried out" in text
    assert "archspec study run one_factor" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"seal": ""},
        {"seal": "0" * 64},
        {"headers": {}},
        {"headers": {"origin": "http://evil.example"}},
        {"headers": {"origin": "null"}},
        {"headers": {**ORIGIN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}},
        {"key": ["x" * 400] * 300},
    ],
)
def test_only_forms_of_its_own_are_heard(client: TestClient, store: Path, changes: dict[str, Any]) -> None:
    assert sent(client, **changes) == 403
    assert requests(store) == []


@pytest.mark.parametrize(
    "changes", [{"study": "../one_factor"}, {"study": "nobody"}, {"what": "delete"}, {"key": ["../../x"]}, {"key": []}]
)
def test_what_there_is_not_cannot_be_asked_for(client: TestClient, store: Path, changes: dict[str, Any]) -> None:
    assert sent(client, **changes) == 404
    assert requests(store) == []


def test_pages_only_read_unless_they_may_do_more(store: Path) -> None:
    with client_of(store) as client:
        text = client.get("/s/one_factor/runs").text
        assert '<form method="post"' not in text
        answer = client.post("/act", data={"study": "one_factor"}, headers=ORIGIN)
        assert answer.status_code == 403
    assert requests(store) == []
    assert not [*store.glob("studies/*/requests")]


def test_every_run_and_what_has_become_of_it(client: TestClient) -> None:
    text = client.get("/s/one_factor/runs").text
    assert all(key[:12] in text for key in KEYS)
    assert text.count('type="checkbox"') == len(KEYS)
    done = client.get("/s/one_factor/runs?state=done").text
    assert done.count('type="checkbox"') == 3
