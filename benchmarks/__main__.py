"""`make bench`: run every measurement, or those named: `python -m benchmarks edits`."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks

names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")]
measured = [name for name in names if hasattr(importlib.import_module(f"benchmarks.{name}"), "run")]
for name in sys.argv[1:] or measured:
    print(f"== {name}", flush=True)
    importlib.import_module(f"benchmarks.{name}").run()
