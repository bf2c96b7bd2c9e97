"""Plain vision transformers: ViT, DeiT and DeiT-III, whose authors build on timm's."""

from __future__ import annotations

from archspec.compiler.dialects import Dialect

_BLOCK = r"stages.0.blocks.\1"
_RULES = (
    (r"patch_embed\.proj\.(.*)", r"stem.conv.\1"),
    (r"cls_token", r"stages.0.class_tokens.table"),
    (r"pos_embed", r"stages.0.positions.table"),
    (r"blocks\.(\d+)\.norm1\.(.*)", rf"{_BLOCK}.mixer.norm.\2"),
    (r"blocks\.(\d+)\.norm2\.(.*)", rf"{_BLOCK}.mlp.norm.\2"),
    (r"blocks\.(\d+)\.attn\.(.*)", rf"{_BLOCK}.mixer.op.\2"),
    (r"blocks\.(\d+)\.mlp\.(.*)", rf"{_BLOCK}.mlp.op.\2"),
    (r"blocks\.(\d+)\.(?:ls1\.gamma|gamma_1)", rf"{_BLOCK}.mixer.scaling.scale"),
    (r"blocks\.(\d+)\.(?:ls2\.gamma|gamma_2)", rf"{_BLOCK}.mlp.scaling.scale"),
    (r"norm\.(.*)", r"head.norm_before.\1"),
    (r"head\.(weight|bias)", r"head.fc.\1"),
)

DIALECTS = (Dialect("timm", _RULES), Dialect("official", _RULES))
