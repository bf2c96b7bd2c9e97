"""A search as figures: how it got there, its front, what its candidates decided, and which decisions mattered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from archspec.report.climbs import Climbs
from archspec.report.figures.drawing import Drawing, Figure, axis, layout, plain
from archspec.report.search import COUNTED, EXTREMES, Search, titled
from archspec.spec.writing import flow
from archspec.studies.plan import PlannedTrial

MOST = 2000
"""Candidates whose decisions are drawn as lines, the last ones."""
BEST = 0.1
"""The share of them that is drawn strongly."""
NAMED = 8
"""Answers up to which each is named beside its axis."""


class Axis(NamedTuple):
    """A decision: which answers there were, and how high each lies."""

    decision: str
    places: dict[str, float]


def figures(search: Search) -> Iterator[Figure]:
    """What there is to draw by now."""
    names = list(search.objectives)
    for name in names if search.done else ():
        best = f"the line is the {EXTREMES[search.objectives[name]]} so far"
        yield Figure(f"history-{name}", f"{titled(name)} by trial", best, history(search, name))
    if len(names) > 1 and search.done:
        title = f"{titled(names[0])} against {titled(names[1])}"
        yield Figure(
            "front", title, "the line joins those that no other beats in everything", front(search, *names[:2])
        )
    if search.done and (found := axes(search)):
        caption = f"a line a candidate, through its answers; the best {BEST:.0%} by {titled(names[0])} stand out"
        yield Figure("decisions", "Decisions", caption, parallel(search, names[0], found))
    if search.climbs.said and search.climbs.finished:
        caption = "a dot a candidate that has both: only those that went on, among which differences are smaller"
        yield Figure("rungs", "Cheap trainings against the recipe itself", caption, rungs(search.climbs))
    for name in names:
        if search.importances[name]:
            caption = "shares of its variance, one decision at a time; seeds are no decision"
            yield Figure(f"importances-{name}", f"What decided {titled(name)}", caption, importances(search, name))


def history(search: Search, name: str) -> Drawing:
    """Every candidate where it came, and the best so far as a staircase."""
    dots = {"color": "@c0", "size": 7, "opacity": 0.6}
    x, y = [trial.number for trial in search.done], [round(trial.values[name], 6) for trial in search.done]
    steps = search.history(name)
    last = [(x[-1], steps[-1][1])] if steps[-1][0] < x[-1] else []
    line = {"color": "@ink", "width": 1.6, "shape": "hv"}
    best = {"type": "scatter", "mode": "lines", "name": "best so far", "line": line, "hoverinfo": "skip"}
    trials = {"type": "scatter", "mode": "markers", "name": "trials", "x": x, "y": y, "marker": dots}
    said = {"hovertemplate": "trial %{x}: %{y}<extra></extra>"}
    stairs = [(number, round(value, 6)) for number, value in [*steps, *last]]
    data = [{**trials, **said}, {**best, "x": [a for a, _ in stairs], "y": [b for _, b in stairs]}]
    plane = layout("trial", titled(name), hovermode="closest")
    return {"data": data, "layout": {**plane, "yaxis": axis(titled(name), tickformat="~s" if name in COUNTED else "")}}


def front(search: Search, first: str, second: str) -> Drawing:
    """Every candidate by two objectives, and the front; the later a candidate came, the stronger."""
    newest = max(trial.number for trial in search.done) or 1
    marker = {"color": "@c0", "size": 8, "opacity": [round(0.25 + 0.7 * t.number / newest, 3) for t in search.done]}
    best = sorted(search.front, key=lambda trial: trial.values[second])
    line = {"color": "@accent", "width": 1.6, "shape": "hv"}
    data = [
        {**_spots(search.done, second, first), "name": "trials", "mode": "markers", "marker": marker},
        {**_spots(best, second, first), "name": "front", "mode": "lines+markers", "line": line},
    ]
    plane = layout(titled(second), titled(first), hovermode="closest")
    return {"data": data, "layout": {**plane, "xaxis": axis(titled(second), tickformat="~s")}}


def rungs(climbs: Climbs) -> Drawing:
    """What candidates reached on every rung against what they reached in the end, a colour a rung."""
    data = []
    for place, one in enumerate(climbs.with_the_last()):
        x, y = ([round(trial.rungs[at], 4) for trial in climbs.finished] for at in (place, -1))
        name = f"{one.lower}: rank correlation {one.said} {one.interval}, n {one.found.n}"
        marker = {"color": f"@c{place}", "size": 8, "opacity": 0.7}
        hover = {
            "text": [f"trial {trial.number}" for trial in climbs.finished],
            "hovertemplate": "%{text}: %{x}, then %{y}",
        }
        data.append({"type": "scatter", "mode": "markers", "name": name, "x": x, "y": y, "marker": marker, **hover})
    plane = layout(f"{climbs.metric} on the rung", f"{climbs.metric} of the recipe itself", hovermode="closest")
    return {"data": data, "layout": plane}


def _spots(trials: Sequence[PlannedTrial], x: str, y: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": [round(trial.values[x], 6) for trial in trials],
        "y": [round(trial.values[y], 6) for trial in trials],
        "text": [f"trial {trial.number}" for trial in trials],
        "hovertemplate": "%{text}: %{y} at %{x}<extra></extra>",
    }


def axes(search: Search) -> list[Axis]:
    """The decisions in which candidates differ, numbers by size and words in order."""
    decisions = dict.fromkeys(name for trial in search.done for name in trial.choices)
    return [found for name in decisions if len((found := _axis(search, name)).places) > 1]


def _axis(search: Search, name: str) -> Axis:
    answers = {flow(t.choices[name]): t.choices[name] for t in search.done if name in t.choices}
    numbers = all(isinstance(answer, int | float) for answer in answers.values())
    if numbers:
        low, high = min(answers.values()), max(answers.values())
        return Axis(name, {said: (answer - low) / ((high - low) or 1) for said, answer in answers.items()})
    ordered = sorted(answers)
    return Axis(name, {said: place / max(1, len(ordered) - 1) for place, said in enumerate(ordered)})


def parallel(search: Search, name: str, found: Sequence[Axis]) -> Drawing:
    """Broken lines in two traces: a trace a candidate would be too many of them."""
    sign = -1 if search.objectives[name] == "max" else 1
    shown = search.done[-MOST:]
    ranked = sorted(shown, key=lambda trial: sign * trial.values[name])
    top = {trial.number for trial in ranked[: max(1, round(BEST * len(ranked)))]}
    rest = [trial for trial in shown if trial.number not in top]
    data = [
        {**_lines(rest, found), "name": "others", "line": {"color": "@muted/0.25", "width": 1}},
        {
            **_lines([t for t in shown if t.number in top], found),
            "name": "best",
            "line": {"color": "@accent", "width": 2},
        },
    ]
    plane = layout("", "", height=380, hovermode=False)
    ticks = {"tickvals": [*range(len(found))], "ticktext": [_folded(one.decision) for one in found], "tickangle": 0}
    plane["xaxis"] = axis("", range=[-0.3, len(found) - 0.5], **ticks)
    plane["yaxis"] = axis("", range=[-0.08, 1.08], showgrid=False, showticklabels=False)
    plane["annotations"] = [
        _answer(place, said, height) for place, one in enumerate(found) for said, height in _told(one)
    ]
    return {"data": data, "layout": plane}


def _folded(path: str) -> str:
    """A path on several lines, so that it stays below its own axis: `stages.0.`, `mixer`."""
    return re.sub(r"\.(?=[a-z])", ".<br>", plain(path))


def _lines(trials: Sequence[PlannedTrial], found: Sequence[Axis]) -> dict[str, Any]:
    x: list[int | None] = []
    y: list[float | None] = []
    for trial in trials:
        for place, one in enumerate(found):
            height = one.places.get(flow(trial.choices[one.decision])) if one.decision in trial.choices else None
            x.append(place)
            y.append(None if height is None else round(height, 3))
        x.append(None)
        y.append(None)
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "hoverinfo": "skip"}


def _told(one: Axis) -> list[tuple[str, float]]:
    """The answers that are named beside an axis."""
    ordered = sorted(one.places.items(), key=lambda pair: pair[1])
    return ordered if len(ordered) <= NAMED else [ordered[0], ordered[-1]]


def _answer(place: int, said: str, height: float) -> dict[str, Any]:
    font = {"size": 11, "color": "@muted"}
    return {
        "text": plain(said[:24]),
        "x": place,
        "y": height,
        "xanchor": "left",
        "showarrow": False,
        "bgcolor": "@paper/0.8",
        "font": font,
        "xshift": 4,
    }


def importances(search: Search, name: str) -> Drawing:
    """A bar for each decision, the most telling on top."""
    found = search.importances[name]
    said = [f"{one.share:.0%}, best at {plain(one.answer)}" for one in found]
    bar = {"type": "bar", "orientation": "h", "marker": {"color": "@accent"}, "hovertemplate": "%{text}<extra></extra>"}
    shares, names = [round(one.share, 4) for one in found], [plain(one.decision) for one in found]
    plane = layout("", "", height=90 + 30 * len(found), showlegend=False)
    plane["xaxis"] = axis("share of the variance", tickformat=".0%", range=[0, 1])
    plane["yaxis"] = axis("", autorange="reversed", type="category", showgrid=False)
    return {"data": [{**bar, "x": shares, "y": names, "text": said, "textposition": "none"}], "layout": plane}
