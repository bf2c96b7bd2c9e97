"""PVT, PVTv2 and TransNeXt, whose authors build on one another's code.

They count stages from one, and a stage ends with the norm that here stands before what follows.
"""

from __future__ import annotations

from collections.abc import Iterator

from archspec.compiler.dialects import Dialect

STAGES = 4

Rule = tuple[str, str]


def _block_rules(block: str, ours: str) -> Iterator[Rule]:
    """What a block's parameters are called by both; `block` matches the block's number."""
    yield rf"{block}norm1\.(.*)", rf"{ours}.mixer.norm.\2"
    yield rf"{block}norm2\.(.*)", rf"{ours}.mlp.norm.\2"
    yield rf"{block}attn\.sr\.(.*)", rf"{ours}.mixer.op.reduction.\2"
    yield rf"{block}attn\.cpb_(fc\d\..*)", rf"{ours}.mixer.op.cpb.\2"
    yield rf"{block}attn\.relative_pos_bias_local", rf"{ours}.mixer.op.window_bias"
    yield rf"{block}attn\.learnable_tokens", rf"{ours}.mixer.op.learned_keys"
    yield rf"{block}attn\.learnable_bias", rf"{ours}.mixer.op.learned_bias"
    yield rf"{block}attn\.(.*)", rf"{ours}.mixer.op.\2"
    yield rf"{block}mlp\.(?:dwconv\.)+(.*)", rf"{ours}.mlp.op.depthwise.\2"
    yield rf"{block}mlp\.(.*)", rf"{ours}.mlp.op.\2"


def _stage_rules(stage: int, embed: str, block: str, norm: str) -> Iterator[Rule]:
    """What a stage's parameters are called, given what its parts are."""
    before = "stem" if stage == 0 else f"stages.{stage}.downsample"
    after = "head" if stage == STAGES - 1 else f"stages.{stage + 1}.downsample"
    yield rf"{embed}\.proj\.(.*)", rf"{before}.conv.\1"
    yield rf"{embed}\.norm\.(.*)", rf"{before}.norm_after.\1"
    yield from _block_rules(block, rf"stages.{stage}.blocks.\1")
    yield rf"{norm}\.(.*)", rf"{after}.norm_before.\1"


def _timm() -> Iterator[Rule]:
    for stage in range(STAGES):
        embed = "patch_embed" if stage == 0 else rf"stages\.{stage}\.downsample"
        yield from _stage_rules(stage, embed, rf"stages\.{stage}\.blocks\.(\d+)\.", rf"stages\.{stage}\.norm")
    yield r"head\.(weight|bias)", r"head.fc.\1"


def _official() -> Iterator[Rule]:
    for stage in range(STAGES):
        number = stage + 1
        yield from _stage_rules(stage, f"patch_embed{number}", rf"block{number}\.(\d+)\.", f"norm{number}")
        yield f"pos_embed{number}", f"stages.{stage}.positions.table"
    yield r"cls_token", f"stages.{STAGES - 1}.class_tokens.table"
    yield r"norm\.(.*)", r"head.norm_before.\1"
    yield r"head\.(weight|bias)", r"head.fc.\1"


DIALECTS = (Dialect("timm", tuple(_timm())), Dialect("official", tuple(_official())))
