"""The pages, one module each: `PAGE` says where it is and what it answers, `show` gives its template what it shows."""

from __future__ import annotations
