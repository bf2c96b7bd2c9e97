"""HyenaPixel: its mixers in the plane and along the sequence, in the networks of MetaFormer Baselines."""

from __future__ import annotations

from archspec.compiler.dialects import Dialect
from archspec.compiler.dialects.metaformer import DIALECTS as METAFORMER

Rules = tuple[tuple[str, str], ...]
_MIXER = r"stages\.(\d+)\.(\d+)\.token_mixer\."
_OP = r"stages.\1.blocks.\2.mixer.op"


def _network(*rules: tuple[str, str]) -> Dialect:
    """The dialect of networks whose mixers follow some rules, written without what stands before."""
    official = next(dialect for dialect in METAFORMER if dialect.source == "official")
    return Dialect("official", (*((_MIXER + theirs, f"{_OP}.{ours}") for theirs, ours in rules), *official.rules))


def _written(ours: str, layers: str) -> Rules:
    """What a filter's own network is called by both."""
    return (
        (rf"{layers}\.(\d+)\.freq", rf"{ours}.layers.\3.frequency"),
        (rf"{layers}\.(.*)", rf"{ours}.layers.\3"),
    )


_IN_THE_PLANE: Rules = (
    (r"pointwise_conv\.(.*)", r"in_proj.\3"),
    (r"depthwise_conv\.(.*)", r"depthwise.\3"),
    (r"qk_norm\.(.*)", r"norm.0.\3"),
    (r"out_norm\.(.*)", r"norm.1.\3"),
)

DIALECTS = (
    _network(
        *_IN_THE_PLANE,
        *_written("filter.0", r"long_conv\.implicit_filter"),
        (r"long_conv\.z", "filter.0.places"),
        (r"long_conv\.deltas", "filter.0.alpha"),
        (r"long_conv\.distance_map", "filter.0.distance"),
        (r"long_conv\.shift", "filter.0.shift"),
        (r"long_conv\.bias", "filter.0.skip"),
    ),
    _network(
        *_IN_THE_PLANE,
        (r"long_(?:horizontal_)?conv\.(.*)", r"filter.0.conv.\3"),
        (r"long_vertical_conv\.(.*)", r"filter.1.conv.\3"),
    ),
    _network(
        *_written(r"cores.0.filters.0", r"filter_fn\.implicit_filter"),
        (r"filter_fn\.pos_emb\.z", "cores.0.filters.0.places"),
        (r"filter_fn\.modulation\.deltas", "cores.0.filters.0.alpha"),
        (r"filter_fn\.pos_emb\.t", "cores.0.filters.0.distance"),
        (r"filter_fn\.bias", "cores.0.filters.0.skip"),
        (r"short_filter\.(.*)", r"cores.0.short.\3"),
        (r"qk_norm\.(\d+)\.(.*)", r"cores.0.norms.\3.\4"),
        (r"out_norm\.(.*)", r"norm.\3"),
    ),
)
