"""Pages over a store: what studies have taught so far, live. No torch, no writing but requests to drivers."""

from __future__ import annotations
