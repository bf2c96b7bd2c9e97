"""What an unknown word is taken for."""

from __future__ import annotations

import pytest

from archspec.errors import near

NAMES = ["activation", "avg", "bias", "defaults", "eps", "head_dim", "kernel", "layer_norm", "lr", "ratio", "stages"]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("kernal", "kernel"),
        ("KERNEL", "kernel"),
        ("layer-norm", "layer_norm"),
        ("default", "defaults"),
        ("average", "avg"),
        ("epsilon", "eps"),
        ("heads", "head_dim"),
        ("learning_rate", "lr"),
        ("ration", "ratio"),
    ],
)
def test_misspelt_shortened_and_written_out(word: str, name: str) -> None:
    assert near(word, NAMES) == f"did you mean `{name}`?"


def test_what_is_like_nothing_is_told_what_there_is() -> None:
    assert near("quux", ["b", "a"]) == "known: `a`, `b`"
    assert near("quux", map(str, range(20))).endswith(", …")
    assert near("quux", []) == ""


def test_long_words_are_compared_by_their_beginning() -> None:
    assert near("kernel" + "x" * 1_000_000, NAMES) == "did you mean `kernel`?"
