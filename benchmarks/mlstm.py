"""The mLSTM's memory beside the published formulation, quadratic in the tokens; as wide as ViL-T's, one thread."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from archspec.nn.matrix_memory import Tokens, read
from benchmarks.timing import interleaved

HEADS, WIDTH = 4, 96
LENGTHS = {196: (8, 12), 1024: (1, 12), 4096: (1, 3)}
"""Tokens, with the images of a batch and the rounds."""
ALONE = (4096, 16_384, 65_536)
Form = Callable[[Tokens], Tensor]


def quadratic(tokens: Tokens) -> Tensor:
    """The paper's equations for all tokens at once: a matrix of forget gates, masked, and the input gates on top."""
    q, k, v, i, f = (tensor.transpose(1, 2) for tensor in tokens)
    k = k / math.sqrt(WIDTH)
    total, seen = F.logsigmoid(f).cumsum(-1), torch.ones(q.shape[2], q.shape[2], dtype=torch.bool).tril()
    forgotten = torch.where(seen, total.unsqueeze(-1) - total.unsqueeze(-2), -torch.inf)
    exponents = forgotten + i.unsqueeze(-2)
    highest = exponents.amax(-1, keepdim=True)
    scores = q @ k.mT * torch.exp(exponents - highest)
    size = torch.maximum(scores.sum(-1, keepdim=True).abs(), torch.exp(-highest))
    return ((scores / (size + 1e-6)) @ v).transpose(1, 2)


FORMS: dict[str, Form] = {"ours": read, "quadratic": quadratic}


def tensors(batch: int, tokens: int) -> Tokens:
    """Queries, keys, values and gates as at the start of training."""
    draw = torch.Generator().manual_seed(0)
    vectors = [torch.randn(batch, tokens, HEADS, WIDTH, generator=draw) for _ in range(3)]
    i, f = (torch.randn(batch, tokens, HEADS, generator=draw) + mean for mean in (0, 4))
    return Tokens._make(tensor.requires_grad_() for tensor in (*vectors, i, f))


def inference(form: Form, given: Tokens) -> Callable[[], object]:
    """Forward alone."""
    return lambda: torch.no_grad()(form)(given)


def training(form: Form, given: Tokens) -> Callable[[], object]:
    """Forward and backward."""
    return lambda: torch.autograd.grad(form(given).sum(), given)


def peak_memory(form: str, tokens: int) -> float:
    """MiB that a training step of one image takes at its peak, measured in a process of its own."""
    words = f"from benchmarks.mlstm import used; used({form!r}, {tokens})"
    found = subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, text=True)  # noqa: S603
    return float(found.stdout)


def used(form: str, tokens: int) -> None:
    """Print how many MiB more than before a step of one image makes this process hold at most; Linux tells."""
    torch.set_num_threads(1)
    given = tensors(1, tokens)
    training(FORMS[form], tensors(1, 64))()
    Path("/proc/self/clear_refs").write_text("5")  # from here on, the most is counted anew
    before = held("VmHWM")
    training(FORMS[form], given)()
    print(held("VmHWM") - before)


def held(kind: str) -> float:
    """MiB of memory that this process holds, as the kernel counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024


def run() -> None:
    """Print how many times as fast ours is, what memory it takes, and how its time grows."""
    torch.set_num_threads(1)
    for tokens, (batch, rounds) in LENGTHS.items():
        for way in (inference, training):
            given = tensors(batch, tokens)
            seconds = interleaved({name: way(form, given) for name, form in FORMS.items()}, rounds)
            ratio, load = seconds["quadratic"] / seconds["ours"], os.getloadavg()[0]
            said = f"{1000 * seconds['ours']:.1f} ms, {ratio:.1f}x as fast"
            print(f"{tokens} tokens, batch {batch}, {way.__name__}: {said} (load {load:.1f})", flush=True)
    for tokens in (1024, 4096):
        needs = {form: peak_memory(form, tokens) for form in FORMS}
        share = needs["ours"] / needs["quadratic"]
        print(f"{tokens} tokens: {needs['ours']:.0f} MiB to train, {share:.2f} of the quadratic form's", flush=True)
    for way in (inference, training):
        given_of = {str(tokens): tensors(1, tokens) for tokens in ALONE}
        seconds = interleaved({tokens: way(read, given) for tokens, given in given_of.items()}, 3)
        each = ", ".join(f"{tokens}: {1e6 * best / int(tokens):.1f}" for tokens, best in seconds.items())
        print(f"µs a token of ours, {way.__name__}: {each}", flush=True)
