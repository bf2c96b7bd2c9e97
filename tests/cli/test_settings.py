"""`--set PATH=VALUE`: the value is YAML, and mistakes point at the option."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("stages.0.mixer={kind: attention, head_dim: 4}", ("stages", 0, "mixer", "head_dim"), 4),
        ("stages.0.mlp.ratio=1/2", ("stages", 0, "mlp", "ratio"), 0.5),
        ("stages.0.norm.eps=1e-5", ("stages", 0, "norm", "eps"), 1e-5),
        ("stages.0.mlp=none", ("stages", 0, "mlp"), "none"),
        ("stages.depth={each: [1, 2]}", ("stages", 1, "depth"), 2),
        ("stages.dim={times: 2}", ("stages", 1, "dim"), 32),
        ("stages.0.bias=[norm]", ("stages", 0, "bias"), ["norm"]),
        ("classes = 7", ("classes",), 7),
    ],
)
def test_values_are_yaml(setting: str, path: tuple[Any, ...], value: Any, data: Callable[..., Any]) -> None:
    spec = data("show", "tiny.yaml", "--set", setting)["spec"]
    for part in path:
        spec = spec[part]
    assert spec == value


MISTAKES = {
    "stages.mixr=pooling": ("ARC201", "stages.mixr=pooling", "       ^^^^", "did you mean `mixer`?"),
    "stages.mixer=poling": ("ARC102", "stages.mixer=poling", "             ^^^^^^", "did you mean `pooling`?"),
    "stages.0.mixer={kind: attention, heads: 3}": (
        "ARC101",
        "stages.0.mixer={kind: attention, heads: 3}",
        "                                 ^^^^^",
        "",
    ),
    "stages.0.mlp.ratio={a: [}": ("ARC002", "stages.0.mlp.ratio={a: [}", "                        ^", ""),
    "stages.0.mixer.size=4": ("ARC301", "stages.0.mixer.size=4", "                    ^", "write 3 or 5"),
    "stages.depth={each: [1]}": ("ARC203", "stages.depth={each: [1]}", "                    ^", ""),
    "arch=other": ("ARC201", "arch=other", "^^^^", ""),
    "stem.size=5": ("ARC301", "stem.size=5", "          ^", ""),
}


@pytest.mark.parametrize("setting", MISTAKES)
def test_mistakes_point_at_the_option(setting: str, run: Run) -> None:
    code, quoted, carets, hint = MISTAKES[setting]
    text = run("show", "tiny.yaml", "--set", setting, code=1).stderr
    lines = text.splitlines()
    assert lines[0].startswith(code)
    assert lines[1].startswith("--> --set")
    assert lines[3] == f" | {quoted}"
    assert lines[4].startswith(f" | {carets}")
    assert hint in text
    assert "tiny.yaml" not in text


def test_two_settings_may_not_touch_the_same_place(run: Run) -> None:
    text = run("show", "tiny.yaml", "--set", "stages.mixer=identity", "--set", "stages.0.mixer=random", code=1).stderr
    assert text.startswith("ARC202")


@pytest.mark.parametrize("setting", ["stages.mixer", "=pooling", "stages.mixer=", "stages.mixer=  "])
def test_a_setting_has_two_sides(setting: str, run: Run) -> None:
    assert "is not PATH=VALUE" in run("show", "tiny.yaml", "--set", setting, code=2).stderr


def test_a_comment_is_no_value(run: Run) -> None:
    assert "write `none` to say nothing" in run("show", "tiny.yaml", "--set", "stages.mlp= # nothing", code=1).stderr
