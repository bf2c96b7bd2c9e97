"""`python -m archspec` is `archspec`."""

from __future__ import annotations

from archspec.cli import main

if __name__ == "__main__":
    main()
