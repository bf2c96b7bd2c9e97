"""A run's life: waiting, attempts, what ended each of them, and its end, on one line of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup, escape

from archspec.records.known import Known, Tried
from archspec.report.architecture.svg import group, printable, rect, tag, text
from archspec.report.wording import lasting

WIDTH, HEIGHT, ROW = 1140, 64, 22


@dataclass(frozen=True)
class Try(Tried):
    """An attempt, and the signs of life in its folder."""

    seen: float | None = None
    """Its newest sign of life."""
    left: bool = False
    """Whether it said that it ends."""
    alive: bool | None = None
    failure: str = ""
    """The last line of its traceback."""


class Span(NamedTuple):
    """A stretch of a run's life."""

    state: str
    """`queued`, `running`, `requeued`, or how an attempt or the run ended: `stopped`, `lost`, `failed`, `done` …"""
    begin: float
    end: float
    said: str
    attempt: int = 0


def life(known: Known, asked: float | None, tries: Sequence[Try], now: float) -> list[Span]:
    """The stretches of a run's life, from when it was asked for until its end, or until now."""
    found, at = [], asked
    for one in tries:
        begin = one.started or one.seen or at
        if begin is None:
            continue
        if at is not None and begin > at:
            waited = "queued" if one is tries[0] else "requeued"
            found.append(Span(waited, at, begin, f"waited for attempt {one.number}"))
        last = one is tries[-1]
        end = max(begin, _end(one, known, now, last=last))
        state, said = outcome(one, known, last=last)
        found.append(Span(state, begin, end, said, one.number))
        at = end
    if not tries and at is not None:
        found.append(Span("queued", at, now, "no attempt has been made yet"))
    return found


def outcome(one: Try, known: Known, *, last: bool) -> tuple[str, str]:
    """What became of an attempt: a state, and how it is said."""
    if known.attempt == one.number and known.state in ("done", "failed", "pruned", "invalid"):
        return known.state, known.reason or one.failure or known.state
    if one.failure:
        return "failed", one.failure
    if not last:
        ended = "left a checkpoint" if one.left else "ended without a word"
        return "stopped" if one.left else "lost", f"{ended}; attempt {one.number + 1} went on"
    if one.alive is True:
        return "running", "at work"
    if one.left:
        return "stopped", "to go on later"
    return ("lost", "no more signs of life") if one.alive is False else ("unknown", "cannot be seen from here")


def _end(one: Try, known: Known, now: float, *, last: bool) -> float:
    if last and known.ended and known.attempt == one.number:
        return known.ended
    if last and one.alive is True:
        return now
    return one.seen or one.started or now


def line(spans: Sequence[Span]) -> Markup:
    """The stretches on one line of time, drawn to scale; what is too short to see has a place nevertheless."""
    if not spans:
        return Markup("")
    return tag("svg", *_drawn(spans), xmlns="http://www.w3.org/2000/svg", class_="life", role="img",
               aria_label="the run's life", viewBox=f"0 0 {WIDTH} {HEIGHT}")  # fmt: skip


def _drawn(spans: Sequence[Span]) -> Iterator[Markup]:
    begin, end = spans[0].begin, max(span.end for span in spans)
    least, whole = 8.0, max(1e-9, end - begin)
    room = WIDTH - least * len(spans)
    at = 0.0
    for span in spans:
        width = least + room * (span.end - span.begin) / whole
        about = f"{span.said} ({lasting(span.end - span.begin)})"
        shape = rect(round(at, 1), ROW, round(width - 2, 1), 18, f"span {span.state}", radius=4)
        label = f"attempt {span.attempt}: {span.state}" if span.attempt else span.state
        named = [text(round(at + 2, 1), ROW - 7, label, "small")] if width > 7 * len(label) else []
        took = lasting(span.end - span.begin)
        timed = [text(round(at + 2, 1), ROW + 33, took, "small")] if width > 7 * len(took) else []
        yield group([tag("title", escape(printable(about))), shape, *named, *timed])
        at += width
