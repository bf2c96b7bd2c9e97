"""Figures: their numbers, and that Plotly knows every word of their drawings."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from archspec.records.known import Point
from archspec.report.figures import curves as learning
from archspec.report.figures import factorial as effects
from archspec.report.figures import tradeoffs, waterfall
from archspec.report.figures.drawing import HEIGHT, Figure, crowded, epochs
from archspec.report.figures.looks import COLOURS, MARKERS, PATHS, look_of, looks
from archspec.report.figures.strips import MARGIN, WIDTH, Scale, Scales
from archspec.report.html import figures
from archspec.report.table import Table, tabulate
from tests.report.samples import (
    GELU,
    LARGE,
    RELU,
    VIT,
    arm,
    baseline,
    curves,
    factorial,
    known,
    one_factor,
    plan,
    roadmap,
)

TABLES = {"one_factor": one_factor, "roadmap": roadmap, "factorial": factorial}


def test_curves_are_the_mean_and_the_range_of_the_seeds_at_each_epoch() -> None:
    table = one_factor()
    row = table.by_id[RELU.id]
    lines = {
        row.keys[0]: [Point(1, 1, 1.0, {"top1": 10.0}), Point(2, 2, 1.0, {"top1": 20.0})],
        row.keys[1]: [Point(2, 2, 1.0, {"top1": 40.0}), Point(1, 1, 1.0, {"top1": 30.0, "val_loss": 1.0})],
        row.keys[2]: [Point(1, 1, 1.0, {"val_loss": 1.0})],
    }
    ((panel),) = learning.panels(table, lines)
    ((line),) = panel.lines
    assert (line.label, line.seeds, line.x) == ("relu", 2, [1, 2])
    assert (line.mean, line.low, line.high) == ([20.0, 30.0], [10.0, 20.0], [30.0, 40.0])


def test_curves_come_by_factor_with_the_baseline_in_each() -> None:
    table = one_factor()
    panels = learning.panels(table, curves(table))
    assert [(p.title, [line.label for line in p.lines]) for p in panels] == [
        ("activation", ["vit", "relu", "gelu"]),
        ("kernel", ["vit", "7 → 31"]),
    ]
    assert learning.panels(table, {}) == []


def test_the_steep_beginning_does_not_flatten_the_rest() -> None:
    table = one_factor()
    (panel, _) = learning.panels(table, curves(table))
    low, high = learning.window(panel)
    assert 40.0 - 40 / 1 < min(line.low[0] for line in panel.lines) < low
    assert max(line.high[-1] for line in panel.lines) < high


def test_accuracy_is_shown_against_what_differs() -> None:
    found = tradeoffs.points(one_factor())
    assert tradeoffs.telling(found) == ["macs", "params"]
    large = next(point for point in found if point.arm == LARGE.id)
    assert large.value == pytest.approx(81.3)
    assert (large.paper, large.costs["macs"]) == (None, 1_120_000_000)
    assert tradeoffs.telling(tradeoffs.points(roadmap())) == []


def test_the_best_at_their_cost() -> None:
    found = tradeoffs.points(one_factor())
    assert [point.name for point in tradeoffs.front(found, "macs")] == ["gelu", "7 → 31"]
    assert [point.name for point in tradeoffs.front(found, "params")] == ["7 → 31"]
    assert [point.name for point in tradeoffs.front(found, "params", lower_is_better=True)] == ["relu"]


@pytest.mark.parametrize(("many", "marks"), [(1000, 1000), (20_000, 3600)])
def test_a_cloud_has_no_more_marks_than_a_browser_can_bear(many: int, marks: int) -> None:
    found = [tradeoffs.Point(f"{n}", f"arm {n}", n % 97, 0.1, None, {"macs": 1 + n * 7919 % 101}) for n in range(many)]
    (cloud,) = tradeoffs.draw(found, "macs", "top1", {}, 2)["data"]
    assert len(cloud["x"]) == len(cloud["y"]) == len(cloud["text"]) <= marks
    assert max(cloud["y"]) == 96
    told = [int(match[1]) for text in cloud["text"] if (match := re.search(r"and (\d+) near", text))]
    assert len(cloud["x"]) + sum(told) == many


def test_a_waterfall_stacks_paired_gains() -> None:
    table = roadmap()
    found = waterfall.waterfall(table, table.blocks[0])
    assert found is not None
    assert (found.start, found.paper) == (71.0, 80.0)
    edges = [(bar.start, bar.end, bar.paper) for bar in found.bars]
    assert edges == [pytest.approx(edge) for edge in [(71.0, 72.25, 81.0), (72.25, 74.0, 82.5), (74.0, 73.6, 82.0)]]


def test_a_waterfall_ends_where_a_step_is_missing() -> None:
    a, b = arm("steps", "a"), arm("steps", "b")
    table = tabulate(plan(VIT, a, b, design="roadmap", seeds=(0,)), known([(VIT, {0: 70.0}), (b, {0: 72.0})]))
    assert waterfall.waterfall(table, table.blocks[0]) is None


def test_effects_and_crossings() -> None:
    table = factorial()
    found = table.effects[VIT.id]
    shown = effects.twigs([*found.main, *found.interactions])
    assert [(bar.label, round(bar.value, 1)) for bar in shown] == [
        ("attn over pool", 3.0),
        ("gelu over relu", 2.0),
        ("attn × gelu", 2.1),
    ]
    (crossing,) = effects.crossings(table.blocks[0])
    assert (crossing.first, crossing.second, crossing.levels) == ("mixer", "act", ["pool", "attn"])
    assert {level: [v and round(v) for v in heights] for level, heights in crossing.lines.items()} == {
        "relu": [80, 82],
        "gelu": [81, 85],
    }


def test_strips_put_everything_of_a_block_on_one_scale() -> None:
    (block,) = one_factor().blocks
    scales = Scales.of(block)
    for row in block.rows:
        strip, whisker = scales.strip(row), scales.whisker(row)
        assert strip is not None
        places = [place for _, _, place in strip.dots] + [strip.mean, *(strip.interval or ())]
        assert all(MARGIN <= place <= WIDTH - MARGIN for place in places)
        assert [value for _, value, _ in strip.dots] == list(row.values.values())
        assert (whisker is None) == row.is_baseline
    kernel = scales.whisker(block.rows[-1])
    relu = scales.whisker(block.rows[1])
    assert kernel is not None
    assert relu is not None
    assert (kernel.settled, kernel.paper, relu.settled) == (True, None, False)


def test_a_scale_has_round_ticks() -> None:
    scale = Scale.over([80.13, 82.71])
    assert scale is not None
    assert scale.ticks == [81.0, 82.0]
    assert Scale.over([]) is None
    alone = Scale.over([5.0])
    assert alone is not None
    assert alone.at(5.0) == WIDTH / 2


def test_an_arm_looks_alike_on_every_baseline_and_like_no_other() -> None:
    other = baseline("swin")
    arms = (VIT, other, RELU, GELU, arm("activation", "relu", "swin"))
    table = tabulate(plan(*arms), {})
    found = looks(table.rows)
    assert found[RELU.id] == found[arms[-1].id] != found[GELU.id]
    assert len({(look.colour, look.dash, look.marker) for look in map(look_of, range(5 * COLOURS))}) == 5 * COLOURS
    assert set(MARKERS) == set(PATHS)


def drawn(table: Table) -> list[Figure]:
    """All figures of a table."""
    return [figure for _, found in figures(table, curves(table)) for figure in found]


def coloured(value: Any) -> Any:
    """A drawing with its named colours as a page would fill them in."""
    if isinstance(value, str):
        return re.sub(r"^@[a-z]+\d?(/[\d.]+)?$", "#123456", value)
    if isinstance(value, list):
        return [coloured(inner) for inner in value]
    return {key: coloured(inner) for key, inner in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("study", TABLES)
def test_plotly_knows_every_word_of_every_drawing(study: str) -> None:
    import plotly.graph_objects as go

    found = drawn(TABLES[study]())
    assert len({figure.id for figure in found}) == len(found) >= 2
    for figure in found:
        go.Figure(coloured(json.loads(json.dumps(figure.drawing, allow_nan=False))), skip_invalid=False)


@pytest.mark.parametrize("study", TABLES)
def test_nothing_is_drawn_by_webgl_and_every_colour_has_a_name(study: str) -> None:
    for figure in drawn(TABLES[study]()):
        assert {trace["type"] for trace in figure.drawing["data"]} <= {"scatter", "bar"}
        colours = re.findall(r'"(?:\w*color)": "([^"]+)"', json.dumps(figure.drawing))
        assert colours
        assert all(re.fullmatch(r"@(paper|raised|ink|muted|line|accent|up|down|c\d)(/[\d.]+)?", c) for c in colours)


def test_names_are_text_and_not_markup() -> None:
    evil = replace(RELU, name="<b>x</b> & y")
    table = tabulate(plan(VIT, evil), known([(VIT, {0: 1.0}), (evil, {0: 2.0})]))
    text = json.dumps([figure.drawing for figure in drawn(table)])
    assert "&lt;b&gt;x&lt;/b&gt; &amp; y" in text
    assert "<b>" not in text


def test_a_figure_grows_with_the_names_above_it() -> None:
    assert crowded([]) == crowded(["a", "b", "c"]) == HEIGHT
    assert crowded(["a name that fills half of the line"] * 3) == HEIGHT + 2 * 19
    assert "dtick" in epochs(12)
    assert "dtick" not in epochs(13)
