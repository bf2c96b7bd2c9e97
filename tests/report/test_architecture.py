"""Architectures as pictures: the numbers of every arch that ships, and SVG that any reader takes."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import archspec
from archspec.report.architecture.blocks import WIDTH
from archspec.report.architecture.dissecting import network
from archspec.report.architecture.drawing import draw
from archspec.report.architecture.parts import Box, Network
from archspec.report.architecture.svg import lines, tag
from archspec.report.html import TEMPLATES
from archspec.spec.arch import Arch
from archspec.spec.cost import Cost
from archspec.spec.shelf import find, names

ARCHS = sorted(names("arch"))
NAME = '"><script>alert(1)</script>\n&\x1b[31m\x00'
SVG = "{http://www.w3.org/2000/svg}"


def small(**more: Any) -> Arch:
    """An arch in which blocks take turns."""
    stage = {"dim": 32, "depth": 5, "mixer": {"cycle": ["pooling", "pooling", {"kind": "attention", "head_dim": 16}]}}
    stages = [stage, {"dim": 64, "depth": 2, "mixer": "identity", "downsample": "pointwise"}]
    said = {"arch": "small", "input": {"size": 32}, "stem": {"kind": "patch", "size": 4}, "stages": stages}
    return archspec.load({**said, "head": "linear", **more})


def boxes(found: Network, role: str, stage: int = 0) -> list[Box]:
    """The boxes of a role in a stage."""
    return [box for box in found.parts[stage + 1].boxes if box.role == role]


@pytest.mark.parametrize("name", ARCHS)
def test_what_is_told_of_an_arch_adds_up_to_all_of_it(name: str) -> None:
    arch = archspec.load(name)
    found = network(arch)
    assert [part.path for part in found.parts] == [section.name for section in arch.layout.sections]
    for part, section in zip(found.parts, arch.layout.sections, strict=True):
        entry = sum((box.cost for box in part.entry), Cost())
        blocks = [run.cost * run.depth * group.times for group in part.groups for run in group.runs]
        assert sum(blocks, entry) == section.cost == part.cost
        assert sum(run.depth * group.times for group in part.groups for run in group.runs) == part.depth
    assert [part.depth for part in found.parts[1:-1]] == [stage.depth for stage in arch.stages]
    assert all(box.line and box.file.endswith(".yaml") and not box.was for box in found.boxes)


@pytest.mark.parametrize("name", ARCHS)
def test_every_arch_is_drawn_within_its_frame(name: str) -> None:
    text = str(draw(network(archspec.load(name))))
    assert "style=" not in text
    root = ET.fromstring(text)
    width, height = (float(root.attrib[side]) for side in ("width", "height"))
    assert root.attrib["viewBox"] == f"0 0 {width:g} {height:g}"
    found = [[float(rect.attrib[side]) for side in ("x", "y", "width", "height")] for rect in root.iter(f"{SVG}rect")]
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in found)
    drawn = [rect for rect in root.iter(f"{SVG}rect") if "box" in rect.attrib["class"].split()]
    places = [[float(rect.attrib[side]) for side in ("x", "y", "width", "height")] for rect in drawn]
    for i, (x, y, w, h) in enumerate(places):
        for other_x, other_y, other_w, other_h in places[i + 1 :]:
            beside = x + w <= other_x or other_x + other_w <= x
            assert beside or y + h <= other_y or other_y + other_h <= y


def test_blocks_that_are_equal_are_told_once() -> None:
    found = network(archspec.load("caformer_s18"))
    stage = found.parts[3]
    assert (stage.name, stage.grid, stage.dim, stage.depth) == ("stage 2", (14, 14), 320, 9)
    [group] = stage.groups
    [run] = group.runs
    assert (run.depth, group.times) == (9, 1)
    assert run.cost == Cost(1230082, 0, 265431040, 1003520)
    mixer, mlp = run.arms
    assert mixer.norm
    assert mixer.scaling
    assert (mixer.norm.kind, mixer.op.kind, mixer.scaling.kind) == ("layer_norm", "attention", "res_scale")
    assert (mlp.op.kind, mlp.op.activation) == ("mlp", "star_relu")
    assert [box.kind for box in stage.entry] == ["conv"]


def test_blocks_that_take_turns_are_told_with_how_often_they_come_round() -> None:
    groups = network(small()).parts[1].groups
    assert [(group.times, [(run.depth, run.arms[0].op.kind) for run in group.runs]) for group in groups] == [
        (1, [(2, "pooling"), (1, "attention"), (2, "pooling")])
    ]
    twice = network(small().edit({"stages.0.depth": 8})).parts[1].groups
    assert [(group.times, [(run.depth, run.arms[0].op.kind) for run in group.runs]) for group in twice] == [
        (2, [(2, "pooling"), (1, "attention")]),
        (1, [(2, "pooling")]),
    ]
    [group] = network(archspec.load("vil_tiny")).parts[1].groups
    assert group.times == 12
    assert [run.arms[0].op.details for run in group.runs] == [
        (("traversal", "rows"),),
        (("traversal", "rows_reversed"),),
    ]


def test_what_a_baseline_has_instead_is_said() -> None:
    before = archspec.load("caformer_s18")
    changes = {
        "stages.2.mixer": "pooling",
        "stages.0.mlp.activation": "gelu",
        "stages.1.depth": 4,
        "stages.3.mlp": "none",
    }
    found = network(before.edit({**changes, "stages.0-1.scaling": "layer_scale"}), before)
    assert found.baseline == "caformer_s18"
    assert [box.was for box in boxes(found, "mixer", 2)] == ["attention"]
    assert [box.was for box in boxes(found, "mlp", 0)] == ["activation star_relu"]
    assert [(box.kind, box.was) for box in boxes(found, "mlp", 3)] == [("none", "mlp")]
    assert {box.was for box in boxes(found, "scaling", 0)} == {"nothing"}
    assert {box.was for box in boxes(found, "scaling", 2)} == {""}
    assert [part.was for part in found.parts] == [(), (), (("depth", "3"),), (), (), ()]
    biased = network(before.edit({"stages.norm.bias": True}), before)
    assert {box.was for box in boxes(biased, "norm", 1)} == {"no bias"}
    assert found.parts[3].before == before.layout.sections[3].cost
    assert not any(box.was for box in network(before, before).boxes)


def test_a_baseline_may_have_other_blocks_and_stages() -> None:
    before = small()
    after = network(before.edit({"stages.0.mixer": "pooling"}), before)
    [mixer] = boxes(after, "mixer")
    assert mixer.was == "attention head_dim=16 in some blocks"
    shorter = small(stages=[{"dim": 32, "depth": 1, "mixer": "identity"}])
    assert network(shorter, before).gone == ("stages.1",)
    longer = network(before, shorter)
    assert [part.is_new for part in longer.parts] == [False, False, True, False]
    assert longer.parts[2].before is None
    drawn = str(draw(longer))
    assert 'class="new"' in drawn
    assert ">5 blocks, was 1<" in drawn


def test_parts_beside_each_other_are_one_box() -> None:
    mixer = {"parallel": [{"kind": "sep_conv", "kernel": 5}, "identity", {"kind": "attention", "head_dim": 16}]}
    found = network(small().edit({"stages.0.mixer": mixer}), small())
    [box] = boxes(found, "mixer")
    assert box.kind == "sep_conv + identity + attention"
    assert box.details == (("sep_conv", "kernel 5"), ("attention", "head dim 16"))
    assert box.said == "sep_conv kernel=5 + identity + attention head_dim=16"
    assert [box.kind for box in boxes(found, "norm")] == ["layer_norm"]  # the mlp's: each member has its own


def test_what_only_the_baseline_has_is_named() -> None:
    before = archspec.load("caformer_s18")
    drawn = str(draw(network(before.edit({"stages.mlp": "none", "stages.scaling": "none"}), before)))
    assert drawn.count(">no mlp</text>") == 4
    assert drawn.count(">no scaling</text>") == 2


def test_boxes_say_where_they_are_written_and_lead_there() -> None:
    found = network(archspec.load("caformer_s18"))
    [mixer] = boxes(found, "mixer", 2)
    file = find("arch", "caformer_s18").file
    assert file is not None
    assert file.name == mixer.file
    assert "attention" in file.read_text().splitlines()[mixer.line - 1]
    drawn = str(draw(found, lambda box: f"#line-{box.line}"))
    assert f'data-path="stages.2.mixer" data-line="{mixer.file}:{mixer.line}"' in drawn
    assert f'<a href="#line-{mixer.line}">' in drawn
    assert 'role="group"' in drawn
    assert "314K activations" in drawn
    alone = str(draw(found))
    assert "<a " not in alone
    assert 'role="img"' in alone


def test_nothing_that_is_written_in_a_name_becomes_an_element() -> None:
    drawn = str(draw(network(small().model_copy(update={"arch": NAME})), lambda _: '"><script>'))
    assert "<script" not in drawn
    assert "\x1b" not in drawn
    assert "\x00" not in drawn
    assert ET.fromstring(drawn).attrib["aria-label"].startswith('"><script>alert(1)</script>�')
    assert tag("text", "<b>", x='"') == '<text x="&#34;">&lt;b&gt;</text>'


def test_texts_are_broken_where_words_end() -> None:
    assert lines("spatial_reduction_attention", 160, 15) == ["spatial_reduction_", "attention"]
    assert lines("norm before layer_norm", 400, 11) == ["norm before layer_norm"]
    assert lines("x" * 30, 11 * 0.56 * 10, 11, most=2) == ["x" * 10, "x" * 9 + "…"]
    assert lines("", 100, 11) == [""]


def test_colours_are_classes_that_the_style_sheet_has() -> None:
    said = set(re.findall(r"\.([a-z][\w-]*)", (TEMPLATES / "network.css").read_text()))
    before, after = archspec.load("convformer_s18"), archspec.load("caformer_s18")
    used = {name for text in re.findall(r'class="([^"]+)"', str(draw(network(after, before)))) for name in text.split()}
    assert used - said <= {"part", "slab", "other", "params", "map"}
    kinds = network(before).kinds
    assert 'class="box hue-1 changed"' in str(draw(network(after, before), kinds=kinds))
    assert WIDTH > 100


@pytest.mark.parametrize("theirs", ["vil_tiny", "pvt_tiny"])
def test_unlike_networks_can_be_compared(theirs: str) -> None:
    found = network(archspec.load("transnext_micro"), archspec.load(theirs))
    ET.fromstring(str(draw(found)))
    assert all(box.was for box in boxes(found, "mixer", 0))
