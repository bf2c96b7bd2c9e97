"""Building: spec → initialised module."""

from __future__ import annotations

import torch

from archspec.compiler.network import Network
from archspec.compiler.weights import load_pretrained
from archspec.nn.inits import stream
from archspec.spec.api import Source
from archspec.spec.arch import Arch
from archspec.spec.loading import load


def made(spec: Arch, seed: int) -> Network:
    """The network of a spec, whose weights have not been started."""
    network: Network = spec.network(seed)
    return network


def build(arch: Source, seed: int = 0, device: torch.device | str | None = None, pretrained: bool = False) -> Network:
    """The network that an arch describes, started from a seed; on the device `meta` it has shapes and no numbers."""
    spec, device = load(arch), torch.get_default_device() if device is None else torch.device(device)
    if device.type == "meta":
        with device:
            return made(spec, seed)
    # Weights are drawn on the CPU, so that a seed means the same numbers on every device.
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(stream(seed, ""))
        network = made(spec, seed)
        network.start()
    if pretrained:
        load_pretrained(network, spec)
    return network.to(device)
