"""Initialisation schemes of a whole network. Parts with parameters of a shape of their own start them themselves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from archspec.spec.base import Spec
from archspec.spec.values import Positive


class Init(Spec, family="inits"):
    """How linear layers and convolutions start."""


class TruncNormal(Init):
    """Weights from a normal distribution cut at ±2, biases zero: DeiT, MetaFormer, ConvNeXt."""

    kind: Literal["trunc_normal"] = "trunc_normal"
    std: Positive = Field(0.02, description="standard deviation of the weights")


class XavierUniform(Init):
    """Weights uniform with variance 2 / (inputs + outputs), biases zero."""

    kind: Literal["xavier_uniform"] = "xavier_uniform"


class KaimingNormal(Init):
    """Weights normal with variance 2 / outputs, biases zero: the scheme of ResNets."""

    kind: Literal["kaiming_normal"] = "kaiming_normal"


class Torch(Init):
    """What torch gives its layers."""

    kind: Literal["torch"] = "torch"


class Sequencer(Init):
    """Linear layers as by `xavier_uniform`, convolutions and downsamplers truncated normal with variance 1 / inputs.

    Biases are zero, those of channel mlps normal with deviation 1e-6. Recurrent cells start as torch starts them:
    uniform within 1 / √hidden.
    """

    kind: Literal["sequencer"] = "sequencer"


class Vil(Init):
    """Vision-LSTM's: linear layers normal with deviation √(2 / 5 inputs), an mLSTM's last 2 / √outputs.

    The stem is as by `xavier_uniform`, other convolutions as torch starts them, the head truncated normal with
    deviation 2e-5. Biases are zero.
    """

    kind: Literal["vil"] = "vil"


class Transnext(Init):
    """Linear layers normal with deviation 0.02, convolutions as by `kaiming_normal`, biases zero: TransNeXt, PVTv2."""

    kind: Literal["transnext"] = "transnext"
