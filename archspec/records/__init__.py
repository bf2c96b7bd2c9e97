"""Run folders: the truth about what was trained, read and written without torch."""

from __future__ import annotations
