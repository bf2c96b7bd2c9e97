"""What a module really costs: its parameters, its multiply-accumulates, and the numbers autograd keeps.

Kept numbers are counted once per storage, however many operations keep views of it, and without

- parameters and buffers, which are there anyway;
- statistics: the mean and deviation of a norm, the logarithms of the sums of a softmax. They are what fused operations
  return beside their result, and are smaller than the tokens by the width that they are taken over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

STATISTICS = ("native_layer_norm", "native_group_norm", "native_batch_norm", "_native_batch_norm_legit",
              "_fused_rms_norm", "_scaled_dot_product")  # fmt: skip
"""The fused operations whose results after the first are statistics, or the beginnings of their names."""


def params(module: nn.Module) -> tuple[int, int]:
    """Trainable and frozen parameters."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in module.parameters()]
    return sum(size for size, trained in sizes if trained), sum(size for size, trained in sizes if not trained)


def macs(run: Callable[[], Any]) -> int:
    """The multiply-accumulates of what runs, attention as plain products."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        run()
    macs, rest = divmod(int(counter.get_total_flops()), 2)
    assert rest == 0
    return macs


class _Statistics(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Remembers what fused operations return beside their result."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: list[Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket.__name__.startswith(STATISTICS) and isinstance(result, tuple):
            self.found += [tensor for tensor in result[1:] if isinstance(tensor, Tensor)]
        return result


def kept(module: nn.Module, run: Callable[[], Any], ignored: Sequence[Tensor] = ()) -> int:
    """The numbers that autograd keeps of what runs; nothing is freed meanwhile, so storages tell tensors apart."""
    saved: list[Tensor] = []

    def pack(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    with _Statistics() as statistics, torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run()
    results = [tensor for tensor in (result if isinstance(result, tuple) else (result,)) if isinstance(tensor, Tensor)]
    left_out = _storages([*module.parameters(), *module.buffers(), *statistics.found, *results, *ignored])
    storages = _storages(saved)
    return sum(numbers for pointer, numbers in storages.items() if pointer not in left_out)


def _storages(tensors: Iterable[Tensor]) -> dict[int, int]:
    """The storages of some tensors, and how many numbers each holds."""
    return {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() // tensor.element_size()
        for tensor in tensors
    }
