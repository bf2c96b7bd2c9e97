"""What a reader should know before believing a table: few seeds, unequal ones, lost ones, unequal circumstances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from archspec.records.known import Known
from archspec.report.rows import Row
from archspec.report.scores import TRAINED, Scores
from archspec.report.wording import count, listed
from archspec.studies.plan import SEARCHING, TRAININGS

FEW = 3
"""Seeds below which an interval says little."""
BROKEN = ("failed", "invalid", "lost", "cancelled", "pruned")
CIRCUMSTANCES = {"device": "devices", "torch": "versions of torch", "commit": "commits of the code"}
MOST_NAMED = 4


def cautions(scores: Scores, rows: Sequence[Row]) -> Iterator[str]:
    """The warnings, the gravest first."""
    yield from _unfinished(scores)
    yield from _lost(scores)
    yield from _seeds(rows)
    yield from _mixed(scores)
    yield from scores.plan.warnings
    drifting = [row.label for row in rows if row.notes]
    if drifting:
        yield f"more than the factor differs, see the notes: {_named(drifting)}"


def _unfinished(scores: Scores) -> Iterator[str]:
    states = Counter(scores.of(key).state for key in scores.plan.keys)
    waiting = {state: number for state, number in states.items() if state != "done" and state not in BROKEN}
    if waiting:
        said = listed([f"{number} {state}" for state, number in waiting.items()])
        yield f"{sum(waiting.values())} of {count(len(scores.plan.keys), 'run')} are not finished: {said}"


def _lost(scores: Scores) -> Iterator[str]:
    """Runs that ended without a result: their seeds are missing on one side of a pair."""
    seen, alike = set(), dict[tuple[str, str, str], list[str]]()
    for run in scores.plan.runs:
        known = scores.of(run.key)
        given_up = run.role == SEARCHING and known.state == "pruned"
        if known.state in BROKEN and run.key not in seen and not given_up:
            seen.add(run.key)
            name = scores.plan.by_id[run.arm].name + ("" if run.role == TRAINED else f", {run.role}")
            alike.setdefault((name, known.state, known.reason), []).append(str(run.seed))
    for (name, state, reason), seeds in alike.items():
        which = f"seed {seeds[0]} {state} and is" if len(seeds) == 1 else f"seeds {listed(seeds)} {state} and are"
        yield f"{name}: {which} left out{f': {reason}' if reason else ''}"


def _seeds(rows: Sequence[Row]) -> Iterator[str]:
    most = max((row.n for row in rows), default=0)
    if not most:
        return
    if most == 1:
        yield "one seed: no intervals, and a difference may be luck"
    elif most < FEW:
        yield f"{most} seeds: fewer than {FEW} make intervals so wide that they say little"
    several = sum(row.is_baseline for row in rows) > 1
    fewer = [f"{_name(row, several=several)} has {row.n}" for row in rows if 0 < row.n < most]
    if fewer:
        yield f"unequal seeds: {_named(fewer)}, others {most}; only seeds that both have are paired"


def _mixed(scores: Scores) -> Iterator[str]:
    for role in (TRAINED, *dict.fromkeys(run.role for run in scores.plan.runs if run.role not in TRAININGS)):
        keys = dict.fromkeys(run.key for run in scores.plan.runs if run.role == role)
        done = [known for key in keys if (known := scores.of(key)).state == "done"]
        for name, plural in CIRCUMSTANCES.items():
            found = Counter(_short(known, name) for known in done if getattr(known, name))
            if len(found) > 1:
                said = listed([f"{value} ({count(number, 'run')})" for value, number in found.most_common()])
                yield f"{'the runs mix' if role == TRAINED else f'{role}: measured with several'} {plural}: {said}"


def _short(known: Known, name: str) -> str:
    value = str(getattr(known, name))
    return value[:8] + value[40:] if name == "commit" else value


def _name(row: Row, *, several: bool) -> str:
    return f"{row.label} on {row.planned.baseline}" if several and not row.is_baseline else row.label


def _named(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    names = list(dict.fromkeys(names))
    rest = len(names) - MOST_NAMED
    return listed([*names[:MOST_NAMED], f"{rest} more"] if rest > 1 else names)
