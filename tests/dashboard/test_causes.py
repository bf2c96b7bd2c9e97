"""What tracebacks and schedulers' words come to."""

from __future__ import annotations

import pytest

from archspec.dashboard.causes import DIVERGED, MEMORY, NODE, PREEMPTION, TIME, cause, last_words, own_frame
from tests.dashboard.broken import MISTAKE, OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("OutOfMemoryError: CUDA out of memory.", MEMORY),
        ("RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory", MEMORY),
        ("its job ended: OUT_OF_MEMORY", MEMORY),
        ("slurmstepd: error: Detected 1 oom_kill event", MEMORY),
        ("job 7 left no result, SLURM says FAILED; slurmstepd: error: Exceeded job memory limit", MEMORY),
        ("gave up after 3 tries without progress: job 7_2 left no result, SLURM says TIMEOUT", TIME),
        ("job 7 left no result, SLURM says FAILED", "job … left no result, SLURM says FAILED"),
        ("CANCELLED DUE TO TIME LIMIT", TIME),
        ("its job ended: PREEMPTED", PREEMPTION),
        ("its job ended: NODE_FAIL", NODE),
        ("training diverged in step 7: the loss is not finite", DIVERGED),
        ("gave up after 3 tries without progress: its process died of signal 11", "signal 11"),
        ("KeyError: 'x'", "KeyError"),
        ("something odd in step 12 of 400", "something odd in step … of …"),
        ("", "no reason is known"),
    ],
)
def test_a_reason_tells_its_cause(reason: str, title: str) -> None:
    assert cause(reason).title == title


def test_a_traceback_tells_more_than_a_reason() -> None:
    assert cause("gave up after 3 tries", OUT_OF_MEMORY)[:2] == (MEMORY, "training/loop.py:91, in step")
    assert cause("IndexError: index 3 is out of range", MISTAKE)[:2] == ("IndexError", "mixers/odd.py:40, in forward")
    assert last_words(OUT_OF_MEMORY) == "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
    assert own_frame("no traceback") == ""


def test_what_a_program_says_in_passing_is_no_cause() -> None:
    said = (
        'Traceback (most recent call last):\n  File "/x/archspec/a.py", line 1, in preempt_time_limit\nValueError: no'
    )
    assert cause("ValueError: no", said)[:2] == ("ValueError", "a.py:1, in preempt_time_limit")


def test_a_killed_process_is_told_from_a_crashed_one() -> None:
    assert "memory was full" in cause("its process died of signal 9").advice
    assert cause("its process died of signal 11").advice == ""
