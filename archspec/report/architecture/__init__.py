"""An architecture as a picture: first what there is to see, then where it stands, then as SVG."""

from __future__ import annotations
