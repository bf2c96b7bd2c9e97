"""Jobs in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.execution.inline import Inline
from archspec.execution.jobs import AGAIN, Ended


@pytest.mark.parametrize("kind", ["raising", "returning"])
def test_ctrl_c_ends_a_job_and_whoever_waits_for_it(kind: str, tmp_path: Path) -> None:
    pool = Inline(f"tests.execution.jobs:{kind}")
    pool.submit("job", tmp_path)
    with pytest.raises(KeyboardInterrupt):
        pool.wait(1)
    assert pool.free == 1
    assert pool.wait(1) == [Ended("job", AGAIN)]
    assert pool.wait(1) == []


def test_what_a_job_raises_is_told(tmp_path: Path) -> None:
    pool = Inline("tests.execution.jobs:nothing_of_that_name")
    pool.submit("job", tmp_path)
    (ended,) = pool.wait(1)
    assert ended.code == 1
    assert "nothing_of_that_name" in ended.error
