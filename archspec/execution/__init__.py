"""Where jobs run: worker processes on this machine. A job is a folder, and what is done with it a function's name."""

from __future__ import annotations
