"""Which kinds there are: this package's, those of other distributions, and those of a document's `plugins`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from archspec.errors import Problem, SpecError

if TYPE_CHECKING:
    from archspec.spec.base import Spec

FAMILIES: dict[str, type[Spec]] = {}
"""Every family's base class, by the family's name."""


@cache
def load_builtins() -> None:
    """Import every kind that networks are made of: defining a member registers it."""
    importlib.import_module("archspec.spec.arch")  # the families of one file each
    # Ours only: whoever adds a family has imported it, and where that stands need not be a package.
    ours = {base.__module__.rpartition(".")[0] for base in FAMILIES.values()}
    for folder in filter(lambda name: name.startswith("archspec.spec."), ours):
        for module in pkgutil.iter_modules(importlib.import_module(folder).__path__, folder + "."):
            importlib.import_module(module.name)


@cache
def load_all_builtins() -> None:
    """Import those of recipes, searches and runners, too: they come with the documents that say them."""
    load_builtins()
    importlib.import_module("archspec.spec.checking")


@cache
def load_plugins() -> None:
    """Import what other distributions offer under the entry-point group `archspec.plugins`."""
    for entry_point in entry_points(group="archspec.plugins"):
        import_plugin(entry_point.module)


def import_plugin(module: str) -> None:
    """Import a module that defines kinds of its own."""
    try:
        importlib.import_module(module)
    except Exception as error:
        # Whatever a foreign module does wrong while it is imported is reported as this plugin's mistake.
        message = f"the plugin `{module}` cannot be imported: {type(error).__name__}: {error}"
        raise SpecError(Problem("ARC105", message, "install the package it lives in, or correct the name")) from error


def members(family: str) -> dict[str, type[Spec]]:
    """Every kind of a family by name, plugins' included."""
    load_builtins()
    load_plugins()
    return FAMILIES[family].members
