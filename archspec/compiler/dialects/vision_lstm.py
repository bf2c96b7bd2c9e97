"""Vision-LSTM: the second version, whose blocks come in pairs, and the first.

The authors store the weights of the norms within the network as what they differ from one by. The norm behind the pool
is an ordinary one; they call it `legacy_norm` in the second version and `norm` in the first.
"""

from __future__ import annotations

import re

from archspec.compiler.dialects import Dialect

_BLOCK = "stages.0.blocks."
_CORE = "mixer.op.cores.0."
_PARTS = {
    "norm": "mixer.norm",
    "layer.proj_up": "mixer.op.up",
    "layer.proj_down": "mixer.op.down",
    "layer.conv": f"{_CORE}conv.0",
    "layer.conv.conv": f"{_CORE}conv.0",
    "layer.conv1d.conv": f"{_CORE}conv.0",
    "layer.q_proj": f"{_CORE}q",
    "layer.k_proj": f"{_CORE}k",
    "layer.v_proj": f"{_CORE}v",
    "layer.mlstm_cell.igate": f"{_CORE}memory.input",
    "layer.mlstm_cell.fgate": f"{_CORE}memory.forget",
    "layer.mlstm_cell.outnorm": f"{_CORE}norm",
}


def _in_block(block: int, rest: str) -> str:
    """Our name for a parameter of a block."""
    if rest == "layer.learnable_skip":
        return f"{_BLOCK}{block}.{_CORE}skip.weight"
    part, _, name = rest.rpartition(".")
    return f"{_BLOCK}{block}.{_PARTS.get(part, part)}.{name}"


def _of_pair(match: re.Match[str]) -> str:
    """A pair reads forwards, then backwards."""
    return _in_block(2 * int(match[1]) + (match[2] == "rowwise_from_bot_right"), match[3])


_AROUND = (
    (r"patch_embed\.proj\.(.*)", r"stem.conv.\1"),
    (r"pos_embed\.embed", "stages.0.positions.table"),
    (r"head\.(weight|bias)", r"head.fc.\1"),
)
_CHANGES = (
    (r"stages\.0\.blocks\.\d+\.mixer\.(op\.cores\.0\.)?norm\.weight|head\.norm_before\.weight", lambda w: w + 1),
    (r"stages\.0\.positions\.table", lambda table: table.flatten(0, -2)),
)

DIALECTS = (
    Dialect(
        "official",
        (
            (r"blocks\.(\d+)\.(rowwise_from_(?:top_left|bot_right))\.(.*)", _of_pair),
            (r"norm\.(.*)", r"head.norm_before.\1"),
            (r"legacy_norm\.(.*)", r"head.norm_after.\1"),
            *_AROUND,
        ),
        _CHANGES,
    ),
    Dialect(
        "official",
        (
            (r"blocks\.(\d+)\.(.*)", lambda match: _in_block(int(match[1]), match[2])),
            (r"legacy_norm\.(.*)", r"head.norm_before.\1"),
            (r"norm\.(.*)", r"head.norm_after.\1"),
            *_AROUND,
        ),
        _CHANGES,
    ),
)
