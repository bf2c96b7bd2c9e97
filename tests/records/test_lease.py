"""Signs of life: alive, dead, or not to be known from here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archspec.records.lease import PATIENCE, alive, lease, place

from .samples import python, run_folder, said, start

NOW = 1_000_000.0


def heard(ago: float, **others: Any) -> dict[str, Any]:
    """A lease whose sign of life is some seconds old."""
    return {**lease(), "time": NOW - ago, **others}


def test_this_process_is_alive(tmp_path: Path) -> None:
    attempt = run_folder(tmp_path).claim()
    assert attempt.alive() is True
    attempt.leave()
    assert attempt.alive() is False
    attempt.beat()
    assert attempt.alive() is True


def test_an_attempt_without_a_sign_of_life_is_nobodys(tmp_path: Path) -> None:
    attempt = run_folder(tmp_path).claim()
    attempt.lease.unlink()
    assert attempt.alive() is False


CLAIM = """
    import sys
    from pathlib import Path
    from archspec.records.run import RunFolder

    RunFolder(Path(sys.argv[1])).claim()
    print("claimed", flush=True)
    sys.stdin.readline()
"""


def test_a_killed_process_is_dead_at_once(tmp_path: Path) -> None:
    run = run_folder(tmp_path)
    with start(python(CLAIM, run.path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        attempt = run.attempt(1)
        assert attempt.alive() is True
        process.kill()
        process.wait(60)
    assert attempt.alive() is False


ZOMBIE = """
    import os, signal, subprocess, sys
    from archspec.records.lease import began

    child = subprocess.Popen(["sleep", "600"])
    assert began(child.pid) is not None
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    print(began(child.pid))
"""


def test_a_dead_process_that_nobody_buried_is_dead() -> None:
    assert said(python(ZOMBIE)) == "None"


def test_a_number_given_out_again_is_another_process() -> None:
    assert alive(heard(0, began="1"), NOW) is False


@pytest.mark.parametrize("missing", ["host", "boot", "container"])
def test_recent_news_from_elsewhere_is_believed(missing: str) -> None:
    assert alive(heard(PATIENCE / 2, **{missing: "other"}), NOW) is True


def test_without_news_from_elsewhere_nothing_is_known() -> None:
    assert alive(heard(2 * PATIENCE, host="other", boot="other"), NOW) is None
    assert alive(heard(2 * PATIENCE, container="other"), NOW) is None
    # Nor from what a clock that is wrong says of tomorrow.
    assert alive(heard(-2 * PATIENCE, host="other", boot="other"), NOW) is None


def test_nothing_outlives_a_restart() -> None:
    assert alive(heard(2 * PATIENCE, boot="before"), NOW) is False


def test_here_no_news_are_needed() -> None:
    assert alive(heard(1000 * PATIENCE), NOW) is True


def test_a_place_is_a_host_a_boot_and_a_container() -> None:
    assert set(place()) == {"host", "boot", "container"}
