"""What can be said: frozen models of networks and of the documents around them, without torch."""

from __future__ import annotations
