"""The page of an arm: its seeds, what it changes, how to have it again."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from archspec.studies.plan import Plan
from tests.dashboard.asking import page, rows, words
from tests.dashboard.broken import broken, key_of
from tests.dashboard.serving import client_of


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    store = tmp_path_factory.mktemp("store")
    return store, broken(store).plan


@pytest.fixture(scope="module")
def asks(study: tuple[Path, Plan]):  # type: ignore[no-untyped-def]
    with client_of(study[0]) as found:
        yield found


def test_every_seed_has_a_row(asks: TestClient, study: tuple[Path, Plan]) -> None:
    text = page(asks, "/s/quickstart/arm", arm="norm/batch norm")
    keys = [key_of(study[1], "norm/batch norm", seed) for seed in range(3)]
    assert rows(text, "Seeds") == [
        ["0", "done", "60.00", "0.00", "4", "1", "4 min", "node1", keys[0]],
        ["1", "done", "61.00", "0.00", "4", "2", "6 min", "node2", keys[1]],
        ["2", "planned", "", "", "", "", "", "", keys[2]],
    ]
    assert f'href="/runs/{keys[1]}"' in text


def test_what_it_changes_and_the_command_are_told(asks: TestClient, study: tuple[Path, Plan]) -> None:
    text = page(asks, "/s/quickstart/arm", arm="norm/batch norm")
    said = words(text)
    assert "stages.norm batch_norm" in said
    assert f"archspec study run quickstart --only 'norm/batch norm' --store {study[0]}" in said
    assert 'href="/s/quickstart/architecture?arm=norm%2Fbatch+norm"' in text
    assert 'href="/s/quickstart/diff?a=baseline%2Fquick_conv&amp;b=norm%2Fbatch+norm"' in text
    assert 'id="arm-curves"' in text
    assert "kind: sep_conv" in said


def test_what_follows_from_its_changes_is_told(asks: TestClient) -> None:
    text = page(asks, "/s/quickstart/arm", arm="mixer/attention")
    [change] = rows(text, "What differs between the networks")
    assert change[0] == "stages.0.mixer"
    assert "params −3.46K (−3.2%)" in words(text)
    assert "MACs +43.0K (+2.5%)" in words(text)
    assert "What differs between the recipes" not in text


def test_a_baseline_is_compared_with_nothing(asks: TestClient) -> None:
    text = page(asks, "/s/quickstart/arm")
    assert "a baseline" in words(text)
    assert len(rows(text, "Seeds")[0]) == 8


def test_an_arm_that_is_not_there_is_said(asks: TestClient) -> None:
    text = page(asks, "/s/quickstart/arm", 404, arm='<script>"x')
    assert "There is no arm" in words(text)
    assert "<script>" not in text.replace("<script src", "")
