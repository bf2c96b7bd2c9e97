"""What is written is read back as the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archspec.spec.loading import load
from archspec.spec.reading import compose
from archspec.spec.scalars import Printed
from archspec.spec.writing import document, flow, scalar, to_yaml

ODD = [
    *("", " ", "none", "null", "true", "1", "1.", ".5", "1e3", "1/2", "26M", "0x1f", "~", "-", "---", "- a", "a: b"),
    *("a #b", "*a", "&a", "!a", "%a", "@a", "`a`", "[a]", "{a}", "a,b", '"', "'", "\\", "\n", "\t", "\x85", "\u2028"),
    *("\ufeff", "é", "stages.2-.mixer", "a b", "a  b", "word " * 40, "x" * 200, "a\\ " * 60),
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(ODD)
SCALARS = TEXTS | st.integers(-(10**12), 10**12) | st.floats(-1e30, 1e30) | st.booleans()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=20
)


def read(text: str) -> Any:
    """The only document of a text, as plain data."""
    (root,) = compose(text)
    return root.plain()


@given(VALUES)
def test_a_value_on_one_line(value: Any) -> None:
    assert read(flow(value)) == value


@given(st.dictionaries(TEXTS.filter(lambda key: key != "<<"), VALUES, min_size=1, max_size=5), st.integers(20, 120))
def test_a_document(data: dict[str, Any], width: int) -> None:
    assert read("\n".join(document(data, width))) == data


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), VALUES, min_size=1, max_size=5))
def test_other_readers_understand_it(data: dict[str, Any]) -> None:
    yaml.compose("\n".join(document(data)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("none", "none"), ("layer_norm", "layer_norm"), ("null", '"null"'), ("1e-3", '"1e-3"'), ("26M", '"26M"'),
        (Printed("26M"), "26M"), (1e-6, "1e-6"), (1.5e20, "1.5e20"), (0.1, "0.1"), (True, "true"), (None, "null"),
        ("two words", "two words"), ("a: b", '"a: b"'), ("./a.yaml:b", '"./a.yaml:b"'), ("./a.yaml", "./a.yaml"),
        ("", '""'), ("\x1b", '"\\x1b"'), ("\u2028", '"\\u2028"'),
    ],
)  # fmt: skip
def test_scalars(value: Any, text: str) -> None:
    assert scalar(value) == text


def test_it_is_laid_out_as_a_person_would() -> None:
    data = {
        "arch": "mine",
        "input": {"size": 32, "channels": 3},
        "stages": [
            {"dim": 8, "mixer": {"ratio": 2, "kind": "sep_conv"}},
            {"dim": 16, "mixer": {"kind": "attention", "head_dim": 8}, "note": "so long that it is folded " * 3},
        ],
        "bias": [],
    }
    assert list(document(data, 60)) == [
        "arch: mine",
        "input: {size: 32, channels: 3}",
        "stages:",
        "  - {dim: 8, mixer: {kind: sep_conv, ratio: 2}}",
        "  - dim: 16",
        "    mixer: {kind: attention, head_dim: 8}",
        '    note: "so long that it is folded so long that it is',
        '      folded so long that it is folded "',
        "bias: []",
    ]


def test_a_papers_figures_stay_as_they_are_printed() -> None:
    arch = load(
        {
            "arch": "a",
            "input": {"size": 8},
            "stem": {"kind": "patch", "size": 4},
            "stages": [{"dim": 8, "depth": 1, "mixer": "pooling"}],
            "head": "linear",
            "reference": {"top1": 80.0, "macs": "4.10G", "params": "26M", "table": "4a", "at": {"384": {"macs": "1G"}}},
        }
    )
    last = to_yaml(arch).splitlines()[-1]
    assert last == "reference: {table: 4a, params: 26M, macs: 4.10G, top1: 80.0, at: {384: {macs: 1G}}}"
