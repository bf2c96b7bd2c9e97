"""MetaFormer Baselines: IdentityFormer, RandFormer, PoolFormerV2, ConvFormer, CAFormer.

timm's head of ConvFormer and CAFormer has a norm with eps 1e-6 where the authors', and so the zoo's, has 1e-5. Trained
weights do not feel it; with untrained ones the logits differ by 3e-4, unless the arch is edited: `head.norm.eps: 1e-6`.
"""

from __future__ import annotations

from archspec.compiler.dialects import Dialect

_BLOCK = r"stages.\1.blocks.\2"


def _block_rules(block: str) -> tuple[tuple[str, str], ...]:
    """What a block's parameters are called by both; `block` matches the stage's and the block's number."""
    return (
        (rf"{block}norm1\.(.*)", rf"{_BLOCK}.mixer.norm.\3"),
        (rf"{block}norm2\.(.*)", rf"{_BLOCK}.mlp.norm.\3"),
        (rf"{block}layer_scale1\.scale", rf"{_BLOCK}.mixer.scaling.scale"),
        (rf"{block}layer_scale2\.scale", rf"{_BLOCK}.mlp.scaling.scale"),
        (rf"{block}res_scale1\.scale", rf"{_BLOCK}.mixer.scaling.residual"),
        (rf"{block}res_scale2\.scale", rf"{_BLOCK}.mlp.scaling.residual"),
        (rf"{block}token_mixer\.pwconv1\.(.*)", rf"{_BLOCK}.mixer.op.fc1.\3"),
        (rf"{block}token_mixer\.act1\.scale", rf"{_BLOCK}.mixer.op.activation.scale"),
        (rf"{block}token_mixer\.act1\.bias", rf"{_BLOCK}.mixer.op.activation.shift"),
        (rf"{block}token_mixer\.dwconv\.(.*)", rf"{_BLOCK}.mixer.op.depthwise.\3"),
        (rf"{block}token_mixer\.pwconv2\.(.*)", rf"{_BLOCK}.mixer.op.fc2.\3"),
        (rf"{block}token_mixer\.random_matrix", rf"{_BLOCK}.mixer.op.matrix"),
        (rf"{block}token_mixer\.(.*)", rf"{_BLOCK}.mixer.op.\3"),
        (rf"{block}mlp\.act\.scale", rf"{_BLOCK}.mlp.op.activation.scale"),
        (rf"{block}mlp\.act\.bias", rf"{_BLOCK}.mlp.op.activation.shift"),
        (rf"{block}mlp\.(.*)", rf"{_BLOCK}.mlp.op.\3"),
    )


DIALECTS = (
    Dialect(
        "timm",
        (
            (r"stem\.norm\.(.*)", r"stem.norm_after.\1"),
            (r"stages\.(\d+)\.downsample\.norm\.(.*)", r"stages.\1.downsample.norm_before.\2"),
            *_block_rules(r"stages\.(\d+)\.blocks\.(\d+)\."),
            (r"head\.norm\.(.*)", r"head.norm_after.\1"),
            (r"head\.fc\.((?:fc1|norm|fc2)\..*)", r"head.\1"),
        ),
    ),
    Dialect(
        "official",
        (
            (r"downsample_layers\.0\.conv\.(.*)", r"stem.conv.\1"),
            (r"downsample_layers\.0\.post_norm\.(.*)", r"stem.norm_after.\1"),
            (r"downsample_layers\.(\d+)\.conv\.(.*)", r"stages.\1.downsample.conv.\2"),
            (r"downsample_layers\.(\d+)\.pre_norm\.(.*)", r"stages.\1.downsample.norm_before.\2"),
            *_block_rules(r"stages\.(\d+)\.(\d+)\."),
            (r"norm\.(.*)", r"head.norm_after.\1"),
            (r"head\.(weight|bias)", r"head.fc.\1"),
        ),
    ),
)
