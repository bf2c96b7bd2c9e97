"""From a spec to a torch module."""

from __future__ import annotations

from archspec.compiler.building import build as build
from archspec.compiler.network import Network as Network
from archspec.compiler.weights import load_model as load_model
from archspec.compiler.weights import load_weights as load_weights
from archspec.compiler.weights import save_model as save_model
