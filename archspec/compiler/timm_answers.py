"""`python -m archspec.compiler.timm_answers`: questions about timm's models on stdin, a line each, and as many answers.

Nothing is computed: models are made on the device `meta`, which knows shapes and no numbers.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from archspec.compiler.timm_network import made

Answer = dict[str, Any]


def models(_question: Answer) -> Answer:
    """Every model's name, and the channels, rows and columns it is made for."""
    configurations = {name: timm.get_pretrained_cfg(name) for name in timm.list_models()}
    return {"models": {name: list(said.input_size) for name, said in configurations.items() if said is not None}}


def costs(question: Answer) -> Answer:
    """Parameters, multiply-accumulates and numbers kept for the backward pass, for one image."""
    with torch.device("meta"):
        model, paths = made(*(question[name] for name in ("timm", "args", "classes", "channels", "size")))
    rows, columns = question["run"]
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    images = torch.empty(2, question["channels"], rows, columns, device="meta")
    return {
        "params": sum(size for size, trained in sizes if trained),
        "frozen_params": sum(size for size, trained in sizes if not trained),
        "macs": _macs(model, images[:1]),
        "activations": _kept(model, images),
        "drops": bool(paths),
        "features": int(getattr(model, "num_features", 0)),
    }


def _macs(model: nn.Module, images: Tensor) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        model.eval()(images)
    return int(counter.get_total_flops()) // 2


def _kept(model: nn.Module, images: Tensor) -> int:
    """Numbers that autograd keeps of one image; of two at once, because batch norms learn nothing from one."""
    saved: list[Tensor] = []

    def pack(tensor: Tensor) -> Tensor:
        saved.append(tensor)  # nothing may be freed meanwhile, so that storages tell tensors apart
        return tensor

    before = F.scaled_dot_product_attention
    F.scaled_dot_product_attention = _attention
    try:
        with _Statistics() as statistics, torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            logits = model.train()(images)
    finally:
        F.scaled_dot_product_attention = before
    apart = (*model.parameters(), *model.buffers(), *statistics.found, logits)
    own = {_storage(tensor) for tensor in apart}
    found = {_storage(tensor): tensor.untyped_storage().nbytes() // tensor.element_size() for tensor in saved}
    return sum(numbers for storage, numbers in found.items() if storage not in own) // len(images)


class _Statistics(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Remembers the means and deviations of norms: what is kept of them is not counted, as in closed forms."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: list[Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Compute as ever, and remember."""
        result = func(*args, **(kwargs or {}))
        if "norm" in func.overloadpacket.__name__ and isinstance(result, tuple):
            self.found += [tensor for tensor in result[1:] if isinstance(tensor, Tensor)]
        return result


class _Attention(torch.autograd.Function):
    """Attention as fused operations keep it: queries, keys, values and the result, and no matrix."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """A result of the right shape, laid out token by token as torch has it."""
        tokens = query.transpose(-3, -2)
        result = tokens.new_empty((*tokens.shape[:-1], value.shape[-1])).transpose(-3, -2)
        ctx.save_for_backward(query, key, value, result)
        return result


def _attention(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> Any:
    return _Attention.apply(query, key, value)


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


ASKED: dict[str, Callable[[Answer], Answer]] = {"models": models, "costs": costs}


def main() -> None:
    """Answer until nobody asks; what cannot be made is an answer too."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever models print is no answer
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = ASKED[question["ask"]](question)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}".strip().splitlines()[0]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
