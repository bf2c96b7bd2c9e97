"""A run's life: what it waited for, what its attempts came to."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from archspec.dashboard.life import Span, Try, life, line
from archspec.records.known import Known
from archspec.report.wording import lasting

FIRST = Try(1, started=1010.0, seen=1100.0, left=True, alive=False, host="a", job="7")
SECOND = Try(2, started=1200.0, seen=1290.0, left=True, alive=False)
DONE = Known("k", "done", attempt=2, ended=1300.0)


def test_a_run_that_was_requeued_and_is_done() -> None:
    assert life(DONE, 1000.0, [FIRST, SECOND], 9e9) == [
        Span("queued", 1000.0, 1010.0, "waited for attempt 1"),
        Span("stopped", 1010.0, 1100.0, "left a checkpoint; attempt 2 went on", 1),
        Span("requeued", 1100.0, 1200.0, "waited for attempt 2"),
        Span("done", 1200.0, 1300.0, "done", 2),
    ]


@pytest.mark.parametrize(
    ("known", "change", "state", "end", "said"),
    [
        (Known("k", "running", attempt=1), {"alive": True, "left": False}, "running", 5000.0, "at work"),
        (Known("k", "lost", attempt=1), {"left": False}, "lost", 1100.0, "no more signs of life"),
        (Known("k", "lost", attempt=1), {}, "stopped", 1100.0, "to go on later"),
        (Known("k", "unknown", 1), {"alive": None, "left": False}, "unknown", 1100.0, "cannot be seen from here"),
        (Known("k", "failed", attempt=1, reason="bad", ended=1105.0), {}, "failed", 1105.0, "bad"),
    ],
)  # fmt: skip
def test_the_last_attempt_says_how_it_stands(
    known: Known, change: dict[str, bool | None], state: str, end: float, said: str
) -> None:
    [_, span] = life(known, 1000.0, [replace(FIRST, **change)], 5000.0)  # type: ignore[arg-type]
    assert span == Span(state, 1010.0, end, said, 1)


def test_attempts_that_failed_or_vanished_before_are_told() -> None:
    vanished = replace(FIRST, left=False)
    assert life(DONE, None, [vanished, SECOND], 0)[0].said == "ended without a word; attempt 2 went on"
    failed = replace(FIRST, failure="KeyError: 'x'")
    assert life(DONE, None, [failed, SECOND], 0)[0][::3] == ("failed", "KeyError: 'x'")


def test_a_run_that_nobody_has_begun_waits() -> None:
    assert life(Known("k"), 1000.0, [], 1060.0) == [Span("queued", 1000.0, 1060.0, "no attempt has been made yet")]
    assert life(Known("k"), None, [], 1060.0) == []
    assert line([]) == ""


def test_the_line_is_drawn_to_scale() -> None:
    root = ET.fromstring(str(line(life(DONE, 1000.0, [FIRST, SECOND], 0))))
    shapes = root.findall(".//{*}rect")
    assert [shape.attrib["class"] for shape in shapes] == ["span queued", "span stopped", "span requeued", "span done"]
    widths = [float(shape.attrib["width"]) for shape in shapes]
    assert widths[2] == widths[3] > widths[1] > widths[0] > 0
    assert sum(widths) < float(root.attrib["viewBox"].split()[2])
    titles = [title.text for title in root.findall(".//{*}title")]
    assert titles[1] == "left a checkpoint; attempt 2 went on (90 s)"


def test_what_an_attempt_said_is_text() -> None:
    said = str(line([Span("failed", 0, 10, "<script>'\"\x1b", 1)]))
    assert "<script" not in said
    assert ET.fromstring(said).findall(".//{*}title")[0].text == "<script>'\"� (10 s)"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.4, "0.4 s"),
        (2.4, "2 s"),
        (99, "99 s"),
        (170, "3 min"),
        (7230, "2 h 0 min"),
        (7199, "2 h 0 min"),
        (2e5, "2 d 7 h"),
    ],
)
def test_lengths_are_told_shortly(seconds: float, said: str) -> None:
    assert lasting(seconds) == said
