"""`archspec diff`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from archspec.spec.loading import load
from tests.cli.conftest import Run

EDITED = """\
tiny.yaml, edited

stages.0.depth  2 → 4

             before  after  change
params        10.1K  11.2K  +1.17K  +11.6%
MACs           221K   287K  +65.5K  +29.6%
activations   26.4K  38.7K  +12.3K  +46.6%
"""


def test_one_arch_is_compared_with_its_edited_self(run: Run) -> None:
    assert run("diff", "tiny.yaml", "--set", "stages.0.depth=4").stdout == EDITED


def test_equal_networks_are_said_to_be_equal(run: Run, desk: Path) -> None:
    digest = load("tiny.yaml").digest
    assert f"equal networks: {digest}" in run("diff", "tiny.yaml", "tiny.yaml").stdout
    assert f"equal networks: {digest}" in run("diff", "tiny.yaml", "--set", "stages.0.mixer.size=3").stdout
    (desk / "alias.yaml").write_text("arch: alias\nextends: ./tiny.yaml\n")
    assert f"equal networks: {digest}" in run("diff", "tiny.yaml", "alias.yaml").stdout


def test_edits_change_the_second(data: Callable[..., Any]) -> None:
    found = data("diff", "tiny.yaml", "tiny.yaml", "--set", "classes=11")
    assert found["changes"] == [{"path": "classes", "before": 10, "after": 11}]
    assert found["params"] == {"before": 10050, "after": 10067, "change": 17, "share": 17 / 10050}


def test_json_says_which_networks_and_whether_they_are_equal(data: Callable[..., Any]) -> None:
    found = data("diff", "convformer_s18", "caformer_s18")
    assert list(found) == [
        "before", "after", "equal", "changes", "params", "frozen_params", "macs", "activations",
    ]  # fmt: skip
    assert found["before"] == {"arch": "convformer_s18", "digest": load("convformer_s18").digest}
    assert found["equal"] is False
    assert [change["path"] for change in found["changes"]] == ["stages.2-3.mixer"]
    assert found["changes"][0]["after"]["kind"] == "attention"
    assert found["frozen_params"]["share"] is None


def test_what_only_one_side_has(run: Run) -> None:
    text = run("diff", "identityformer_s12", "randformer_s12").stdout
    assert "stages.2-3.mixer  identity → random" in text
    assert "frozen" in text
    assert "new" in text


def test_there_must_be_something_to_compare(run: Run) -> None:
    assert "--set" in run("diff", "tiny.yaml", code=2).stderr
