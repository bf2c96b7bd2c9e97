"""What a module really costs: its parameters, its multiply-accumulates, and the numbers autograd keeps.

Kept numbers are counted once per storage, however many operations keep views of it, and without

- parameters and buffers, which are there anyway;
- statistics: the mean and deviation of a norm, the logarithms of the sums of a softmax. They are what fused operations
  return beside their result, and are smaller than the tokens by the width that they are taken over.

Recurrent layers are measured step by step: fused into one operation they neither tell what they multiply nor what they
keep, which is one block of bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from tests.conformance.by_hand import BY_HAND

STATISTICS = ("native_layer_norm", "native_group_norm", "native_batch_norm", "_native_batch_norm_legit",
              "_fused_rms_norm", "_scaled_dot_product")  # fmt: skip
"""The fused operations whose results after the first are statistics, or the beginnings of their names."""


def params(module: nn.Module) -> tuple[int, int]:
    """Trainable and frozen parameters."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in module.parameters()]
    return sum(size for size, trained in sizes if trained), sum(size for size, trained in sizes if not trained)


@contextmanager
def _step_by_step() -> Iterator[None]:
    """Recurrent layers without the library that fuses them."""
    before = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)
    try:
        yield
    finally:
        torch._C._set_mkldnn_enabled(before)


def macs(run: Callable[[], Any]) -> int:
    """The multiply-accumulates of what runs, attention as plain products; by hand where torch does not see them."""
    counter, by_hand, inside, seen = FlopCounterMode(display=False), [], [], 0

    def enter(module: nn.Module, given: Any) -> None:
        if type(module) in BY_HAND:
            inside.append(counter.get_total_flops())

    def leave(module: nn.Module, given: Any, result: Any) -> None:
        nonlocal seen
        if type(module) in BY_HAND:
            by_hand.append(BY_HAND[type(module)](module, given))
            seen += counter.get_total_flops() - inside.pop()

    hooks = register_module_forward_pre_hook(enter), register_module_forward_hook(leave)
    try:
        with counter, sdpa_kernel(SDPBackend.MATH), _step_by_step():
            run()
    finally:
        for hook in hooks:
            hook.remove()
    macs, rest = divmod(int(counter.get_total_flops()) - seen, 2)
    assert rest == 0
    return macs + sum(by_hand)


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

    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    with _Statistics() as statistics, hooks, _step_by_step():
        result = run()
    results = [tensor for tensor in (result if isinstance(result, tuple) else (result,)) if isinstance(tensor, Tensor)]
    left_out = _storages([*module.parameters(), *module.buffers(), *statistics.found, *results, *ignored])
    storages = _storages(saved)
    return sum(numbers for pointer, numbers in storages.items() if pointer not in left_out)


def _storages(tensors: Iterable[Tensor]) -> dict[int, int]:
    """The storages of some tensors, and how many numbers each holds: two for a complex one."""
    return {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() // tensor.real.element_size()
        for tensor in tensors
    }
