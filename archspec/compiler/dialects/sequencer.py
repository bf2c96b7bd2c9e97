"""Sequencer2D and VSequencer.

The authors put what leads into a stage at the end of the stage before, timm at its beginning. Where our downsampler is
`pointwise`, theirs is a convolution of one token. Only the second stage may do either: each makes a dialect of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from archspec.compiler.dialects import Dialect

Rules = tuple[tuple[str, str], ...]
_BLOCK = r"stages.\1.blocks.\2"
_STAGES = 4


def _block_rules(block: str) -> Rules:
    """What a block's parameters are called by both; `block` matches the stage's and the block's number."""
    return (
        (rf"{block}norm1\.(.*)", rf"{_BLOCK}.mixer.norm.\3"),
        (rf"{block}norm2\.(.*)", rf"{_BLOCK}.mlp.norm.\3"),
        (rf"{block}rnn_tokens\.rnn_v\.(.*)", rf"{_BLOCK}.mixer.op.passes.vertical.rnn.\3"),
        (rf"{block}rnn_tokens\.rnn_h\.(.*)", rf"{_BLOCK}.mixer.op.passes.horizontal.rnn.\3"),
        (rf"{block}rnn_tokens\.rnn\.(.*)", rf"{_BLOCK}.mixer.op.cores.0.cells.rnn.\3"),
        (rf"{block}rnn_tokens\.fc\.(.*)", rf"{_BLOCK}.mixer.op.fc.\3"),
        (rf"{block}mlp_channels\.(.*)", rf"{_BLOCK}.mlp.op.\3"),
    )


def _transitions(pattern: str, patches: tuple[int, ...], shift: int) -> Iterator[tuple[str, str]]:
    """What leads into each stage, whose number the pattern finds `shift` lower."""
    for stage in range(1, _STAGES):
        layer = "conv" if stage in patches else "fc"
        yield pattern.format(stage - shift), rf"stages.{stage}.downsample.{layer}.\1"


def _dialect(source: Literal["timm", "official"], patches: tuple[int, ...]) -> Dialect:
    """One source's names for a network whose stages of these numbers begin with patches."""
    if source == "timm":
        transitions = _transitions(r"stages\.{}\.downsample\.down\.(.*)", patches, 0)
        blocks = _block_rules(r"stages\.(\d+)\.blocks\.(\d+)\.")
    else:
        transitions = _transitions(r"blocks\.{}\.\d+\.down\.(.*)", patches, 1)
        blocks = _block_rules(r"blocks\.(\d+)\.(\d+)\.")
    rules = (r"stem\.proj\.(.*)", r"stem.conv.\1"), *transitions, *blocks, *_TAIL
    return Dialect(source, rules, ((r"stages\.0\.positions\.table", lambda table: table.flatten(0, -2)),))


_TAIL: Rules = (
    # Whoever wrote a table of positions (1, rows, columns, C): the paper names it not, and no checkpoint is published.
    (r"(?:\w+\.)?(?:ape|\w*pos_?emb(?:ed(?:ding)?)?|\w*position_?embedding)(?:\.weight)?", "stages.0.positions.table"),
    (r"norm\.(.*)", r"head.norm_before.\1"),
    (r"head\.(?:fc\.)?(weight|bias)", r"head.fc.\1"),
)

DIALECTS = (
    _dialect("timm", (1,)),
    _dialect("timm", ()),
    _dialect("official", (1,)),
    _dialect("official", ()),
)
